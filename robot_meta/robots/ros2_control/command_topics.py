"""One sample of a reference as the messages that arm controllers listen to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from robot_meta.kinematics import KinematicChain, quat_xyzw_from_rotation
from robot_meta.types import Array


@dataclass(frozen=True)
class Sample:
    """What the arm should do now.

    Attributes:
        position: (J,), [rad].
        velocity: (J,), [rad/s].
        period: Until the next sample, [s].
    """

    position: Array
    velocity: Array
    period: float


@dataclass(frozen=True)
class Naming:
    """What stands beside the numbers of a message.

    Attributes:
        joints: Names of the joints.
        chain: Kinematics, to tell where the tool is.
        frame: In which a pose of the tool is told.
    """

    joints: Sequence[str]
    chain: KinematicChain
    frame: str


@dataclass(frozen=True)
class CommandTopic:
    """A kind of controller: the type of its messages, and how one is made of a sample.

    A stamp, where a message has one, is left to the sender.
    """

    kind: type
    message: Callable[[Sample, Naming], Any]


def trajectory(sample: Sample, naming: Naming) -> JointTrajectory:
    """One point, to be reached when the next one comes; stamped 0, which means at once.

    Without velocity, because trajectory controllers refuse a last point that moves.
    """
    nanoseconds = round(1e9 * sample.period)
    point = JointTrajectoryPoint(
        positions=sample.position.tolist(),
        time_from_start=Duration(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9),
    )
    return JointTrajectory(joint_names=list(naming.joints), points=[point])


def forward(sample: Sample, naming: Naming) -> Float64MultiArray:
    """Positions, in the order of the controller's own parameter `joints`."""
    return Float64MultiArray(data=sample.position.tolist())


def target_joint(sample: Sample, naming: Naming) -> JointState:
    """Positions and velocities by name."""
    return JointState(
        name=list(naming.joints),
        position=sample.position.tolist(),
        velocity=sample.velocity.tolist(),
    )


def target_pose(sample: Sample, naming: Naming) -> PoseStamped:
    """Where the tool is in that posture."""
    origins, rotations = naming.chain.joint_frames_in_base(sample.position)
    msg = PoseStamped()
    msg.header.frame_id = naming.frame
    point, turn = msg.pose.position, msg.pose.orientation
    point.x, point.y, point.z = origins[-1].tolist()
    turn.x, turn.y, turn.z, turn.w = quat_xyzw_from_rotation(rotations[-1]).tolist()
    return msg


COMMAND_TOPICS = {
    "joint_trajectory": CommandTopic(JointTrajectory, trajectory),
    "forward_command": CommandTopic(Float64MultiArray, forward),
    "target_joint": CommandTopic(JointState, target_joint),
    "target_pose": CommandTopic(PoseStamped, target_pose),
}
