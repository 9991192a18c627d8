"""`robot-meta excite`: record a run in which the arm shows its dynamics."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from robot_meta.launching.main import main as launch

EPILOG = """examples:
  robot-meta excite --out out/runs/first
      five minutes of the twin
  robot-meta excite --out out/runs/first backend:=franka robot_ip:=172.16.0.2
      the same of a real arm, at a fifth of its speed. It waits in HOLD: press the software stop
      once, call `recover`, and `arm` when everybody is clear
The arm wanders around the place where it stands, in the first minute at a tenth of the final
speed. Give it half a metre of free space to all sides, or smaller `guard.workspace_*` limits; hand
on the stop. Any hold or stop ends it for good (exit code 39). At the end it drives slowly back and
holds. Then:
  robot-meta twin fit out/runs/first               friction, delay and stiffness of the twin
  robot-meta train dynamics --from out/runs/first --out out/mine.safetensors
"""


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta excite`."""
    args = _parser().parse_intermixed_args(argv)
    out = args.out or Path(f"out/runs/{datetime.now():%Y-%m-%d_%H-%M-%S}_excite")
    words = [f"record:={out}", f"duration:={args.duration}", f"seed:={args.seed}"]
    print(f"recording to {out}", flush=True)
    code = launch(["excite.launch.xml", *words, *args.words])
    if code == 0:
        print(
            f"next: robot-meta twin fit {out}, or "
            f"robot-meta train dynamics --from {out} --out out/mine.safetensors"
        )
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="robot-meta excite",
        description="Move the arm, slowly at first and behind its guard, and record what it does.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="name:=value",
        help="for excite.launch.xml, such as backend:=franka; "
        "`robot-meta launch excite.launch.xml --show-args` lists them",
    )
    parser.add_argument("--out", type=Path, help="run folder (default: out/runs/DATE_TIME_excite)")
    parser.add_argument(
        "--duration", type=float, default=300.0, help="of the motion, [s] (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the motion")
    return parser
