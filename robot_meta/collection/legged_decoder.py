"""What is read from the messages of a walking robot.

Exact as sent, so that a recording holds what the controller saw: roll, pitch and heading come as
angles, since a quaternion keeps neither turns nor the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from robot_meta.collection.decoding import stamp_from
from robot_meta.collection.serialized_path import poses_from_serialized
from robot_meta.joint_order import by_joint
from robot_meta.legged_types import (
    LeggedObservation,
    LeggedSpec,
    PosePath,
    VelocityCommand,
    VelocityCommanded,
    VelocityReference,
)
from robot_meta.types import Array

GROUND_FRAME = "odom"  # where positions and headings on the ground count from (REP 105)
OWN_FRAMES = ("", "base", "base_footprint", "base_link")  # commands are the robot's own velocities
NO_COMMAND = "NO_COMMAND"  # frame of a command that says there is none


class LeggedDecoder:
    """See `Decoder`.

    Args:
        spec: The robot.
    """

    period: tuple[str, ...] = (
        "joint_states",
        "odom",
        "attitude",
        "imu",
        "foot_contacts",
        "commanded",
        "commanded_before",
    )

    def __init__(self, spec: LeggedSpec) -> None:
        self._joints, self._legs = spec.joint_names, spec.leg_names

    def step_from(self, parts: Sequence[Any]) -> tuple[LeggedObservation, VelocityCommanded]:
        """See `Decoder`."""
        stamps = [stamp_from(part.header.stamp) for part in parts]
        if len(set(stamps)) != 1:
            raise ValueError(f"want one stamp, got {dict(zip(self.period, stamps, strict=True))}")
        joints, odom, attitude, imu, feet, commanded, before = parts
        place, twist, turn = odom.pose.pose.position, odom.twist.twist, attitude.vector
        values: dict[str, Any] = {
            "pose": np.array([place.x, place.y, turn.z]),
            "velocity": np.array([twist.linear.x, twist.linear.y, twist.angular.z]),
            "attitude": np.array([turn.x, turn.y]),
            "rates": np.array([imu.angular_velocity.x, imu.angular_velocity.y]),
            "feet": by_joint(feet.name, feet.position, self._legs, "contact"),
            "joint_position": by_joint(joints.name, joints.position, self._joints, "position"),
            "joint_velocity": by_joint(joints.name, joints.velocity, self._joints, "velocity"),
            "joint_torque": by_joint(joints.name, joints.effort, self._joints, "effort"),
        }
        for name, value in values.items():
            if not np.isfinite(value).all():
                raise ValueError(f"{name} of the observation at {stamps[0]} s is not finite")
        reason = str(commanded.header.frame_id)
        return LeggedObservation(stamp=stamps[0], **values), VelocityCommanded(
            stamp=stamps[0],
            velocity=np.stack([_velocity(before.twist), _velocity(commanded.twist)]),
            altered=bool(reason),
            reason=reason,
        )

    def command_from(self, msg: Any) -> VelocityCommand | None:
        """See `Decoder`."""
        frame = msg.header.frame_id
        if frame == NO_COMMAND:
            return None
        if frame not in OWN_FRAMES:
            raise ValueError(
                f"want a velocity in the robot's own frame, one of {OWN_FRAMES}, got '{frame}'"
            )
        twist = msg.twist
        other = (twist.linear.z, twist.angular.x, twist.angular.y)
        if any(other):
            raise ValueError(
                f"want linear.x, linear.y and angular.z alone, got z, roll, pitch {other}"
            )
        return VelocityCommand(stamp=stamp_from(msg.header.stamp), velocity=_velocity(twist))

    def target_from(self, msg: Any) -> PosePath:
        """See `Decoder`; headings turn by less than half a turn from pose to pose."""
        if isinstance(msg, bytes):
            stamp, pose = poses_from_serialized(msg, GROUND_FRAME)
            turns = pose[:, 5:]
        else:
            poses = msg.poses if hasattr(msg, "poses") else [msg]
            if msg.header.frame_id not in ("", GROUND_FRAME):
                raise ValueError(
                    f"want a target in frame '{GROUND_FRAME}', got '{msg.header.frame_id}'"
                )
            stamp = np.array([stamp_from(p.header.stamp) for p in poses], dtype=float)
            pose = np.array([[p.pose.position.x, p.pose.position.y] for p in poses], dtype=float)
            turns = np.array(
                [[p.pose.orientation.z, p.pose.orientation.w] for p in poses], dtype=float
            )
        heading = np.unwrap(2.0 * np.arctan2(turns[:, 0], turns[:, 1])) if len(turns) else turns
        return PosePath(stamp=stamp, pose=np.column_stack([pose[:, :2], heading]))


def reference_from(msg: Any) -> VelocityReference:
    """What the guard sent for one period, from `commanded` alone."""
    return VelocityReference(stamp=stamp_from(msg.header.stamp), velocity=_velocity(msg.twist))


def _velocity(twist: Any) -> Array:
    return np.array([twist.linear.x, twist.linear.y, twist.angular.z], dtype=float)
