"""`robot-meta collect`: let a scripted operator play at the desk, into a store, and film it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from robot_meta.benchmarks.markdown import table
from robot_meta.collection.play.summary import Summary, summarize
from robot_meta.collection.video.files import FOLDER
from robot_meta.twin.desk.predicates import SKILLS

if TYPE_CHECKING:  # playing and filming set MuJoCo up in their own ways
    from robot_meta.collection.play.operator import OperatorConfig

EPILOG = """examples:
  robot-meta collect play --episodes 20 --out out/play
      twenty episodes of ten seconds; the same seed always gives the same states
  robot-meta collect play --episodes 2000 --workers 2 --out out/play
      goes on where the first one ended: the first twenty are kept
  robot-meta collect film --out out/play --camera wrist_camera
      draw what a camera on the hand saw, ten frames a second of 128 x 128, as videos
  robot-meta data info out/play
      what is in the store
A run that was stopped goes on where it was when the same command is given again.
"""


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta collect`."""
    args = _parser().parse_args(argv)
    return _film(args) if args.what == "film" else _play(args)


def _play(args: argparse.Namespace) -> int:
    from robot_meta.collection.play.episode import PlayConfig
    from robot_meta.collection.play.generate import generate

    config = PlayConfig(
        seed=args.seed,
        duration=args.duration,
        operator=_operator(args.random_share, args.skills),
    )
    with tqdm(total=args.episodes, desc="play", unit="episode", disable=args.quiet) as bar:
        generate(config, args.out, args.episodes, workers=args.workers, progress=bar.update)
    print(report(summarize(args.out, config.control_dt)))
    return 0


def _film(args: argparse.Namespace) -> int:
    os.environ.setdefault("MUJOCO_GL", "egl")  # read by the import of MuJoCo, which comes now
    from robot_meta.collection.play.film import FilmConfig, film

    width, height = args.size
    config = FilmConfig(camera=args.camera, fps=args.fps, width=width, height=height)
    with tqdm(desc="film", unit="episode", disable=args.quiet) as bar:
        count = film(config, args.out, progress=bar.update)
    print(f"{count} episodes filmed into {args.out / FOLDER}; the others were already")
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
        description="Let a scripted operator play with what is on the twin's desk; film it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="what", required=True)
    play = verbs.add_parser("play", help="let the operator play")
    play.add_argument("--episodes", type=int, default=100, help="how many there shall be (100)")
    play.add_argument("--workers", type=int, default=1, help="processes that play (1)")
    play.add_argument("--seed", type=int, default=0, help="of everything (0)")
    play.add_argument("--duration", type=float, default=10.0, help="of an episode, [s] (10)")
    play.add_argument(
        "--skills",
        nargs="+",
        default=list(SKILLS),
        help=f"what may be meant ({', '.join(SKILLS)})",
    )
    play.add_argument(
        "--random-share",
        type=float,
        default=0.0,
        help="share of episodes of random actions instead of play (0)",
    )
    film = verbs.add_parser("film", help="draw what a camera saw of every episode at the desk")
    film.add_argument(
        "--camera",
        default="camera",
        help="camera (fixed, as the desk's layout has it; default) or wrist_camera",
    )
    film.add_argument("--fps", type=float, default=10.0, help="frames per second at most (10)")
    film.add_argument(
        "--size",
        type=int,
        nargs=2,
        default=(128, 128),
        metavar=("WIDTH", "HEIGHT"),
        help="of the pictures, [px] (128 128)",
    )
    for verb in (play, film):
        verb.add_argument("--out", type=Path, required=True, help="folder of the store")
        verb.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


def _operator(random_share: float, skills: Sequence[str]) -> OperatorConfig:
    """The default operator, who gives way to random actions in a share of the episodes."""
    if not 0.0 <= random_share <= 1.0:
        raise ValueError(f"--random-share must be in [0, 1], got {random_share}")
    from robot_meta.collection.play.operator import OperatorConfig

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
