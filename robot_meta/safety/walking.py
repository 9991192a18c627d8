"""Limits of a robot that is driven by velocities, as pure functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot_meta.legged_types import LeggedObservation, LeggedSpec, Vitals
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
    dead_man: bool = False  # commands count only while the remote's dead-man button is held
    charge_warn: float = 0.25  # state of charge below which it warns
    charge_hold: float = 0.1  # state of charge below which it stands still
    voltage_warn: float = 26.0  # of the battery, below which it warns, [V]
    voltage_hold: float = 24.0  # below which it stands still, [V]
    motor_warn: float = 70.0  # temperature of a motor above which it warns, [°C]
    motor_hold: float = 85.0  # above which it stands still, [°C]

    def __post_init__(self) -> None:
        for name in ("fallen", "tilt"):
            if len(getattr(self, name)) != 2 or not min(getattr(self, name)) > 0.0:
                raise ValueError(f"{name} must be roll and pitch > 0, got {getattr(self, name)}")
        if not self.pose_jump > 0.0:
            raise ValueError(f"pose_jump must be > 0, got {self.pose_jump}")
        for name in ("pose_frozen", "max_command_age", "max_silent", "max_gap"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be >= 1, got {getattr(self, name)}")
        for what in ("charge", "voltage"):
            hold, warn = getattr(self, f"{what}_hold"), getattr(self, f"{what}_warn")
            if not 0.0 <= hold <= warn:
                raise ValueError(f"want 0 <= {what}_hold <= {what}_warn, got {hold} and {warn}")
        if not 0.0 < self.motor_warn <= self.motor_hold:
            raise ValueError(
                f"want 0 < motor_warn <= motor_hold, got {self.motor_warn} and {self.motor_hold}"
            )
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


def limited_targets(
    targets: Array,
    position: Array,
    velocity: Array,
    stiffness: Array,
    damping: Array,
    spec: LeggedSpec,
) -> Array:
    """Joint targets (J,) [rad] in range, for which  τ = K (q* − q) − D q̇  keeps its limit.

    Args:
        targets: Asked for, (J,), [rad].
        position: q, (J,), [rad].
        velocity: q̇, (J,), [rad/s].
        stiffness: K, (J,), > 0, [Nm/rad].
        damping: D, (J,), [Nms/rad].
        spec: The robot; torque limits win where no target in range keeps them.
    """
    inside = np.clip(targets, spec.joint_lower, spec.joint_upper)
    braked = damping * velocity
    lower = position + (braked - spec.torque_limit) / stiffness
    upper = position + (braked + spec.torque_limit) / stiffness
    bounded: Array = np.clip(inside, lower, upper)
    return bounded


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
    vitals = observation.vitals
    if vitals is not None:
        numbers = [vitals.charge, vitals.voltage, *vitals.temperature]
        if len(vitals.temperature) != spec.num_joints or not np.isfinite(numbers).all():
            return False
    return bool(np.isfinite(observation.stamp)) and all(
        np.shape(getattr(observation, name)) == (size,)
        and np.isfinite(getattr(observation, name)).all()
        for name, size in wanted.items()
    )


def vital_trouble(vitals: Vitals | None, config: WalkingGuardConfig) -> Reason | None:
    """Why a robot that is doing as `vitals` tell must stand still, or None."""
    if vitals is not None:
        if vitals.charge <= config.charge_hold or vitals.voltage <= config.voltage_hold:
            return Reason.BATTERY
        if (vitals.temperature >= config.motor_hold).any():
            return Reason.MOTOR_HEAT
    if config.dead_man:
        if vitals is None or vitals.dead_man is None:
            return Reason.REMOTE_LOST
        if not vitals.dead_man:
            return Reason.DEAD_MAN
    return None


def vital_warnings(vitals: Vitals | None, config: WalkingGuardConfig) -> tuple[Reason, ...]:
    """What will make a robot stand still soon."""
    if vitals is None:
        return ()
    low = vitals.charge <= config.charge_warn or vitals.voltage <= config.voltage_warn
    hot = bool((vitals.temperature >= config.motor_warn).any())
    return (Reason.BATTERY,) * low + (Reason.MOTOR_HEAT,) * hot


def leans(attitude: Array, limit: tuple[float, float]) -> bool:
    """Whether roll or pitch (2,) [rad] is beyond its limit."""
    return bool((np.abs(attitude) > limit).any())
