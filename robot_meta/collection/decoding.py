"""From standard ROS messages to our types: order, lengths and stamps checked once.

Works on anything with the fields of the message, so that a node reads live traffic and training
reads recordings through the same lines. Nothing of ROS is imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from robot_meta.joint_order import by_joint
from robot_meta.types import Array, Command, Commanded, Observation, TargetPath

NANOSECONDS = 1_000_000_000
BASE_FRAME = "base"


def stamp_from(time: Any) -> float:
    """Seconds of a builtin_interfaces/Time or Duration, the float nearest to its nanoseconds."""
    return (int(time.sec) * NANOSECONDS + int(time.nanosec)) / NANOSECONDS


def nanoseconds(stamp: float) -> int:
    """The nanoseconds that `stamp_from` turns into `stamp` again, bit for bit.

    Raises:
        ValueError: The stamp is not finite.
    """
    if not np.isfinite(stamp):
        raise ValueError(f"a stamp must be finite, got {stamp}")
    seconds = int(stamp // 1.0)
    return seconds * NANOSECONDS + round((stamp - seconds) * NANOSECONDS)


def observation_from(state: Any, external: Any, joint_names: Sequence[str]) -> Observation:
    """An observation from `joint_states` and `external_joint_torques` of the same stamp.

    Raises:
        MissingJoint: A joint is absent.
        ValueError: Stamps differ, a length is wrong or a value is not finite.
    """
    stamp, other = stamp_from(state.header.stamp), stamp_from(external.header.stamp)
    if stamp != other:
        raise ValueError(f"want one stamp, got joint_states {stamp} and external {other}")
    parts = {
        "position": by_joint(state.name, state.position, joint_names, "position"),
        "velocity": by_joint(state.name, state.velocity, joint_names, "velocity"),
        "torque": by_joint(state.name, state.effort, joint_names, "effort"),
        "external_torque": by_joint(
            external.name, external.effort, joint_names, "external effort"
        ),
    }
    for name, values in parts.items():
        if not np.isfinite(values).all():
            raise ValueError(f"{name} of the observation at {stamp} s is not finite")
    return Observation(stamp=stamp, **parts)


def commanded_from(msg: Any, joint_names: Sequence[str]) -> Commanded:
    """What the guard sent, from `commanded`: two points; the frame id carries the reason.

    Raises:
        MissingJoint: A joint is absent.
        ValueError: Not two points, or a length is wrong.
    """
    position, velocity = _points(msg, joint_names, 2)
    reason = str(msg.header.frame_id)
    return Commanded(
        stamp=stamp_from(msg.header.stamp),
        position=position,
        velocity=velocity,
        altered=bool(reason),
        reason=reason,
    )


def command_from(msg: Any, joint_names: Sequence[str]) -> Command:
    """What a controller asks for, from `command`: one point. Its values are the guard's to judge.

    Raises:
        MissingJoint: A joint is absent.
        ValueError: Not one point, a length is wrong, or a joint that this robot has not.
    """
    position, velocity = _points(msg, joint_names, 1)
    unknown = sorted(set(msg.joint_names) - set(joint_names))
    if unknown:
        raise ValueError(f"the command names joints that this robot has not: {unknown}")
    return Command(stamp=stamp_from(msg.header.stamp), position=position[0], velocity=velocity[0])


def target_from(msg: Any, base_frame: str = BASE_FRAME) -> TargetPath:
    """A target from nav_msgs/Path, or from a geometry_msgs/PoseStamped as a path of one point.

    Raises:
        ValueError: Another frame than the base, or a path that `TargetPath` refuses.
    """
    poses = msg.poses if hasattr(msg, "poses") else [msg]
    if msg.header.frame_id not in ("", base_frame):
        raise ValueError(f"want a target in frame '{base_frame}', got '{msg.header.frame_id}'")
    points = [pose.pose.position for pose in poses]
    return TargetPath(
        stamp=np.array([stamp_from(pose.header.stamp) for pose in poses], dtype=float),
        position=np.array([[p.x, p.y, p.z] for p in points], dtype=float).reshape(-1, 3),
    )


def _points(msg: Any, joint_names: Sequence[str], count: int) -> tuple[Array, Array]:
    """Positions and velocities of a JointTrajectory, each (count, J)."""
    if len(msg.points) != count:
        raise ValueError(f"want a trajectory of {count} points, got {len(msg.points)}")
    names = msg.joint_names
    return (
        np.array([by_joint(names, p.positions, joint_names, "positions") for p in msg.points]),
        np.array([by_joint(names, p.velocities, joint_names, "velocities") for p in msg.points]),
    )
