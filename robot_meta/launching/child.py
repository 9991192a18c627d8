"""One process of a launch: started in a group of its own, ended in three steps."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from robot_meta.launching.guardian import alive, signal_group
from robot_meta.launching.output import child_environment
from robot_meta.launching.plan import Process

_PR_SET_PDEATHSIG = 1
_LIBC = "libc.so.6"


class Child:
    """A `Process` while it runs.

    Attributes:
        process: What was asked for.
        starts: How often it was started.
        exit_code: Exit code of the last run, as a shell would say it; None while it runs.
    """

    def __init__(self, process: Process) -> None:
        self.process = process
        self.starts = 0
        self.exit_code: int | None = None
        self._popen: subprocess.Popen[bytes] | None = None
        self._next_signal: tuple[float, int] | None = None

    @property
    def group(self) -> int:
        """Process group of the last run."""
        assert self._popen is not None
        return self._popen.pid

    @property
    def pipes(self) -> list[Any]:
        """Standard output and standard error."""
        assert self._popen is not None
        return [self._popen.stdout, self._popen.stderr]

    def start(self, write: Callable[[dict[str, Any]], Path], coloured: bool) -> None:
        """Start it; raises `OSError` where the program cannot be run."""
        argv: Any = self.process.argv(write)
        self.exit_code = None
        self._next_signal = None
        self._popen = subprocess.Popen(
            " ".join(argv) if self.process.shell else argv,
            shell=self.process.shell,
            cwd=self.process.cwd,
            env=child_environment(self.process.environment, coloured),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a group of its own, out of reach of the terminal's Ctrl-C
            preexec_fn=_die_with_parent(),  # the runner has no threads, so this is safe
        )
        for pipe in self.pipes:
            os.set_blocking(pipe.fileno(), False)
        self.starts += 1

    def poll(self) -> bool:
        """Whether it ended just now. Its group may outlive it."""
        if self._popen is None or self.exit_code is not None:
            return False
        code = self._popen.poll()
        if code is None:
            return False
        self.exit_code = code if code >= 0 else 128 - code
        return True

    @property
    def gone(self) -> bool:
        """Whether nothing of it is left, its own children included."""
        if self._popen is None:
            return True
        return self.exit_code is not None and not alive(self.group)

    def interrupt(self) -> None:
        """Begin to end it: SIGINT now, the rest by `escalate`."""
        if not self.gone and self._next_signal is None:
            signal_group(self.group, signal.SIGINT)
            when = time.monotonic() + self.process.sigterm_timeout
            self._next_signal = (when, signal.SIGTERM)

    def escalate(self, at_once: bool = False) -> str | None:
        """Send the next signal where its time has come; its name, or None where none was due."""
        if self.gone or self._next_signal is None:
            return None
        when, number = self._next_signal
        if time.monotonic() < when and not (at_once and number == signal.SIGTERM):
            return None
        signal_group(self.group, number)
        when = time.monotonic() + self.process.sigkill_timeout
        self._next_signal = (when, signal.SIGKILL)
        return signal.Signals(number).name


def _die_with_parent() -> Callable[[], None]:
    """What a new process does first: ask for SIGINT when the runner dies, whatever kills it."""
    libc = ctypes.CDLL(_LIBC, use_errno=True)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:  # it died in between
            os._exit(130)

    return ask
