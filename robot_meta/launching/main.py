"""`robot-meta launch FILE key:=value ...`: the real ROS launch where it is, else this runner."""

from __future__ import annotations

import argparse
import difflib
import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from robot_meta.errors import LaunchError
from robot_meta.launching import packages
from robot_meta.launching.evaluator import resolve
from robot_meta.launching.output import Screen
from robot_meta.launching.parser import Element, parse_file
from robot_meta.launching.plan import describe
from robot_meta.launching.runner import run

_USAGE = "robot-meta launch [options] [PACKAGE] FILE [name:=value ...]"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a launch file; the exit code is that of the required process that ended it."""
    options = _parser().parse_intermixed_args(argv)
    arguments = parse_arguments([word for word in options.words if ":=" in word])
    path = _file([word for word in options.words if ":=" not in word])
    ros = _ros_launch(path, options.runner)
    if path.suffix != ".xml" and ros is None:
        raise LaunchError(f"{path}: only XML launch files run without ROS 2 launch")
    if options.show_args:
        print(show_arguments(parse_file(path)))
        return 0
    if options.print or ros is None:
        plan = resolve(path, arguments)
        declared = [element.attributes["name"] for element in _arguments(parse_file(path))]
        for name in plan.unused:
            print(_unused(name, declared), file=sys.stderr)
        if options.print:
            print(describe(plan))
            return 0
        if options.debug:
            Screen(sys.stderr).info(f"\n{describe(plan)}")
        return run(plan)
    debug = ["--debug"] if options.debug else []
    words = [f"{name}:={value}" for name, value in arguments.items()]
    sys.stdout.flush()
    os.execv(ros, [ros, "launch", *debug, str(path), *words])


def parse_arguments(words: Sequence[str]) -> dict[str, str]:
    """`name:=value` words; of several for one name the last counts, as in ROS launch."""
    arguments = {}
    for word in words:
        name, _, value = word.partition(":=")
        if not name or (not value and word.count(":=") == 1):
            raise LaunchError(
                f"'{word}' is not of the form name:=value; leave an argument out for its default"
            )
        arguments[name] = value
    return arguments


def show_arguments(root: Element) -> str:
    """The arguments a launch file takes, for people to read."""
    lines = ["Arguments (pass arguments as 'name:=value'):"]
    for element in _arguments(root):
        written = element.attributes
        lines += ["", f"  {written['name']}", f"      {written.get('description', '')}".rstrip()]
        choices = [choice.attributes["value"] for choice in element.all("choice")]
        if choices:
            lines.append(f"      one of: {', '.join(choices)}")
        default = written.get("default")
        lines.append("      required" if default is None else f"      default: '{default}'")
    if len(lines) == 1:
        lines += ["", "  none"]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="robot-meta launch",
        usage=_USAGE,
        description="Run an XML launch file; by `ros2 launch` where ROS 2 is sourced.",
    )
    parser.add_argument("words", nargs="+", metavar="FILE name:=value", help=argparse.SUPPRESS)
    only = parser.add_mutually_exclusive_group()
    only.add_argument(
        "-s", "--show-args", "--show-arguments", action="store_true",
        help="list the arguments of the file and end",
    )  # fmt: skip
    only.add_argument(
        "-p", "--print", "--dry-run", action="store_true",
        help="print every resolved command line and start nothing",
    )  # fmt: skip
    parser.add_argument(
        "--runner", choices=("auto", "ros2", "own"), default="auto",
        help="who runs it: ROS 2 launch, the runner of this package, or whichever is there",
    )  # fmt: skip
    parser.add_argument("-d", "--debug", action="store_true", help="say more about what is done")
    return parser


def _file(words: list[str]) -> Path:
    if len(words) > 2 or not words:
        raise LaunchError(f"want one launch file, got {words}; usage: {_USAGE}")
    try:
        return packages.launch_file(words[-1], *words[:-1])
    except ValueError as error:
        raise LaunchError(str(error)) from None


def _ros_launch(path: Path, wanted: str) -> str | None:
    """The `ros2` program where ROS launch can run this file, None where our runner should.

    ROS finds nodes in built packages only, so a file whose packages are not in its index (a source
    tree that was not built) stays with our runner. The package called `launch` on PyPI is another.
    """
    if wanted == "own":
        return None
    program = shutil.which("ros2")
    modules = ("launch_ros", "launch_xml", "ros2launch")
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if program is None or missing:
        reason = f"no {', '.join(missing) or 'ros2 on the PATH'}"
    else:
        names = _packages(parse_file(path)) if path.suffix == ".xml" else set()
        unbuilt = sorted(name for name in names if packages.ament_prefix(name) is None)
        if not unbuilt:
            return program
        reason = f"{', '.join(unbuilt)} not in AMENT_PREFIX_PATH: build and source it first"
    if wanted == "ros2":
        raise LaunchError(f"ROS 2 launch cannot run {path.name}: {reason}")
    return None


def _packages(element: Element) -> set[str]:
    """Packages named in a file, those that a substitution names left out."""
    names = {element.attributes["pkg"]} if "pkg" in element.attributes else set()
    for child in element.children:
        names |= _packages(child)
    return {name for name in names if "$(" not in name}


def _arguments(root: Element) -> list[Element]:
    return [child for child in root.children if child.tag == "arg"]


def _unused(name: str, declared: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, declared, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"it takes {', '.join(declared) or 'none'}"
    return f"warning: nothing in this launch file uses the argument '{name}'; {hint}"


if __name__ == "__main__":
    sys.exit(main())
