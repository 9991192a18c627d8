"""Forward kinematics of a serial arm, for one posture or for thousands at once.

Works on numpy arrays and on torch tensors alike: the guard checks single postures with it, the
planner scores every imagined one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from robot_meta.types import Array


@dataclass(frozen=True, kw_only=True)
class KinematicChain:
    """A chain of revolute joints, each turning about its own z axis.

    Attributes:
        offset_position: Origin of joint j in the frame of joint j − 1, (J, 3), [m].
        offset_rotation: Its orientation there at angle 0, (J, 3, 3).
        tool_position: Tool centre point in the frame of the last joint, (3,), [m].
        tool_rotation: Tool orientation there, (3, 3).
    """

    offset_position: Array
    offset_rotation: Array
    tool_position: Array
    tool_rotation: Array

    @property
    def num_joints(self) -> int:
        """J."""
        return len(self.offset_position)

    def converted(self, convert: Callable[[Array], Any]) -> KinematicChain:
        """The same chain with every array passed through `convert`, e.g. into torch tensors."""
        return KinematicChain(
            **{f.name: convert(getattr(self, f.name)) for f in dataclasses.fields(self)}
        )

    def position_of_tool_in_base(self, position: Any, cos: Any, sin: Any) -> list[Any]:
        """Coordinates [x, y, z] of the tool, each (...), for joint positions (..., J).

        Walks from the tool to the base with one 3-vector per posture, which is far cheaper than
        multiplying matrices. `cos` and `sin` are those of `position`, elementwise.
        """
        zero = 0.0 * position[..., 0]
        x, y, z = (self.tool_position[i] + zero for i in range(3))
        for j in reversed(range(self.num_joints)):
            c, s = cos[..., j], sin[..., j]
            x, y = c * x - s * y, s * x + c * y
            r, p = self.offset_rotation[j], self.offset_position[j]
            x, y, z = (r[i, 0] * x + r[i, 1] * y + r[i, 2] * z + p[i] for i in range(3))
        return [x, y, z]

    def tool_position_in_base(self, position: Array) -> Array:
        """Tool centre point, (..., 3), [m], for joint positions (..., J), [rad]."""
        return np.stack(
            self.position_of_tool_in_base(position, np.cos(position), np.sin(position)), axis=-1
        )

    def joint_frames_in_base(self, position: Array) -> tuple[Array, Array]:
        """Origins (J + 1, 3) and orientations (J + 1, 3, 3) of all joints, then of the tool."""
        origin, rotation = np.zeros(3), np.eye(3)
        origins, rotations = [], []
        for j in range(self.num_joints):
            origin = origin + rotation @ self.offset_position[j]
            rotation = rotation @ self.offset_rotation[j] @ _about_z(position[j])
            origins.append(origin)
            rotations.append(rotation)
        origins.append(origin + rotation @ self.tool_position)
        rotations.append(rotation @ self.tool_rotation)
        return np.array(origins), np.array(rotations)

    def tool_jacobian(self, position: Array) -> Array:
        """Geometric Jacobian of the tool in the base frame, (6, J): linear, then angular."""
        origins, rotations = self.joint_frames_in_base(position)
        axes = rotations[:-1, :, 2]  # (J, 3)
        linear = np.cross(axes, origins[-1] - origins[:-1])
        return np.concatenate([linear.T, axes.T])


def rotation_from_quat_wxyz(quat_wxyz: Array) -> Array:
    """Rotation matrix, (3, 3), of a quaternion that need not be normalised."""
    w, x, y, z = np.asarray(quat_wxyz, dtype=float) / np.linalg.norm(quat_wxyz)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def quat_xyzw_from_rotation(rotation: Array) -> Array:
    """Unit quaternion in ROS order, (4,), of a rotation matrix; the scalar part is ≥ 0.

    Source: Shepperd 1978: divide by the largest component, so that nothing cancels.
    """
    m = rotation
    squares = np.array(
        [
            1 + m[0, 0] - m[1, 1] - m[2, 2],
            1 - m[0, 0] + m[1, 1] - m[2, 2],
            1 - m[0, 0] - m[1, 1] + m[2, 2],
            1 + m[0, 0] + m[1, 1] + m[2, 2],
        ]
    )
    i = int(np.argmax(squares))
    if i == 3:
        quat = np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], squares[3]])
    else:
        j, k = (i + 1) % 3, (i + 2) % 3
        quat = np.zeros(4)
        quat[i] = squares[i]
        quat[j] = m[j, i] + m[i, j]
        quat[k] = m[k, i] + m[i, k]
        quat[3] = m[k, j] - m[j, k]
    quat = quat / np.linalg.norm(quat)
    upright: Array = quat if quat[3] >= 0 else -quat
    return upright


def _about_z(angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
