"""From our types to standard ROS messages; pure functions, float64 throughout.

The way back is `robot_meta.collection.decoding`, which needs no ROS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from builtin_interfaces.msg import Duration, Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Path
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from robot_meta.collection.decoding import BASE_FRAME, NANOSECONDS, nanoseconds
from robot_meta.kinematics import KinematicChain, quat_xyzw_from_rotation
from robot_meta.types import Array, Command, Commanded, Observation, TargetPath


def time_msg(stamp: float) -> Time:
    """A stamp [s] as a message; `stamp_from` gives the same float back."""
    sec, nanosec = divmod(nanoseconds(stamp), NANOSECONDS)
    return Time(sec=sec, nanosec=nanosec)


def duration_msg(seconds: float) -> Duration:
    """A duration [s] as a message."""
    sec, nanosec = divmod(nanoseconds(seconds), NANOSECONDS)
    return Duration(sec=sec, nanosec=nanosec)


def joint_state_msg(observation: Observation, joint_names: Sequence[str]) -> JointState:
    """Positions, velocities and commanded torques of `observation`."""
    msg = JointState(
        name=list(joint_names),
        position=observation.position.tolist(),
        velocity=observation.velocity.tolist(),
        effort=observation.torque.tolist(),
    )
    msg.header.stamp = time_msg(observation.stamp)
    return msg


def external_torque_msg(observation: Observation, joint_names: Sequence[str]) -> JointState:
    """External torques of `observation`, as efforts."""
    msg = JointState(name=list(joint_names), effort=observation.external_torque.tolist())
    msg.header.stamp = time_msg(observation.stamp)
    return msg


def commanded_msg(
    commanded: Commanded, joint_names: Sequence[str], control_dt: float
) -> JointTrajectory:
    """What the guard sent: start and end of the period; the frame id carries the reason."""
    msg = _trajectory(commanded.stamp, joint_names)
    msg.header.frame_id = commanded.reason or ("ALTERED" if commanded.altered else "")
    msg.points = [
        _point(commanded.position[i], commanded.velocity[i], i * control_dt) for i in (0, 1)
    ]
    return msg


def command_msg(
    command: Command, joint_names: Sequence[str], control_dt: float
) -> JointTrajectory:
    """What a controller asks for: the reference two periods after the stamp it answers."""
    msg = _trajectory(command.stamp, joint_names)
    msg.points = [_point(command.position, command.velocity, 2.0 * control_dt)]
    return msg


def no_command_msg(stamp: float) -> JointTrajectory:
    """The answer of a controller that has none: no points, so that lockstep does not wait."""
    return _trajectory(stamp, [])


def target_msg(target: TargetPath, frame: str = BASE_FRAME) -> Path:
    """A path of tool positions, each pose with its own stamp; orientations stay at identity."""
    msg = Path()
    msg.header.frame_id = frame
    msg.header.stamp = time_msg(float(target.stamp[0]))
    for stamp, position in zip(target.stamp.tolist(), target.position.tolist(), strict=True):
        pose = PoseStamped()
        pose.header.frame_id, pose.header.stamp = frame, time_msg(stamp)
        pose.pose.position.x, pose.pose.position.y, pose.pose.position.z = position
        msg.poses.append(pose)
    return msg


def tool_pose_msg(
    stamp: float, chain: KinematicChain, position: Array, frame: str = BASE_FRAME
) -> PoseStamped:
    """Where the tool is, believing the joint positions (J,), [rad]."""
    origins, rotations = chain.joint_frames_in_base(position)
    msg = PoseStamped()
    msg.header.frame_id, msg.header.stamp = frame, time_msg(stamp)
    point, turn = msg.pose.position, msg.pose.orientation
    point.x, point.y, point.z = origins[-1].tolist()
    turn.x, turn.y, turn.z, turn.w = quat_xyzw_from_rotation(rotations[-1]).tolist()
    return msg


def status_msg(
    name: str, level: bytes, message: str, values: Mapping[str, object]
) -> DiagnosticStatus:
    """One row of diagnostics; numbers keep 6 significant digits."""
    return DiagnosticStatus(
        name=name,
        level=level,
        message=message,
        values=[KeyValue(key=key, value=_text(value)) for key, value in values.items()],
    )


def diagnostics_msg(stamp: float, statuses: Sequence[DiagnosticStatus]) -> DiagnosticArray:
    """Several rows of diagnostics with one stamp."""
    msg = DiagnosticArray(status=list(statuses))
    msg.header.stamp = time_msg(stamp)
    return msg


def _text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)


def _trajectory(stamp: float, joint_names: Sequence[str]) -> JointTrajectory:
    msg = JointTrajectory(joint_names=list(joint_names))
    msg.header.stamp = time_msg(stamp)
    return msg


def _point(position: Array, velocity: Array, after: float) -> JointTrajectoryPoint:
    return JointTrajectoryPoint(
        positions=position.tolist(),
        velocities=velocity.tolist(),
        time_from_start=duration_msg(after),
    )
