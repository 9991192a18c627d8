"""`robot-meta collect play`: let a scripted operator play at the desk, into a store."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from robot_meta.benchmarks.markdown import table
from robot_meta.collection.play.episode import PlayConfig
from robot_meta.collection.play.generate import generate
from robot_meta.collection.play.operator import OperatorConfig
from robot_meta.collection.play.summary import Summary, summarize
from robot_meta.twin.desk.predicates import SKILLS

EPILOG = """examples:
  robot-meta collect play --episodes 20 --out out/play
      twenty episodes of ten seconds; the same seed always gives the same states
  robot-meta collect play --episodes 2000 --workers 2 --out out/play
      goes on where the first one ended: the first twenty are kept
  robot-meta data info out/play
      what is in the store
A run that was stopped goes on where it was when the same command is given again.
"""


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta collect`."""
    args = _parser().parse_args(argv)
    config = PlayConfig(
        seed=args.seed,
        duration=args.duration,
        operator=_operator(args.random_share, args.skills),
    )
    with tqdm(total=args.episodes, desc="play", unit="episode", disable=args.quiet) as bar:
        generate(config, args.out, args.episodes, workers=args.workers, progress=bar.update)
    print(report(summarize(args.out, config.control_dt)))
    return 0


def report(summary: Summary) -> str:
    """The summary for a person."""
    total = sum(summary.kinds.values())
    kinds = ", ".join(f"{count} {kind}" for kind, count in summary.kinds.most_common())
    lines = [
        f"{total} episodes: {kinds}",
        f"two events or more in {summary.two_events}; ended by the guard: {summary.held}",
    ]
    rows = [
        [
            name,
            str(summary.meant[name]),
            f"{summary.done[name] / summary.meant[name]:.0%}" if summary.meant[name] else "-",
            str(summary.happened[name]),
        ]
        for name in SKILLS
    ]
    return "\n".join([*lines, *table(["skill", "to complete", "done", "events"], rows)])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="robot-meta collect",
        description="Let a scripted operator play with what is on the twin's desk.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("play",))
    parser.add_argument("--episodes", type=int, default=100, help="how many there shall be (100)")
    parser.add_argument("--workers", type=int, default=1, help="processes that play (1)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the store")
    parser.add_argument("--seed", type=int, default=0, help="of everything (0)")
    parser.add_argument("--duration", type=float, default=10.0, help="of an episode, [s] (10)")
    parser.add_argument(
        "--skills",
        nargs="+",
        default=list(SKILLS),
        help=f"what may be meant ({', '.join(SKILLS)})",
    )
    parser.add_argument(
        "--random-share",
        type=float,
        default=0.0,
        help="share of episodes of random actions instead of play (0)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


def _operator(random_share: float, skills: Sequence[str]) -> OperatorConfig:
    """The default operator, who gives way to random actions in a share of the episodes."""
    if not 0.0 <= random_share <= 1.0:
        raise ValueError(f"--random-share must be in [0, 1], got {random_share}")
    usual, rest = OperatorConfig(), 1.0 - random_share
    return OperatorConfig(
        complete=rest * usual.complete,
        partial=rest * usual.partial,
        wrong=rest * usual.wrong,
        arm_only=rest * usual.arm_only,
        idle=rest * usual.idle,
        two_events=rest * usual.two_events,
        random=random_share,
        skills=tuple(skills),
    )
