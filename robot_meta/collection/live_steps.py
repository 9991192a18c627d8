"""From what a robot's topics say, period by period, to the steps that play records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from robot_meta.collection.desk_state import NO_SCENE
from robot_meta.collection.period_record import PeriodRecord
from robot_meta.collection.steps import RecordedStep
from robot_meta.types import Array

MOST = 64  # commands that are kept until their period comes


class LiveSteps:
    """Joins what was asked with what was measured and sent, one period late.

    A command that answers the measurement at t is meant for the period that begins at t + T; it
    may arrive after that period's other messages, and is waited for until the next period.

    The requested action is the velocity asked for at the end of the period, (A,), 0 for none.

    Args:
        record: What is kept of a period of this robot.
    """

    def __init__(self, record: PeriodRecord) -> None:
        self.record = record
        self._asked: list[tuple[float, Array]] = []  # when it is due, velocity
        self._waiting: tuple[Any, Any, Array] | None = None

    def ask(self, command: Any) -> None:
        """Somebody asked for something: a command of this kind of robot."""
        velocity = np.asarray(command.velocity, dtype=float)
        if velocity.shape == (self.record.action_size,) and np.isfinite(velocity).all():
            due = command.stamp + self.record.control_dt
            self._asked = [*self._asked[-MOST:], (due, velocity)]

    def period(
        self, observation: Any, commanded: Any, scene: Array = NO_SCENE
    ) -> Iterator[RecordedStep]:
        """A period begins; the one before it, if there was one."""
        yield from self.finish()
        self._waiting = observation, commanded, scene

    def finish(self) -> Iterator[RecordedStep]:
        """The newest period, which no other follows."""
        if self._waiting is None:
            return
        observation, commanded, scene = self._waiting
        self._waiting = None
        requested = self._asked_for(observation.stamp)
        yield self.record.step(observation, commanded, requested, scene)

    def _asked_for(self, stamp: float) -> Array:
        """The newest velocity that was asked for the period that begins at `stamp`."""
        for due, velocity in reversed(self._asked):
            if abs(due - stamp) < 0.5 * self.record.control_dt:
                return velocity
        return np.zeros(self.record.action_size)
