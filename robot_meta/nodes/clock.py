"""Between the robot's own clock and the clock that messages are stamped with."""

from __future__ import annotations

import dataclasses
from typing import TypeVar

from rclpy.clock import Clock

from robot_meta.collection.decoding import NANOSECONDS, nanoseconds
from robot_meta.types import Commanded, Observation

StampedT = TypeVar("StampedT", Observation, Commanded)

MAX_JUMP = 0.05  # change between two ticks that is no drift and no jitter, [s]
MAX_DRIFT = 10_000  # followed per tick, [ns]: 500 ppm at 50 Hz


class RobotClock:
    """Shifts stamps of the robot's clock onto the node's clock; in lockstep they are the same.

    Args:
        clock: The node's clock.
        lockstep: Whether robot time is the time.
    """

    def __init__(self, clock: Clock, *, lockstep: bool) -> None:
        self._clock, self._lockstep = clock, lockstep
        self._offset: int | None = 0 if lockstep else None  # [ns]
        self._seen: int | None = None  # at the last tick, with its jitter, [ns]

    def jumped(self, robot_time: float) -> bool:
        """Whether one clock jumped since the last call; call it once per tick.

        A drift of one against the other is followed, so that stamps stay true for days.

        Args:
            robot_time: Robot clock now, [s].
        """
        if self._lockstep:
            return False
        offset = self._clock.now().nanoseconds - nanoseconds(robot_time)
        if self._offset is None or self._seen is None:
            self._offset = self._seen = offset
            return False
        step, self._seen = offset - self._seen, offset
        if abs(step) > MAX_JUMP * NANOSECONDS:
            self._offset = offset
            return True
        self._offset += max(-MAX_DRIFT, min(MAX_DRIFT, offset - self._offset))
        return False

    def outward(self, stamped: StampedT) -> StampedT:
        """The same, stamped on the node's clock."""
        if not self._offset:
            return stamped
        stamp = (nanoseconds(stamped.stamp) + self._offset) / NANOSECONDS
        return dataclasses.replace(stamped, stamp=stamp)

    def inward(self, stamp: float) -> float:
        """A stamp of the node's clock on the robot's, [s], to within the drift of a few ticks."""
        if not self._offset:
            return stamp
        return (nanoseconds(stamp) - self._offset) / NANOSECONDS
