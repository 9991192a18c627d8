"""What a walking robot knows of itself: noisy, late, and drifting where nothing corrects it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from robot_meta.legged_types import LeggedObservation
from robot_meta.robots.description import LeggedDescription
from robot_meta.robots.legs import velocity_from_legs
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
class Reading:
    """What the sensors say at one time, in the frame of the inertial unit where it matters.

    Attributes:
        angular_velocity: (3,), [rad/s].
        gravity: Direction of gravity, (3,), a unit vector.
        joint_position: (J,), [rad].
        joint_velocity: (J,), [rad/s].
        standing: (L,).
        position: From outside, (2,), [m].
        heading: True heading of the trunk, which only the inertial unit's integration sees, [rad].
    """

    angular_velocity: Array
    gravity: Array
    joint_position: Array
    joint_velocity: Array
    standing: np.ndarray
    position: Array
    heading: float


class Sensors:
    """Spoils readings and makes one observation of those of a control period.

    Args:
        description: The robot.
        config: Noise and delay.
    """

    def __init__(self, description: LeggedDescription, config: SensorConfig) -> None:
        self._description, self._config = description, config
        self.reset(np.random.default_rng(0), 0.0)

    def reset(self, rng: np.random.Generator, imu_yaw: float) -> None:
        """Begin a walk at the origin; `imu_yaw` is how the inertial unit is turned, [rad]."""
        self._rng = rng
        self._bias = rng.normal(0.0, self._config.gyro_bias)
        self._drift, self._odometry = 0.0, np.zeros(2)
        self._velocity = np.zeros(2)
        self._heading = imu_yaw
        self._readings: list[Array] = []

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

        roll = math.atan2(-gravity[1], -gravity[2])
        pitch = math.asin(min(1.0, max(-1.0, gravity[0])))
        self._drift += self._bias * dt
        self._heading = reading.heading + imu_yaw + self._drift
        known = velocity_from_legs(self._description.legs, position, velocity, gyro, standing)
        if known is not None:
            level = _level(roll, pitch) @ known
            self._velocity = level[:2]
        self._odometry = self._odometry + dt * _turned(self._velocity, self._heading)
        outside = reading.position + c.external_noise * noise[6:8]
        place = outside if c.pose_source == "external" else self._odometry
        self._readings.append(
            np.concatenate(
                [
                    place,
                    [self._heading],
                    self._velocity,
                    [gyro[2], roll, pitch],
                    gyro[:2],
                    standing,
                ]
            )
        )
        return Reading(
            angular_velocity=gyro,
            gravity=gravity,
            joint_position=position,
            joint_velocity=velocity,
            standing=standing,
            position=place,
            heading=self._heading,
        )

    def observation(self, stamp: float, newest: Reading, torque: Array) -> LeggedObservation:
        """What the readings since the last observation come to."""
        rows = np.array(self._readings)
        mean = rows.mean(axis=0)
        self._readings = []
        return LeggedObservation(
            stamp=stamp,
            pose=rows[-1, :3],
            velocity=mean[3:6],
            attitude=mean[6:8],
            rates=mean[8:10],
            feet=mean[10:],
            joint_position=newest.joint_position,
            joint_velocity=newest.joint_velocity,
            joint_torque=torque.copy(),
        )


def _level(roll: float, pitch: float) -> Array:
    """From the trunk's frame to the level one with the same heading, (3, 3)."""
    cr, sr, cp, sp = math.cos(roll), math.sin(roll), math.cos(pitch), math.sin(pitch)
    return np.array([[cp, sp * sr, sp * cr], [0.0, cr, -sr], [-sp, cp * sr, cp * cr]])


def _turned(velocity: Array, heading: float) -> Array:
    c, s = math.cos(heading), math.sin(heading)
    return np.array([c * velocity[0] - s * velocity[1], s * velocity[0] + c * velocity[1]])
