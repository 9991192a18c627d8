"""`robot-meta franka`: what is otherwise clicked in Desk before an FR3 can be driven."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

from robot_meta.errors import BadConfig
from robot_meta.robots.franka.desk import INTERFACES, DeskSession

USER, PASSWORD = "ROBOT_META_DESK_USER", "ROBOT_META_DESK_PASSWORD"  # environment variables
EPILOG = f"""The user is taken from {USER}, the password from {PASSWORD} or from the
first line of a file that only its owner may read. Neither is ever printed.

example:
  robot-meta franka bring-up --robot-ip 172.16.0.2 --password-file ~/.config/robot_meta/desk
then:
  robot-meta launch arm.launch.xml backend:=franka robot_ip:=172.16.0.2
"""
ACTS = {
    "status": "say how mode, brakes and self-test stand; changes nothing",
    "bring-up": "take control, open the brakes, switch the control interface (FCI) on",
    "shut-down": "take control and close the brakes",
}


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta franka`."""
    args = _parser().parse_args(argv)
    user, password = credentials(args.password_file)
    with DeskSession(
        args.robot_ip, user, password, interface=args.interface, timeout=args.timeout
    ) as desk:
        if args.act == "status":
            for name, value in desk.state().items():
                print(f"{name}: {value or 'nothing'}")
        elif args.act == "shut-down":
            desk.shut_down(tell=_tell)
        else:
            desk.bring_up(self_test=args.self_test, tell=_tell)
            if args.keep:
                _wait_for_signal()
    return 0


def credentials(path: Path | None) -> tuple[str, str]:
    """User and password, from the environment or from a file.

    Raises:
        BadConfig: One is missing, or others may read the file.
    """
    user = os.environ.get(USER, "")
    if not user:
        raise BadConfig(f"who logs in to Desk? Set {USER}")
    if path is None:
        password = os.environ.get(PASSWORD, "")
        if not password:
            raise BadConfig(f"no password for Desk: set {PASSWORD} or give --password-file")
        return user, password
    try:
        mode, lines = path.stat().st_mode, path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadConfig(f"password file {path}: {error.strerror}") from None
    if mode & 0o077:
        raise BadConfig(f"password file {path} may be read by others: chmod 600 {path}")
    if not lines or not lines[0]:
        raise BadConfig(f"password file {path} is empty")
    return user, lines[0]


def _wait_for_signal() -> None:
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: told.set())
    _tell("control is kept until Ctrl-C")
    told.wait()


def _tell(text: str) -> None:
    print(text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="robot-meta franka",
        description="What is otherwise clicked in Desk before an FR3 can be driven.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    acts = parser.add_subparsers(dest="act", required=True)
    for name, text in ACTS.items():
        act = acts.add_parser(name, help=text, description=text, allow_abbrev=False)
        act.add_argument("--robot-ip", required=True, help="address of the robot")
        act.add_argument("--password-file", type=Path, help="instead of the environment")
        act.add_argument(
            "--interface", choices=INTERFACES, default="v1", help="legacy: before system 5"
        )
        act.add_argument("--timeout", type=float, default=30.0, help="longest wait, [s]")
        if name == "bring-up":
            act.add_argument(
                "--self-test", action="store_true", help="run the self-test if it is due"
            )
            act.add_argument("--keep", action="store_true", help="keep control until Ctrl-C")
    return parser
