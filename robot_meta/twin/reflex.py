"""Reflexes of a Franka: what its motion interface does not let pass, and the names it gives that.

Each millisecond's reference is held against the limits as a joint position motion is by the
robot: a step in position breaks several limits at once, and the robot names it after the
acceleration. Source: Franka Control Interface documentation; order of the checks as measured on
hardware by the authors of franka-sim (limits/checker.py).
"""

from __future__ import annotations

import numpy as np

from robot_meta.types import Array, JointLimits

POSITION = "joint_motion_generator_position_limits_violation"
VELOCITY = "joint_motion_generator_velocity_limits_violation"
VELOCITY_STEP = "joint_motion_generator_velocity_discontinuity"
ACCELERATION_STEP = "joint_motion_generator_acceleration_discontinuity"
MEASURED_VELOCITY = "joint_velocity_violation"
START = 1e-3  # a motion may begin this far from where the arm stands, [rad]
MARGIN = 0.1  # by which a measured velocity may exceed the curve, [rad/s]
_SLACK = 1.0 + 1e-6  # rounding of differences of positions


class ReflexLimits:
    """Judges a stream of references, one sample per millisecond.

    Args:
        limits: Of the robot itself, not scaled.
        reference_dt: Spacing of the samples, [s].

    Attributes:
        accepted: The newest sample that broke no limit, (J,), [rad].
    """

    def __init__(self, limits: JointLimits, reference_dt: float) -> None:
        self._limits, self._dt = limits, reference_dt
        self.begin(np.zeros_like(limits.lower))

    def begin(self, position: Array) -> None:
        """A new motion begins at rest at `position` (J,)."""
        self.accepted = np.array(position, dtype=float)
        self._velocity = np.zeros_like(self.accepted)
        self._acceleration = np.zeros_like(self.accepted)

    def join(self, position: Array, velocity: Array) -> None:
        """The first motion since `begin` has this first sample, both (J,) [rad], [rad/s].

        Whoever leads the arm knows where it stands by noisy sensors only. Where the motion begins
        within `START` of there, it begins at rest: a ramp of constant jerk has come v dt / 3 far.
        """
        origin = position - velocity * self._dt / 3.0
        if (np.abs(origin - self.accepted) <= START).all():
            self.begin(origin)

    def violation(self, reference: Array, position: Array, velocity: Array) -> str:
        """Libfranka's name of the limit that is broken, or "", which accepts the sample.

        Args:
            reference: The next sample, (J,), [rad].
            position: Measured, (J,), [rad].
            velocity: Measured, (J,), [rad/s].
        """
        limits = self._limits
        speed = (reference - self.accepted) / self._dt
        acceleration = (speed - self._velocity) / self._dt
        jerk = (acceleration - self._acceleration) / self._dt
        low, high = limits.velocity_bounds(position)
        if (reference < limits.lower).any() or (reference > limits.upper).any():
            return POSITION
        if (np.abs(acceleration) > _SLACK * limits.acceleration).any():
            return VELOCITY_STEP
        if (speed > _SLACK * high).any() or (speed < _SLACK * low).any():
            return VELOCITY
        if (np.abs(jerk) > _SLACK * limits.jerk).any():
            return ACCELERATION_STEP
        if (velocity > high + MARGIN).any() or (velocity < low - MARGIN).any():
            return MEASURED_VELOCITY
        self.accepted[:] = reference
        self._velocity, self._acceleration = speed, acceleration
        return ""
