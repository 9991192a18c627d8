"""Where commands wait for the control thread: the newest counts, contradictions are noticed."""

from __future__ import annotations

import dataclasses
import threading
from collections import deque
from typing import Any, Generic

import numpy as np

from robot_meta.robots.guarded import CommandT

TOLERANCE = 1e-6  # stamps that went through another clock come back this exactly, [s]


class Mailbox(Generic[CommandT]):
    """Hands commands from the thread that hears them to the one that drives the robot.

    A command answers a stamp that was sent out. Two different answers to one stamp come from two
    controllers, whatever they are called, unless the stamp was sent twice: a driver may repeat a
    measurement while the guard's reference goes on.
    """

    def __init__(self, size: int = 32) -> None:
        self._changed = threading.Condition()
        self._sent: deque[tuple[float, float]] = deque(maxlen=size)  # robot clock, as sent out
        self._answers: dict[float, CommandT | None] = {}
        self._repeats: dict[float, int] = {}  # stamps sent again, and how often
        self._newest: CommandT | None = None
        self._conflicts = 0
        self._received = 0

    @property
    def received(self) -> int:
        """Commands that came so far."""
        with self._changed:
            return self._received

    def expect(self, stamp: float, outward: float | None = None) -> None:
        """A measurement goes out; it may be answered from now on.

        Args:
            stamp: Its stamp on the robot's clock, [s].
            outward: Its stamp as it is sent out, [s]; the same where there is one clock.
        """
        with self._changed:
            if self._sent and self._sent[-1][0] == stamp:
                self._repeats[stamp] = self._repeats.get(stamp, 0) + 1
                return
            self._sent.append((stamp, stamp if outward is None else outward))
            oldest = self._sent[0][0]
            self._answers = {s: c for s, c in self._answers.items() if s >= oldest}
            self._repeats = {s: n for s, n in self._repeats.items() if s >= oldest}

    def put(self, stamp: float, command: CommandT | None, unknown: float | None = None) -> float:
        """A command has come, or word that there is none.

        Args:
            stamp: The stamp it answers, as it was sent out, [s].
            command: The command, or None.
            unknown: What to call the stamp where none such was sent out, [s].

        Returns:
            The stamp on the robot's clock, [s].
        """
        with self._changed:
            self._received += 1
            exact = self._exact(stamp)
            expected = exact is not None
            stamp = exact if exact is not None else stamp if unknown is None else unknown
            if command is not None:
                command = _stamped(command, stamp)
            if expected:
                if stamp in self._answers and not _same(self._answers[stamp], command):
                    self._conflict(stamp)
                self._answers[stamp] = command
            if command is not None:
                self._newest = command
            self._changed.notify_all()
        return stamp

    def _conflict(self, stamp: float) -> None:
        """Two answers to one stamp differ."""
        if self._repeats.get(stamp, 0):
            self._repeats[stamp] -= 1
        else:
            self._conflicts += 1

    def _exact(self, outward: float) -> float | None:
        """The stamp on the robot's clock that was sent out as `outward`."""
        for stamp, sent in reversed(self._sent):
            if abs(sent - outward) <= TOLERANCE:
                return stamp
        return None

    def take(self) -> CommandT | None:
        """The newest command since the last call, or None."""
        with self._changed:
            command, self._newest = self._newest, None
            return command

    def wait(self, stamp: float, timeout: float) -> tuple[bool, CommandT | None]:
        """Wait for the answer to `stamp`: whether it came within `timeout` [s], and the answer."""
        with self._changed:
            came = self._changed.wait_for(lambda: stamp in self._answers, timeout)
            return came, self._answers.get(stamp)

    def wake(self) -> None:
        """Let `wait` look again at once."""
        with self._changed:
            self._changed.notify_all()

    def conflicts(self) -> int:
        """Contradicting answers since the last call."""
        with self._changed:
            count, self._conflicts = self._conflicts, 0
            return count


def _stamped(command: Any, stamp: float) -> Any:
    """The same command, answering `stamp`."""
    return command if command.stamp == stamp else dataclasses.replace(command, stamp=stamp)


def _same(one: Any, other: Any) -> bool:
    """Whether two commands, or words that there is none, ask for the same."""
    if one is None or other is None:
        return one is other
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name), equal_nan=True)
        for field in dataclasses.fields(one)
    )
