"""Lines of many processes on one screen, each behind the coloured name of its process."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TextIO

_COLOURS = (36, 33, 35, 32, 34, 96, 93, 95)
_RED, _GREY = 31, 90


class Screen:
    """Where everything that the processes and the runner say goes."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self.coloured = self._stream.isatty() and not os.environ.get("NO_COLOR")
        self._colours: dict[str, int] = {}

    def line(self, label: str, text: str) -> None:
        """One line of a process."""
        colour = self._colours.setdefault(label, _COLOURS[len(self._colours) % len(_COLOURS)])
        self._write(f"{self._paint(f'[{label}]', colour)} {text}")

    def info(self, text: str) -> None:
        """Something the runner did."""
        self._write(f"{self._paint('[launch]', _GREY)} {text}")

    def error(self, text: str) -> None:
        """Something that went wrong."""
        self._write(f"{self._paint('[launch]', _RED)} {self._paint(text, _RED)}")

    def _paint(self, text: str, colour: int) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self.coloured else text

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except (BrokenPipeError, ValueError):
            # Nobody reads any more (`| head`). The processes must still be ended in order, so what
            # they say from now on goes nowhere.
            self._stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def child_environment(environment: Mapping[str, str], coloured: bool) -> dict[str, str]:
    """Lets a process write line by line into a pipe, in colour where the screen has it."""
    added = {"PYTHONUNBUFFERED": "1"}
    if coloured:
        added["RCUTILS_COLORIZED_OUTPUT"] = "1"
    return added | dict(environment)


class Lines:
    """Cuts the bytes of one pipe into lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Lines that are complete now; `b""` (the end) completes the last one."""
        whole = self._rest + data
        *lines, self._rest = whole.split(b"\n") if data else [whole, b""]
        if not data and lines == [b""]:
            return []
        return [line.decode(errors="replace").rstrip("\r") for line in lines]
