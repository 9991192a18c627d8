"""Limits of a robot that is driven by velocities, as pure functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot_meta.legged_types import LeggedObservation, LeggedSpec
from robot_meta.safety.reasons import Reason
from robot_meta.types import Array


@dataclass(frozen=True, kw_only=True)
class WalkingGuardConfig:
    """What a lab allows a walking robot; the limits of commands stand in its `LeggedSpec`."""

    fallen: tuple[float, float] = (0.9, 1.3)  # roll and pitch that mean a fall, [rad]
    tilt: tuple[float, float] = (0.6, 0.6)  # roll and pitch beyond which it stands still, [rad]
    pose_jump: float = 0.5  # largest change of position in one period, [m]
    pose_frozen: int = 5  # periods of the very same position while walking
    max_command_age: int = 3  # periods between the observation and the use of its answer
    coast_periods: int = 1  # periods without a command before braking begins
    max_silent: int = 3  # periods without an accepted command: HOLD
    max_gap: int = 3  # largest step of observation stamps, in periods

    def __post_init__(self) -> None:
        for name in ("fallen", "tilt"):
            if len(getattr(self, name)) != 2 or not min(getattr(self, name)) > 0.0:
                raise ValueError(f"{name} must be roll and pitch > 0, got {getattr(self, name)}")
        if not self.pose_jump > 0.0:
            raise ValueError(f"pose_jump must be > 0, got {self.pose_jump}")
        for name in ("pose_frozen", "max_command_age", "max_silent", "max_gap"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be >= 1, got {getattr(self, name)}")
        if self.coast_periods < 0:
            raise ValueError(f"coast_periods must be >= 0, got {self.coast_periods}")


def limited(velocity: Array, before: Array, spec: LeggedSpec) -> tuple[Array, Reason | None]:
    """The velocity (3,) nearest to `velocity` that may follow `before`, and the rule that bent it.

    Args:
        velocity: Asked for, (3,), [m/s, m/s, rad/s].
        before: Of the period before, (3,).
        spec: The robot.
    """
    step = spec.command_acceleration * spec.control_dt
    inside = np.clip(velocity, spec.command_lower, spec.command_upper)
    reached: Array = np.clip(inside, before - step, before + step)
    exact = 1e-6  # what went through float32 comes back this exactly
    if (np.abs(reached - inside) > exact).any():
        return reached, Reason.ACCELERATION
    if (np.abs(inside - velocity) > exact).any():
        return reached, Reason.VELOCITY
    return reached, None


def is_sound(observation: LeggedObservation, spec: LeggedSpec) -> bool:
    """Whether a measurement has the right lengths and is finite."""
    wanted = {
        "pose": 3,
        "velocity": 3,
        "attitude": 2,
        "rates": 2,
        "feet": spec.num_legs,
        "joint_position": spec.num_joints,
        "joint_velocity": spec.num_joints,
        "joint_torque": spec.num_joints,
    }
    return bool(np.isfinite(observation.stamp)) and all(
        np.shape(getattr(observation, name)) == (size,)
        and np.isfinite(getattr(observation, name)).all()
        for name, size in wanted.items()
    )


def leans(attitude: Array, limit: tuple[float, float]) -> bool:
    """Whether roll or pitch (2,) [rad] is beyond its limit."""
    return bool((np.abs(attitude) > limit).any())
