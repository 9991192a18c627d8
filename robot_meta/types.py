"""The shared vocabulary: what every room means by an observation, a command, a limit.

Shape letters, the same everywhere: `B` batch, `N` sampled sequences, `H` horizon, `T` episode
steps, `M` support (past) steps, `K` query (future) steps, `S` state, `A` action, `J` joints,
`n` samples of the 1 kHz reference in one control period.
Units are SI. Joint arrays follow `RobotSpec.joint_names`. Arrays handed over are never mutated.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class VelocityCurve:
    """A velocity limit that shrinks towards the ends of a joint's range.

    |dq| ≤ max(0, −offset + √(2 · deceleration · distance to the end)); all (J,).
    Source: Franka Control Interface documentation, joint velocity limits of the FR3.
    """

    lower: Array  # where the curve ends, [rad]
    upper: Array  # [rad]
    offset: Array  # [rad/s]
    deceleration: Array  # [rad/s^2]

    def bounds(self, position: Any) -> tuple[Any, Any]:
        """(lowest, highest) velocity at `position` (..., J), [rad/s]; numpy or torch."""
        up = (2.0 * self.deceleration * (self.upper - position).clip(0.0)) ** 0.5 - self.offset
        down = (2.0 * self.deceleration * (position - self.lower).clip(0.0)) ** 0.5 - self.offset
        return -down.clip(0.0), up.clip(0.0)


@dataclass(frozen=True, kw_only=True)
class JointLimits:
    """What a joint reference may do; all (J,), elementwise.

    `velocity_curves` tighten `velocity` near the ends of the range; where there are several the
    strictest counts at each position.
    """

    lower: Array  # [rad]
    upper: Array  # [rad]
    velocity: Array  # [rad/s]
    acceleration: Array  # [rad/s^2]
    jerk: Array  # [rad/s^3]
    torque: Array  # [Nm]
    torque_rate: Array  # [Nm/s]
    velocity_curves: tuple[VelocityCurve, ...] = ()

    def velocity_bounds(self, position: Any) -> tuple[Any, Any]:
        """(lowest, highest) velocity allowed at `position` (..., J), [rad/s]."""
        low, high = 0.0 * position - self.velocity, 0.0 * position + self.velocity
        for curve in self.velocity_curves:
            curve_low, curve_high = curve.bounds(position)
            low, high = low.clip(curve_low), high.clip(None, curve_high)
        return low, high

    def scaled(self, speed: float) -> JointLimits:
        """The same limits with velocities times `speed` (0 < speed ≤ 1) everywhere."""
        if not 0.0 < speed <= 1.0:
            raise ValueError(f"speed must be in (0, 1], got {speed}")
        return dataclasses.replace(self, velocity=self.velocity * speed)

    def converted(self, convert: Callable[[Array], Any]) -> JointLimits:
        """The same limits with every array passed through `convert`, e.g. into torch tensors."""
        return dataclasses.replace(
            self,
            **{
                field.name: convert(getattr(self, field.name))
                for field in dataclasses.fields(self)
                if field.name != "velocity_curves"
            },
            velocity_curves=tuple(
                VelocityCurve(
                    **{f.name: convert(getattr(curve, f.name)) for f in dataclasses.fields(curve)}
                )
                for curve in self.velocity_curves
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Load:
    """A rigid load at the flange that the driver compensates for, as `setLoad` takes it."""

    mass: float  # [kg]
    center: tuple[float, float, float]  # centre of mass in the flange frame, [m]


@dataclass(frozen=True, kw_only=True)
class RobotSpec:
    """What is known of a robot before it is connected.

    Attributes:
        name: Robot type, such as "fr3".
        joint_names: Order of every joint array, J names.
        control_dt: Period of commands, [s].
        reference_dt: Spacing of the reference samples a driver gets, [s].
        limits: Limits of the reference, already scaled for the allowed speed.
        home: A safe, well-conditioned configuration, (J,), [rad].
        stiffness: Joint impedance K, (J,), [Nm/rad].
        damping: Joint impedance D, (J,), [Nms/rad].
        tool_load: The tool that gravity compensation knows about.
    """

    name: str
    joint_names: tuple[str, ...]
    control_dt: float
    reference_dt: float
    limits: JointLimits
    home: Array
    stiffness: Array
    damping: Array
    tool_load: Load

    def __post_init__(self) -> None:
        ratio = self.control_dt / self.reference_dt
        if abs(ratio - round(ratio)) > 1e-9 or round(ratio) < 1:
            raise ValueError(
                f"control_dt must be a multiple of reference_dt, got {self.control_dt} and "
                f"{self.reference_dt}"
            )

    @property
    def num_joints(self) -> int:
        """J."""
        return len(self.joint_names)

    @property
    def samples_per_tick(self) -> int:
        """n, reference samples in one control period."""
        return round(self.control_dt / self.reference_dt)

    @property
    def trained_for(self) -> dict[str, Any]:
        """What weights have to agree with."""
        return {
            "robot": self.name,
            "control_dt": self.control_dt,
            "stiffness": tuple(map(float, self.stiffness)),
            "damping": tuple(map(float, self.damping)),
            "tool_mass": self.tool_load.mass,
        }


@dataclass(frozen=True, kw_only=True)
class Observation:
    """The newest measurement of a robot.

    Attributes:
        stamp: When it was measured, [s], robot clock.
        position: Joint positions, (J,), [rad].
        velocity: Joint velocities, (J,), [rad/s].
        torque: Torque the low-level law commanded last, (J,), [Nm].
        external_torque: Estimated torque from outside the known body, (J,), [Nm].
    """

    stamp: float
    position: Array
    velocity: Array
    torque: Array
    external_torque: Array


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a controller asks for: where the reference should be one control period later.

    Attributes:
        stamp: Stamp of the observation that this command answers, [s], robot clock.
        position: Joint reference at the end of the period, (J,), [rad].
        velocity: Its velocity there, (J,), [rad/s].
    """

    stamp: float
    position: Array
    velocity: Array


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One control period of joint reference, as only the guard makes it.

    Sample i is meant for `stamp + (i + 1) * reference_dt`; all arrays (n, J).
    """

    stamp: float  # start of the period, [s], robot clock
    position: Array  # [rad]
    velocity: Array  # [rad/s]
    first: int = 0  # above 0: the reference before once more, with other samples from this one on


@dataclass(frozen=True, kw_only=True)
class Commanded:
    """What was really sent for one control period, and whether the guard had to change it.

    Attributes:
        stamp: Start of the period, [s], robot clock.
        position: Reference at its start and end, (2, J), [rad].
        velocity: Velocity of the reference at its start and end, (2, J), [rad/s].
        altered: Whether it differs from what was asked.
        reason: Code of the rule that altered or refused, "" where none did (safety/reasons.py).
    """

    stamp: float
    position: Array
    velocity: Array
    altered: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class TargetPath:
    """Where the tool should be, and when.

    A single pose is a path of one point. Before the first stamp the first point counts, after the
    last stamp the last one; between two stamps the position moves in a straight line.

    Attributes:
        stamp: Times, (P,), [s], robot clock, increasing.
        position: Tool centre point in the base frame, (P, 3), [m].
    """

    stamp: Array
    position: Array

    def __post_init__(self) -> None:
        if self.position.shape != (len(self.stamp), 3) or len(self.stamp) == 0:
            raise ValueError(
                f"want P >= 1 stamps and positions (P, 3), got stamps {self.stamp.shape} and "
                f"positions {self.position.shape}"
            )
        if not (np.isfinite(self.stamp).all() and np.isfinite(self.position).all()):
            raise ValueError("a target path must be finite")
        if not (np.diff(self.stamp) > 0).all():
            raise ValueError("stamps of a target path must increase")

    def at(self, stamp: npt.NDArray[np.floating[Any]]) -> Array:
        """Positions at the times `stamp` (H,), as (H, 3), [m]."""
        return np.stack(
            [np.interp(stamp, self.stamp, self.position[:, i]) for i in range(3)], axis=-1
        )
