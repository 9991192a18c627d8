"""Words of the walking robots, beside those of the arms in types.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from robot_meta.types import Array


@dataclass(frozen=True, kw_only=True)
class LeggedSpec:
    """What is known of a walking robot before it is connected.

    It is driven by velocities (vx, vy, yaw rate) in its own frame, x ahead and y to the left.

    Attributes:
        name: Robot type, such as "go2".
        joint_names: Order of every joint array, J names; three per leg, hip to calf.
        control_dt: Period of velocity commands, [s].
        policy_dt: Period of the walking policy below them, [s].
        command_lower: Lowest velocities that may be commanded, (3,), [m/s, m/s, rad/s].
        command_upper: Highest, (3,), [m/s, m/s, rad/s].
        command_acceleration: Fastest change of a command, (3,), [m/s^2, m/s^2, rad/s^2].
        stand: Joint positions of standing, (J,), [rad].
        stiffness: Joint law under the policy K, (J,), [Nm/rad].
        damping: Joint law D, (J,), [Nms/rad].
        torque_limit: Of the motors, (J,), [Nm].
        joint_lower: Lowest joint positions, (J,), [rad].
        joint_upper: Highest, (J,), [rad].
    """

    name: str
    joint_names: tuple[str, ...]
    control_dt: float
    policy_dt: float
    command_lower: Array
    command_upper: Array
    command_acceleration: Array
    stand: Array
    stiffness: Array
    damping: Array
    torque_limit: Array
    joint_lower: Array
    joint_upper: Array

    def __post_init__(self) -> None:
        ratio = self.control_dt / self.policy_dt
        if abs(ratio - round(ratio)) > 1e-9 or round(ratio) < 1:
            raise ValueError(
                f"control_dt must be a multiple of policy_dt, got {self.control_dt} and "
                f"{self.policy_dt}"
            )

    @property
    def num_joints(self) -> int:
        """J."""
        return len(self.joint_names)

    @property
    def num_legs(self) -> int:
        """L."""
        return self.num_joints // 3

    @property
    def leg_names(self) -> tuple[str, ...]:
        """Legs in the order of the joints, such as "FR"."""
        return tuple(name.split("_")[0] for name in self.joint_names[::3])

    @property
    def trained_for(self) -> dict[str, Any]:
        """What weights have to agree with."""
        return {
            "robot": self.name,
            "control_dt": self.control_dt,
            "stiffness": tuple(map(float, self.stiffness)),
            "damping": tuple(map(float, self.damping)),
            "tool_mass": 0.0,
        }


@dataclass(frozen=True, kw_only=True)
class Vitals:
    """How a walking robot is doing, beside how it moves.

    Attributes:
        charge: State of charge of its battery, 0 to 1.
        voltage: Of its battery, [V].
        temperature: Of its motors, (J,), [°C].
        dead_man: Whether the dead-man button of its remote is held; None while no remote is heard.
    """

    charge: float
    voltage: float
    temperature: Array
    dead_man: bool | None


@dataclass(frozen=True, kw_only=True)
class LeggedObservation:
    """The newest measurement of a walking robot; means over the control period that ends here.

    All of it comes from inertial unit, joints, feet and a position source, nothing from a
    simulator.

    Attributes:
        stamp: When it was measured, [s], robot clock.
        pose: Position and heading on the ground, (3,), [m, m, rad]; the heading counts turns.
        velocity: Mean velocity in the heading frame, (3,), [m/s, m/s, rad/s].
        attitude: Mean roll and pitch, (2,), [rad].
        rates: Mean roll and pitch rates, (2,), [rad/s].
        feet: Share of the period that each foot was on the ground, (L,).
        joint_position: (J,), [rad].
        joint_velocity: (J,), [rad/s].
        joint_torque: Commanded last, (J,), [Nm].
        vitals: Battery, motors and remote; None where the robot does not tell.
    """

    stamp: float
    pose: Array
    velocity: Array
    attitude: Array
    rates: Array
    feet: Array
    joint_position: Array
    joint_velocity: Array
    joint_torque: Array
    vitals: Vitals | None = None


@dataclass(frozen=True, kw_only=True)
class VelocityCommand:
    """What a controller asks a walking robot for.

    Attributes:
        stamp: Stamp of the observation that this command answers, [s], robot clock.
        velocity: In the robot's frame, (3,), [m/s, m/s, rad/s].
    """

    stamp: float
    velocity: Array


@dataclass(frozen=True, kw_only=True)
class VelocityReference:
    """The velocity of one control period, as only the guard makes it.

    Attributes:
        stamp: Start of the period, [s], robot clock.
        velocity: In the robot's frame, (3,), [m/s, m/s, rad/s].
    """

    stamp: float
    velocity: Array


@dataclass(frozen=True, kw_only=True)
class VelocityCommanded:
    """What was really sent for one control period, and whether the guard had to change it.

    Attributes:
        stamp: Start of the period, [s], robot clock.
        velocity: Of the period before and of this one, (2, 3), [m/s, m/s, rad/s].
        altered: Whether it differs from what was asked.
        reason: Code of the rule that altered or refused, "" where none did (safety/reasons.py).
    """

    stamp: float
    velocity: Array
    altered: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class PosePath:
    """Where a walking robot should be, heading where, and when.

    Before the first stamp the first point counts, after the last one the last; between two
    stamps everything moves in a straight line. The heading counts turns.

    Attributes:
        stamp: Times, (P,), [s], robot clock, increasing.
        pose: Position and heading on the ground, (P, 3), [m, m, rad].
    """

    stamp: Array
    pose: Array

    def __post_init__(self) -> None:
        if self.pose.shape != (len(self.stamp), 3) or len(self.stamp) == 0:
            raise ValueError(
                f"want P >= 1 stamps and poses (P, 3), got stamps {self.stamp.shape} and poses "
                f"{self.pose.shape}"
            )
        if not (np.isfinite(self.stamp).all() and np.isfinite(self.pose).all()):
            raise ValueError("a pose path must be finite")
        if not (np.diff(self.stamp) > 0).all():
            raise ValueError("stamps of a pose path must increase")

    def at(self, stamp: npt.NDArray[np.floating[Any]]) -> Array:
        """Poses at the times `stamp` (H,), as (H, 3), [m, m, rad]."""
        return np.stack([np.interp(stamp, self.stamp, self.pose[:, i]) for i in range(3)], axis=-1)
