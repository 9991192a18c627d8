"""Between the robot's own clock and the clock that messages are stamped with."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from rclpy.clock import Clock

from robot_meta.collection.decoding import NANOSECONDS, nanoseconds


class Stamped(Protocol):
    """Something of a certain time."""

    @property
    def stamp(self) -> float:
        """[s]."""


StampedT = TypeVar("StampedT", bound=Stamped)

_READINGS, _QUICK = 5, 1e-3  # of two clocks: how often at most, and how close is close, [s]
MAX_JUMP = 0.05  # change between two ticks that is no drift and no jitter, [s]
FOLLOWED = 0.1  # share of a drift that is made up for in one tick


class RobotClock:
    """Shifts stamps of the robot's clock onto the node's clock; in lockstep they are the same.

    Args:
        clock: The node's clock.
        lockstep: Whether robot time is the time.
        steady: A clock that never jumps, [s].
    """

    def __init__(
        self, clock: Clock, *, lockstep: bool, steady: Callable[[], float] = time.perf_counter
    ) -> None:
        self._clock, self._lockstep, self._steady = clock, lockstep, steady
        self._offset: int | None = 0 if lockstep else None  # node's clock minus robot's, [ns]
        self._lead: int | None = None  # node's clock minus the steady one at the last tick, [ns]
        self._robot_time: float | None = None  # at the last tick, [s]

    def jumped(self, robot_time: float) -> bool:
        """Whether the node's clock jumped since the last call; call it once per tick.

        A drift against the robot's clock is followed, so that stamps stay true for days. Where the
        robot's own time jumps the stamps stay near the node's clock; the guard sees that jump. A
        measurement that a silent robot repeats keeps its stamp, so that nobody answers it twice.

        Args:
            robot_time: Robot clock now, [s].
        """
        if self._lockstep:
            return False
        now, lead = self._read()
        before, self._lead = self._lead, lead
        jumped = before is not None and abs(lead - before) > MAX_JUMP * NANOSECONDS
        offset = now - nanoseconds(robot_time)
        silent, self._robot_time = robot_time == self._robot_time, robot_time
        if silent and self._offset is not None:
            pass
        elif self._offset is None or abs(offset - self._offset) > MAX_JUMP * NANOSECONDS:
            self._offset = offset
        else:
            self._offset += round(FOLLOWED * (offset - self._offset))
        return jumped

    def _read(self) -> tuple[int, int]:
        """The node's clock, and its lead over the steady one, read at the same moment, [ns].

        A process that is put aside between two readings reads again.
        """
        best: tuple[float, int, int] | None = None
        for _ in range(_READINGS):
            before, now = self._steady(), self._clock.now().nanoseconds
            took = self._steady() - before
            if best is None or took < best[0]:
                best = took, now, now - round(before * NANOSECONDS)
            if took < _QUICK:
                break
        assert best is not None
        return best[1], best[2]

    def outward(self, stamped: StampedT) -> StampedT:
        """The same, stamped on the node's clock."""
        if not self._offset:
            return stamped
        stamp = (nanoseconds(stamped.stamp) + self._offset) / NANOSECONDS
        parts: Any = stamped  # a dataclass
        restamped: StampedT = dataclasses.replace(parts, stamp=stamp)
        return restamped

    def inward(self, stamp: float) -> float:
        """A stamp of the node's clock on the robot's, [s], to within the drift of a few ticks."""
        if not self._offset:
            return stamp
        return (nanoseconds(stamp) - self._offset) / NANOSECONDS
