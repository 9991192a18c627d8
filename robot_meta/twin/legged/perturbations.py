"""What can be different about a walking robot, its ground and its sensors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from robot_meta.twin.body import Body, Change

LARGEST_STEP = 0.1  # of the ground, [m]


@dataclass(frozen=True, kw_only=True)
class LeggedPerturbations(Body):
    """How the walk differs from the nominal one; the defaults are no difference.

    Attributes:
        payload_mass: Mass on the trunk, [kg].
        payload_offset: Its centre in the base frame, [m].
        leg_gain: Share of the torque that the motors of each leg deliver (FR, FL, RR, RL).
        motor_gain: The same for all motors.
        ground_friction: Sliding friction between feet and ground.
        slope: How steep the ground is, [rad].
        slope_heading: Where it rises, [rad]; 0 is ahead of the robot at start, π/2 to its left.
        step_height: Of the highest of the square blocks that the ground is made of, [m].
        response: Share of the commanded velocity (ahead, left, turning) that the walking policy
            is told of.
        imu_yaw: How far the inertial unit is turned on the trunk, [rad].
    """

    payload_mass: float = 0.0
    payload_offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    leg_gain: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    motor_gain: float = 1.0
    ground_friction: float = 0.8
    slope: float = 0.0
    slope_heading: float = 0.0
    step_height: float = 0.0
    response: tuple[float, float, float] = (1.0, 1.0, 1.0)
    imu_yaw: float = 0.0

    RANGES: ClassVar[dict[str, tuple[float, float]]] = {
        "payload_mass": (0.0, 30.0),
        "leg_gain": (0.0, 1.5),
        "motor_gain": (0.0, 1.5),
        "ground_friction": (0.01, 2.0),
        "slope": (0.0, 0.6),
        "slope_heading": (-math.pi, math.pi),
        "step_height": (0.0, LARGEST_STEP),
        "response": (0.0, 2.0),
        "imu_yaw": (-math.pi, math.pi),
    }


class LeggedChange(Change):
    """One field of a walking body that changes while the twin runs."""

    BODY = LeggedPerturbations
