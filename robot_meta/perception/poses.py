"""Poses of frames in frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot_meta.kinematics import quat_xyzw_from_rotation, rotation_from_quat_wxyz
from robot_meta.types import Array


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Where a frame is in another one: `tag_in_camera` takes points of the tag to the camera.

    Attributes:
        position: Its origin, (3,), [m].
        rotation: Its axes as columns, (3, 3).
    """

    position: Array
    rotation: Array

    @staticmethod
    def from_quat_xyzw(position: Sequence[float], quat_xyzw: Sequence[float]) -> Pose:
        """From numbers in ROS order; the quaternion need not be normalised."""
        x, y, z, w = quat_xyzw
        return Pose(
            position=np.array(position, dtype=float),
            rotation=rotation_from_quat_wxyz(np.array([w, x, y, z])),
        )

    @property
    def quat_xyzw(self) -> Array:
        """The rotation as a unit quaternion in ROS order, (4,)."""
        return quat_xyzw_from_rotation(self.rotation)

    @property
    def inverse(self) -> Pose:
        """The other frame in this one."""
        return Pose(position=-self.rotation.T @ self.position, rotation=self.rotation.T)

    def __matmul__(self, other: Pose) -> Pose:
        """`b_in_a @ c_in_b` is `c_in_a`."""
        return Pose(
            position=self.position + self.rotation @ other.position,
            rotation=self.rotation @ other.rotation,
        )


IDENTITY = Pose(position=np.zeros(3), rotation=np.eye(3))


def distance(a: Pose, b: Pose) -> float:
    """Between the origins, [m]."""
    return float(np.linalg.norm(a.position - b.position))


def angle(a: Pose, b: Pose) -> float:
    """Of the turn from one to the other, [rad]; exact for small ones too."""
    turn = a.rotation.T @ b.rotation
    axis = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
    return float(np.arctan2(np.linalg.norm(axis), np.trace(turn) - 1.0))
