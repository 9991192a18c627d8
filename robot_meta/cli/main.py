"""`robot-meta COMMAND ...`: finds the command, runs it, turns trouble into one line and a code."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

import robot_meta
from robot_meta.errors import RobotMetaError

# Exit codes besides those of `robot_meta.errors` (10 and up) and of a command's own result.
BAD_ARGUMENT = 2
NOT_INSTALLED = 3
SYSTEM_ERROR = 4
INTERRUPTED = 130


@dataclass(frozen=True)
class Command:
    """One command: `module.main(argv) -> exit code`, imported only when it is asked for."""

    module: str
    help: str
    example: str


COMMANDS = {
    "doctor": Command(
        "robot_meta.cli.doctor",
        "check this machine: Python, ROS, rendering, models, network, GPU",
        "robot-meta doctor",
    ),
    "franka": Command(
        "robot_meta.cli.franka",
        "open the brakes of an FR3 and switch its control interface on, without a browser",
        "robot-meta franka bring-up --robot-ip 172.16.0.2",
    ),
    "demo": Command(
        "robot_meta.benchmarks.demo",
        "the arm's body changes while it draws; with and without adaptation",
        "robot-meta demo",
    ),
    "demo-legged": Command(
        "robot_meta.benchmarks.legged.demo",
        "a walking robot's body changes on its way; with and without adaptation",
        "robot-meta demo-legged",
    ),
    "launch": Command(
        "robot_meta.launching.main",
        "run a launch file, with or without ROS launch installed",
        "robot-meta launch arm.launch.xml backend:=twin view:=true",
    ),
    "twin": Command(
        "robot_meta.cli.twin",
        "change the simulated body while it runs, or fit it to a recorded run",
        "robot-meta twin fit out/runs/first --out my_twin.yaml",
    ),
    "excite": Command(
        "robot_meta.cli.excite",
        "move the arm, slowly at first and behind its guard, into a recorded run",
        "robot-meta excite --out out/runs/first",
    ),
    "teleop": Command(
        "robot_meta.cli.teleop",
        "drive the arm with the keys of this terminal, beside play.launch.xml",
        "robot-meta teleop keys",
    ),
    "calibrate": Command(
        "robot_meta.cli.calibrate",
        "find out where the camera is, from poses of the tool and of a printed tag",
        "robot-meta calibrate hand-eye --mount tool --out my_frames.yaml",
    ),
    "collect": Command(
        "robot_meta.cli.collect",
        "let a scripted operator play at the twin's desk, into a store",
        "robot-meta collect play --episodes 100 --workers 2 --out out/play",
    ),
    "train": Command(
        "robot_meta.cli.train",
        "collect data in the twin and meta-train a dynamics model",
        "robot-meta train dynamics --robot fr3",
    ),
    "replay": Command(
        "robot_meta.cli.replay",
        "adapt to a recorded run again and compare with what happened live",
        "robot-meta replay out/runs/first",
    ),
    "data": Command(
        "robot_meta.cli.data",
        "look at recorded episodes, check every row, export and import (LeRobot, MCAP)",
        "robot-meta data export out/store out/play_lerobot --format lerobot",
    ),
    "annotations": Command(
        "robot_meta.cli.annotations",
        "a page on which people say what happens in recorded play; how far they agree",
        "robot-meta annotations page out/store",
    ),
    "bench": Command(
        "robot_meta.benchmarks.cli",
        "measure: prints a table, writes results.json",
        "robot-meta bench arm-payload --profile quick --seed 0 --out out/bench",
    ),
}


def usage() -> str:
    """What `robot-meta --help` prints."""
    lines = ["usage: robot-meta [--version] [--traceback] COMMAND [ARGUMENT ...]", "", "commands:"]
    lines += [f"  {name:<13}{command.help}" for name, command in COMMANDS.items()]
    lines += ["", "examples:"]
    lines += [f"  {command.example}" for command in COMMANDS.values()]
    lines += [
        "",
        "`robot-meta COMMAND --help` tells what a command takes.",
        "--traceback shows where an error came from.",
        "Exit codes: 0 done, 2 wrong argument, 3 something is not installed, 4 a file or the",
        "system refused, 10 to 39 one kind of trouble each (README), 130 interrupted.",
    ]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Arguments after the program's name; None takes them from the command line.

    Returns:
        The exit code.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    with_traceback = "--traceback" in arguments[:1]
    if with_traceback:
        del arguments[0]
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader, say `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SYSTEM_ERROR
    except (RobotMetaError, ValueError, ModuleNotFoundError, OSError) as error:
        if with_traceback:
            traceback.print_exc()
        print(f"robot-meta: error: {_one_line(error)}", file=sys.stderr)
        return _exit_code(error)


def _run(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if arguments else BAD_ARGUMENT
    if arguments[0] == "--version":
        print(f"robot-meta {robot_meta.__version__}")
        return 0
    name, *argv = arguments
    command = COMMANDS.get(name)
    if command is None:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise ValueError(f"no command '{name}'; {hint}choose one of {', '.join(COMMANDS)}")
    return int(_imported(name, command).main(argv) or 0)


def _imported(name: str, command: Command) -> ModuleType:
    try:
        return importlib.import_module(command.module)
    except ModuleNotFoundError as error:
        if error.name is not None and command.module.startswith(error.name):
            raise ModuleNotFoundError(
                f"'{name}' is not part of this installation ({command.module} is missing)"
            ) from None
        raise


def _one_line(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return (
            f"the Python package '{error.name}' is not installed. Run `make setup`, "
            "or see `robot-meta doctor`."
        )
    return " ".join(str(error).split()) or type(error).__name__


def _exit_code(error: Exception) -> int:
    if isinstance(error, RobotMetaError):
        return error.exit_code
    if isinstance(error, ModuleNotFoundError):
        return NOT_INSTALLED
    return SYSTEM_ERROR if isinstance(error, OSError) else BAD_ARGUMENT


if __name__ == "__main__":
    sys.exit(main())
