"""From what a robot's topics say, period by period, to the steps that play records."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from robot_meta.collection.desk_state import NO_SCENE, recorded_state, state_names
from robot_meta.collection.steps import Step
from robot_meta.robots.description import ArmDescription
from robot_meta.types import Array, Command, Commanded, Observation

MOST = 64  # commands that are kept until their period comes


class LiveSteps:
    """Joins what was asked with what was measured and sent, one period late.

    A command that answers the measurement at t is meant for the period that begins at t + T; it
    may arrive after that period's other messages, and is waited for until the next period.

    The state is that of `desk_state.py`, without a scene where there is none; the requested action
    is the joint velocity asked for at the end of the period, (J,), [rad/s], 0 for none.

    Args:
        description: The arm.
        scene: Whether each period comes with a scene.
    """

    def __init__(self, description: ArmDescription, *, scene: bool = False) -> None:
        self._chain, self._period = description.chain, description.spec.control_dt
        self._joints = description.spec.num_joints
        self.names = state_names(self._joints, scene=scene)
        self._asked: list[tuple[float, Array]] = []  # when it is due, velocity
        self._waiting: tuple[Observation, Commanded, Array] | None = None

    @property
    def widths(self) -> tuple[int, int, int]:
        """Of state, requested action and joints, as `steps.fields` takes them."""
        return len(self.names), self._joints, self._joints

    def ask(self, command: Command) -> None:
        """Somebody asked for something."""
        velocity = np.asarray(command.velocity, dtype=float)
        if velocity.shape == (self._joints,) and np.isfinite(velocity).all():
            self._asked = [*self._asked[-MOST:], (command.stamp + self._period, velocity)]

    def period(
        self, observation: Observation, commanded: Commanded, scene: Array = NO_SCENE
    ) -> Iterator[Step]:
        """A period begins; the one before it, if there was one."""
        yield from self.finish()
        self._waiting = observation, commanded, scene

    def finish(self) -> Iterator[Step]:
        """The newest period, which no other follows."""
        if self._waiting is None:
            return
        observation, commanded, scene = self._waiting
        self._waiting = None
        tool = self._chain.tool_position_in_base(observation.position)
        yield Step(
            stamp=observation.stamp,
            state=recorded_state(observation.position, observation.velocity, tool, scene),
            requested=self._asked_for(observation.stamp),
            commanded=commanded,
        )

    def _asked_for(self, stamp: float) -> Array:
        """The newest velocity that was asked for the period that begins at `stamp`."""
        for due, velocity in reversed(self._asked):
            if abs(due - stamp) < 0.5 * self._period:
                return velocity
        return np.zeros(self._joints)
