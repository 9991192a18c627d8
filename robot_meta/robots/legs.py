"""Leg kinematics of a quadruped, and the body velocity that its standing feet tell of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from robot_meta.types import Array


@dataclass(frozen=True, kw_only=True)
class LegKinematics:
    """Legs of three joints: abduction about x, thigh and calf about y; base frame.

    Attributes:
        hip_position: Of the abduction joint, (L, 3), [m].
        thigh_offset: From there to the plane of the leg along y, (L,), [m].
        thigh: Length, [m].
        calf: Length, [m].
    """

    hip_position: Array
    thigh_offset: Array
    thigh: float
    calf: float

    def feet(self, position: Array, velocity: Array) -> tuple[Array, Array]:
        """Positions (L, 3), [m], and velocities (L, 3), [m/s], of the feet in the base frame.

        Args:
            position: Joint positions, (3L,), [rad].
            velocity: Joint velocities, (3L,), [rad/s].
        """
        q, dq = position.reshape(-1, 3), velocity.reshape(-1, 3)
        knee, dknee = q[:, 1] + q[:, 2], dq[:, 1] + dq[:, 2]
        x = -self.thigh * np.sin(q[:, 1]) - self.calf * np.sin(knee)
        z = -self.thigh * np.cos(q[:, 1]) - self.calf * np.cos(knee)
        dx = -self.thigh * np.cos(q[:, 1]) * dq[:, 1] - self.calf * np.cos(knee) * dknee
        dz = self.thigh * np.sin(q[:, 1]) * dq[:, 1] + self.calf * np.sin(knee) * dknee
        c, s = np.cos(q[:, 0]), np.sin(q[:, 0])
        y, rolled = c * self.thigh_offset - s * z, s * self.thigh_offset + c * z
        feet = self.hip_position + np.stack([x, y, rolled], axis=1)
        speeds = np.stack([dx, -s * dz - rolled * dq[:, 0], c * dz + y * dq[:, 0]], axis=1)
        return feet, speeds


def velocity_from_legs(
    kinematics: LegKinematics,
    joint_position: Array,
    joint_velocity: Array,
    angular_velocity: Array,
    standing: npt.NDArray[np.bool_],
) -> Array | None:
    """Velocity of the base in its own frame, (3,), [m/s]: feet on the ground do not move.

        v = −mean over standing feet of (ṗ + ω × p)

    Args:
        kinematics: Of the legs.
        joint_position: (3L,), [rad].
        joint_velocity: (3L,), [rad/s].
        angular_velocity: Of the base in its own frame, (3,), [rad/s].
        standing: Which feet are on the ground, (L,).

    Returns:
        None where no foot is on the ground.
    """
    if not standing.any():
        return None
    feet, speeds = kinematics.feet(joint_position, joint_velocity)
    foot, speed = standing @ feet / standing.sum(), standing @ speeds / standing.sum()
    (x, y, z), (wx, wy, wz) = foot, angular_velocity
    return -(speed + [wy * z - wz * y, wz * x - wx * z, wx * y - wy * x])
