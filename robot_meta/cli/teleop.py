"""`robot-meta teleop`: a person's side of teleoperation."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from robot_meta.nodes.keys_client import main as keys
from robot_meta.teleoperation.keyboard import HELP

EPILOG = f"""examples:
  robot-meta launch play.launch.xml device:=keyboard backend:=twin view:=true
      in one terminal; then in a second one, on another machine or through ssh -t if need be:
  robot-meta teleop keys

{HELP}
A press is one short jog of about a centimetre at half speed; held keys repeat and keep the tool
moving. x points away from the base, y to its left, z up.
"""


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta teleop`."""
    parser = argparse.ArgumentParser(
        prog="robot-meta teleop",
        description="Drive the arm from this terminal.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=["keys"], help="keys: send this terminal's keys")
    parser.add_argument("--namespace", default="", help="of the nodes, such as left")
    return keys(parser.parse_args(argv).namespace)
