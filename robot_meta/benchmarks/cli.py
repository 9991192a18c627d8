"""`robot-meta bench NAME`: measure, print a table, write `results.json` and a picture."""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from robot_meta.benchmarks.results import Results, write_results

PROFILES = ("quick", "full")


@dataclass(frozen=True)
class Entry:
    """One benchmark: a module with `add_arguments` and `run`, imported only when asked for."""

    module: str
    help: str


BENCHMARKS = {
    "adaptation": Entry(
        "robot_meta.benchmarks.adaptation.bench",
        "all adapters on bodies they were not trained on: prediction, closed loop, cost",
    ),
    "arm-payload": Entry(
        "robot_meta.benchmarks.arm_payload.bench",
        "tool tracking before and after the body changes, all adapters and baselines",
    ),
    "control-loop": Entry(
        "robot_meta.benchmarks.control_loop.bench",
        "ticks that adapt and plan: time, and share of missed deadlines",
    ),
    "franka": Entry(
        "robot_meta.benchmarks.franka.bench",
        "the full stack on a server that stands for an FR3 and enforces its limits",
    ),
    "grbal": Entry(
        "robot_meta.benchmarks.grbal.bench",
        "running robots whose body changes: the tasks that GrBAL was published on",
    ),
    "guard": Entry(
        "robot_meta.benchmarks.guard.bench",
        "reflexes, stops, silence and stalls over the twin: time to the stop, and the way back",
    ),
    "legged": Entry(
        "robot_meta.benchmarks.legged.bench",
        "path following of a quadruped before and after body, ground or sensors change",
    ),
    "planner": Entry(
        "robot_meta.benchmarks.planner.bench",
        "time of one planning step beside other libraries; samples needed to reach",
    ),
    "robustness": Entry(
        "robot_meta.benchmarks.robustness.bench",
        "tracking while the arm follows late and while samples are lost or late",
    ),
    "store": Entry(
        "robot_meta.benchmarks.store.bench",
        "what the replay store keeps through kills, power cuts, damage, full disks; its speed",
    ),
}


class Benchmark(Protocol):
    """What a benchmark module offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare options beyond the common ones."""

    def run(self, args: argparse.Namespace) -> Results | None:
        """Measure, print the table, write pictures into `args.out`; None where nothing counts."""


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta bench`."""
    parser = argparse.ArgumentParser(
        prog="robot-meta bench",
        description="Measure, print a table, write results.json and a picture.",
        epilog="benchmarks:\n" + "\n".join(f"  {k:<14}{e.help}" for k, e in BENCHMARKS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    parser.add_argument("name", choices=sorted(BENCHMARKS), metavar="NAME", help="benchmark")
    parser.add_argument("--profile", choices=PROFILES, default="quick", help="size of the run")
    parser.add_argument("--seed", type=int, default=0, help="first seed (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="folder to write to (default: out/bench/NAME)")
    parser.add_argument(
        "--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes (default: cores)"
    )
    names = [argument for argument in argv if argument in BENCHMARKS]
    module: Benchmark | None = None
    if names:
        module = importlib.import_module(BENCHMARKS[names[0]].module)  # type: ignore[assignment]
        module.add_arguments(parser)
    parser.add_argument("-h", "--help", action="help", help="show this and exit")
    args = parser.parse_args(argv)
    assert module is not None
    args.out = args.out or Path("out/bench") / args.name
    results = module.run(args)
    if results is not None:
        print(f"wrote {write_results(results, args.out)}")
    return 0
