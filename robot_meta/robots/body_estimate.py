"""How a walking robot moves, from what its inertial unit, joints and feet say.

One home for all of them: the twin, and the drivers of real robots.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from robot_meta.legged_types import LeggedObservation, VelocityReference
from robot_meta.robots.legs import LegKinematics, velocity_from_legs
from robot_meta.types import Array

UPRIGHT = 0.5  # tilt up to which a robot may get up, less than guards allow, [rad]
_ROLL = 6  # column of the readings


@dataclass(frozen=True, kw_only=True)
class Felt:
    """What the sensors say at one time, in the frame of the inertial unit where it matters.

    Attributes:
        angular_velocity: (3,), [rad/s].
        gravity: Direction of gravity, (3,), a unit vector.
        heading: As the inertial unit adds it up, counting turns, [rad].
        joint_position: (J,), [rad].
        joint_velocity: (J,), [rad/s].
        standing: Which feet are on the ground, (L,).
    """

    angular_velocity: Array
    gravity: Array
    heading: float
    joint_position: Array
    joint_velocity: Array
    standing: npt.NDArray[np.bool_]


class BodyEstimator:
    """Velocity, attitude and odometry, as means over what was taken in.

    Args:
        legs: Kinematics of the legs.
    """

    def __init__(self, legs: LegKinematics) -> None:
        self._legs = legs
        self.reset()

    def reset(self) -> None:
        """Begin at the origin, at rest."""
        self._velocity, self._odometry = np.zeros(2), np.zeros(2)
        self._rows: list[Array] = []

    def take(self, felt: Felt, dt: float, outside: Array | None) -> Array:
        """Take in what is felt now, `dt` [s] after the last time.

        Args:
            felt: The readings.
            dt: Time that went by, [s].
            outside: Position from another source, (2,), [m]; None for what the legs add up to.

        Returns:
            The position, (2,), [m].
        """
        gyro, gravity = felt.angular_velocity, felt.gravity
        roll = math.atan2(-gravity[1], -gravity[2])
        pitch = math.asin(min(1.0, max(-1.0, gravity[0])))
        known = velocity_from_legs(
            self._legs, felt.joint_position, felt.joint_velocity, gyro, felt.standing
        )
        if known is not None:
            level = level_rotation(roll, pitch) @ known
            self._velocity = level[:2]
        self._odometry = self._odometry + dt * turned(self._velocity, felt.heading)
        place = self._odometry if outside is None else outside
        self._rows.append(
            np.concatenate(
                [
                    place,
                    [felt.heading],
                    self._velocity,
                    [gyro[2], roll, pitch],
                    gyro[:2],
                    felt.standing,
                ]
            )
        )
        return place

    def observation(
        self, stamp: float, newest: Felt, torque: Array, *, keep: int = 0
    ) -> LeggedObservation:
        """What was taken in comes to; the newest `keep` readings count next time too.

        Args:
            stamp: Of the newest reading, [s], robot clock.
            newest: That reading.
            torque: Of the joints, (J,), [Nm].
            keep: Readings that the next observation begins with.
        """
        rows = np.array(self._rows)
        if (np.abs(np.diff(rows[:, _ROLL])) > np.pi).any():  # rolls over its back
            rows[:, _ROLL] = np.unwrap(rows[:, _ROLL])
        mean = rows.mean(axis=0)
        self._rows = self._rows[-keep:] if keep else []
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


class TurnCounter:
    """Makes a heading that leaps at half a turn one that counts turns."""

    def __init__(self) -> None:
        self._turns = self._last = 0.0

    def count(self, heading: float) -> float:
        """The heading nearest to the last one, [rad], for one within [-π, π] or none at all."""
        if not math.isfinite(heading):
            return heading
        heading = heading + self._turns
        whole = 2.0 * np.pi * round((self._last - heading) / (2.0 * np.pi))
        self._turns += whole
        self._last = heading + whole
        return self._last


def attitude(rotation: Array) -> tuple[float, float, float]:
    """Roll, pitch and heading within [-π, π], [rad], of a trunk.

    Args:
        rotation: From its frame to that of the ground, (3, 3).
    """
    pitch = math.asin(min(1.0, max(-1.0, -rotation[2, 0])))
    roll = math.atan2(rotation[2, 1], rotation[2, 2])
    return roll, pitch, math.atan2(rotation[1, 0], rotation[0, 0])


def check_velocity(reference: VelocityReference) -> None:
    """Refuse a reference that no driver may follow.

    Raises:
        ValueError: Not three finite numbers.
    """
    if np.shape(reference.velocity) != (3,) or not np.isfinite(reference.velocity).all():
        raise ValueError(f"want 3 finite velocities, got {reference.velocity}")


def level_rotation(roll: float, pitch: float) -> Array:
    """From the trunk's frame to the level one with the same heading, (3, 3)."""
    cr, sr, cp, sp = math.cos(roll), math.sin(roll), math.cos(pitch), math.sin(pitch)
    return np.array([[cp, sp * sr, sp * cr], [0.0, cr, -sr], [-sp, cp * sr, cp * cr]])


def turned(velocity: Array, heading: float) -> Array:
    """A vector on the ground (2,) turned by `heading` [rad]."""
    c, s = math.cos(heading), math.sin(heading)
    return np.array([c * velocity[0] - s * velocity[1], s * velocity[0] + c * velocity[1]])
