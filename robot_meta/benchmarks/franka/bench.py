"""`robot-meta bench franka`: the full stack on a server that stands for an FR3.

libfranka's own client talks to it over the loopback interface; nothing here can reach a real arm.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
from pathlib import Path

from robot_meta.benchmarks.franka.judge import figures
from robot_meta.benchmarks.franka.server import PYTHON, ProtocolServer, is_listening, one_clock
from robot_meta.benchmarks.franka.stack import follow_path
from robot_meta.benchmarks.markdown import table
from robot_meta.benchmarks.results import Results
from robot_meta.robots.franka.config import FrankaConfig

SECONDS = {"quick": 12.0, "full": 60.0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument("--seconds", type=float, help="of the path (default: by profile)")
    parser.add_argument(
        "--camera",
        action="store_true",
        help="publish and receive 640x480 pictures at 30 Hz through DDS meanwhile",
    )
    parser.add_argument(
        "--server-python", type=Path, default=PYTHON, help="that has franka-sim (%(default)s)"
    )


def run(args: argparse.Namespace) -> Results:
    """Follow the path, judge the run and print the table.

    A server that listens already is used as it is.
    """
    args.out.mkdir(parents=True, exist_ok=True)
    folder = args.out / "launched"
    shutil.rmtree(folder, ignore_errors=True)
    seconds = args.seconds or SECONDS[args.profile]
    server: contextlib.AbstractContextManager[object] = contextlib.nullcontext()
    if not is_listening():
        server = ProtocolServer(one_clock(args.server_python), args.out / "server.log")
    with server:
        done = follow_path(folder, seconds, watchdog=FrankaConfig().watchdog, camera=args.camera)
    metrics = figures(done)
    body = [[key, f"{value:.6g}"] for key, value in metrics.items()]
    print("\n".join(table(["figure", "value"], body)))
    return Results(name="franka", profile=args.profile, seed=args.seed, metrics=metrics)
