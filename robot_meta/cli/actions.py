"""Commands that do several things: `robot-meta COMMAND ACTION ...`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

Act = Callable[[argparse.Namespace], int]


class Actions:
    """What a command can do; each action has options of its own.

    Args:
        command: Its name.
        about: What it is for.
        examples: Shown at the end of its help.
    """

    def __init__(self, command: str, about: str, examples: str) -> None:
        self._parser = argparse.ArgumentParser(
            prog=f"robot-meta {command}",
            description=about,
            epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self._actions = self._parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    def add(self, name: str, act: Act, about: str) -> argparse.ArgumentParser:
        """A further action, which `act` does; its options are to be added to what comes back."""
        added = self._actions.add_parser(name, help=about, description=about)
        added.set_defaults(act=act)
        return added

    def run(self, argv: Sequence[str]) -> int:
        """Do what `argv` asks for; the exit code."""
        args = self._parser.parse_args(argv)
        return int(args.act(args))
