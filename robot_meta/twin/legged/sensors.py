"""What a walking robot knows of itself: noisy, late, and drifting where nothing corrects it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from robot_meta.legged_types import LeggedObservation
from robot_meta.robots.body_estimate import BodyEstimator, Felt, TurnCounter
from robot_meta.robots.description import LeggedDescription
from robot_meta.twin.legged.plant import LeggedPlant
from robot_meta.types import Array

POSE_SOURCES = ("external", "odometry")


@dataclass(frozen=True, kw_only=True)
class SensorConfig:
    """Noise is the standard deviation of each reading, 50 a second.

    Attributes:
        pose_source: "external" for positions from outside, such as motion capture, with the
            heading of the inertial unit; "odometry" for what legs and inertial unit add up to.
        gyro_noise: [rad/s].
        gyro_bias: Standard deviation of what stays for a whole walk, [rad/s].
        gravity_noise: Of the direction of gravity, [rad].
        joint_noise: [rad].
        joint_velocity_noise: [rad/s].
        foot_error: Share of wrong foot contacts.
        external_noise: Of positions from outside, [m].
        delay: Physics steps between a reading and its use.
    """

    pose_source: str = "external"
    gyro_noise: float = 0.02
    gyro_bias: float = 0.002
    gravity_noise: float = 0.01
    joint_noise: float = 0.002
    joint_velocity_noise: float = 0.1
    foot_error: float = 0.01
    external_noise: float = 0.005
    delay: int = 2

    def __post_init__(self) -> None:
        if self.pose_source not in POSE_SOURCES:
            raise ValueError(
                f"pose_source must be one of {POSE_SOURCES}, got '{self.pose_source}'"
            )
        if self.delay < 0:
            raise ValueError(f"delay must be >= 0, got {self.delay}")


@dataclass(frozen=True, kw_only=True)
class Reading(Felt):
    """What is true at one time, or what the sensors say of it.

    Attributes:
        position: From outside, (2,), [m].
    """

    position: Array


def read(plant: LeggedPlant, turns: TurnCounter) -> Reading:
    """What is true of a robot now; `turns` counts those of its heading."""
    return Reading(
        angular_velocity=plant.angular_velocity,
        gravity=plant.gravity,
        joint_position=plant.joint_position,
        joint_velocity=plant.joint_velocity,
        standing=plant.standing,
        position=plant.position[:2],
        heading=turns.count(plant.heading),
    )


class Sensors:
    """Spoils readings and makes one observation of those of a control period.

    Args:
        description: The robot.
        config: Noise and delay.
    """

    def __init__(self, description: LeggedDescription, config: SensorConfig) -> None:
        self._config, self._estimator = config, BodyEstimator(description.legs)
        self.reset(np.random.default_rng(0), 0.0)

    def reset(self, rng: np.random.Generator, imu_yaw: float) -> None:
        """Begin a walk at the origin; `imu_yaw` is how the inertial unit is turned, [rad]."""
        self._rng = rng
        self._bias = rng.normal(0.0, self._config.gyro_bias)
        self._drift = 0.0
        self._estimator.reset()

    def take(self, reading: Reading, imu_yaw: float, dt: float) -> Reading:
        """Spoil a reading, add it to the period, and return what the policy gets of it."""
        c, rng = self._config, self._rng
        cos, sin = math.cos(imu_yaw), math.sin(imu_yaw)
        turn = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
        joints = len(reading.joint_position)
        noise = rng.standard_normal(8 + 2 * joints)
        gyro = turn @ reading.angular_velocity + c.gyro_noise * noise[:3]
        gyro[2] += self._bias
        gravity = turn @ reading.gravity + c.gravity_noise * noise[3:6]
        gravity /= math.sqrt(gravity @ gravity)
        position = reading.joint_position + c.joint_noise * noise[8 : 8 + joints]
        velocity = reading.joint_velocity + c.joint_velocity_noise * noise[8 + joints :]
        standing = reading.standing ^ (rng.random(len(reading.standing)) < c.foot_error)

        self._drift += self._bias * dt
        outside = reading.position + c.external_noise * noise[6:8]
        felt = Felt(
            angular_velocity=gyro,
            gravity=gravity,
            heading=reading.heading + imu_yaw + self._drift,
            joint_position=position,
            joint_velocity=velocity,
            standing=standing,
        )
        place = self._estimator.take(felt, dt, outside if c.pose_source == "external" else None)
        return Reading(**vars(felt), position=place)

    def observation(self, stamp: float, newest: Reading, torque: Array) -> LeggedObservation:
        """What the readings since the last observation come to."""
        return self._estimator.observation(stamp, newest, torque)
