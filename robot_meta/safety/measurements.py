"""The measurements as they come in: the newest valid one, and the time of the periods."""

from __future__ import annotations

from collections.abc import Collection

from robot_meta.safety.config import GuardConfig
from robot_meta.safety.intake import judge_observation
from robot_meta.safety.reasons import Reason
from robot_meta.types import Observation


class Measurements:
    """Keeps the newest measurement, if it can be trusted.

    Args:
        first: A finite measurement; its stamp begins the first period.
        num_joints: J.
        control_dt: T, [s].

    Attributes:
        valid: The newest measurement; None while none can be trusted.
        stamp: Start of the present period, [s].
        answerable: Stamp of the newest measurement that a command can have answered, [s].
    """

    def __init__(self, first: Observation, num_joints: int, control_dt: float) -> None:
        self.valid: Observation | None = first
        self.stamp = self.answerable = float(first.stamp)
        self._num_joints, self._period = num_joints, control_dt
        self._repeats = -1  # the first period may see the same measurement

    def take(
        self, observation: Observation, config: GuardConfig, disabled: Collection[Reason]
    ) -> Reason | None:
        """A period begins with `observation`; what is wrong with it, or None."""
        trouble = judge_observation(
            observation,
            num_joints=self._num_joints,
            last_stamp=self.stamp,
            repeats=self._repeats,
            config=config,
            disabled=disabled,
        )
        self.valid = None if trouble is not None else observation
        if trouble is Reason.BAD_OBSERVATION:
            self.stamp += self._period
            self._repeats = 0
            return trouble
        repeated = observation.stamp == self.stamp
        self._repeats = self._repeats + 1 if repeated else 0
        self.answerable, self.stamp = self.stamp, float(observation.stamp)
        if trouble is Reason.CLOCK_JUMP:
            self.answerable = self.stamp
        return trouble
