"""How a walking robot speaks on topics.

What an observation holds as the mean over the period that ended, the messages hold as well:
velocities (`odom`), roll and pitch (`attitude`), their rates (`imu`) and the share of the period
that each foot stood (`foot_contacts`). Position and heading, and the joints, are the newest ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped, Quaternion, TwistStamped, Vector3Stamped
from nav_msgs.msg import Odometry, Path
from sensor_msgs.msg import Imu, JointState

from robot_meta.collection.legged_decoder import GROUND_FRAME, NO_COMMAND, LeggedDecoder
from robot_meta.legged_types import (
    LeggedObservation,
    LeggedSpec,
    PosePath,
    VelocityCommand,
    VelocityCommanded,
)
from robot_meta.nodes.messages import time_msg
from robot_meta.types import Array

HEADING_FRAME, TRUNK_FRAME = "base_footprint", "base"  # level with the robot's heading; the trunk
UNKNOWN = -1.0  # first covariance of what an Imu message does not tell


class LeggedTopics(LeggedDecoder):
    """See `RobotTopics`.

    Args:
        spec: The robot.
    """

    sent: Mapping[str, type] = {
        "joint_states": JointState,
        "odom": Odometry,
        "attitude": Vector3Stamped,
        "imu": Imu,
        "foot_contacts": JointState,
        "commanded": TwistStamped,
        "commanded_before": TwistStamped,
    }
    command: type = TwistStamped
    begin = "odom"
    asks_limits = False

    def __init__(self, spec: LeggedSpec) -> None:
        super().__init__(spec)
        self._spec = spec

    def period_msgs(
        self, observation: LeggedObservation, commanded: VelocityCommanded
    ) -> dict[str, Any]:
        """See `RobotTopics`."""
        reason = commanded.reason or ("ALTERED" if commanded.altered else "")
        before, now = commanded.velocity
        return {
            "joint_states": self._joints_msg(observation),
            "odom": _odometry(observation),
            "attitude": _attitude(observation),
            "imu": _imu(observation),
            "foot_contacts": self._feet_msg(observation),
            "commanded": _twist(commanded.stamp, now, reason),
            "commanded_before": _twist(commanded.stamp, before, ""),
        }

    def command_msg(self, command: VelocityCommand) -> TwistStamped:
        """See `RobotTopics`."""
        return _twist(command.stamp, command.velocity, TRUNK_FRAME)

    def no_command_msg(self, stamp: float) -> TwistStamped:
        """See `RobotTopics`."""
        return _twist(stamp, np.zeros(3), NO_COMMAND)

    def target_msg(self, target: PosePath) -> Path:
        """See `RobotTopics`."""
        msg = _stamped(Path(), float(target.stamp[0]), GROUND_FRAME)
        for stamp, (x, y, heading) in zip(
            target.stamp.tolist(), target.pose.tolist(), strict=True
        ):
            pose = _stamped(PoseStamped(), stamp, GROUND_FRAME)
            pose.pose.position.x, pose.pose.position.y = x, y
            pose.pose.orientation = _orientation(0.0, 0.0, heading)
            msg.poses.append(pose)
        return msg

    def at_rest(self) -> tuple[LeggedObservation, VelocityCommanded, PosePath]:
        """See `RobotTopics`: standing at the origin."""
        still = np.zeros(self._spec.num_joints)
        observation = LeggedObservation(
            stamp=0.0,
            pose=np.zeros(3),
            velocity=np.zeros(3),
            attitude=np.zeros(2),
            rates=np.zeros(2),
            feet=np.ones(self._spec.num_legs),
            joint_position=self._spec.stand,
            joint_velocity=still,
            joint_torque=still,
        )
        commanded = VelocityCommanded(
            stamp=0.0, velocity=np.zeros((2, 3)), altered=False, reason=""
        )
        return observation, commanded, PosePath(stamp=np.zeros(1), pose=np.zeros((1, 3)))

    def _joints_msg(self, observation: LeggedObservation) -> JointState:
        msg = JointState(
            name=list(self._spec.joint_names),
            position=observation.joint_position.tolist(),
            velocity=observation.joint_velocity.tolist(),
            effort=observation.joint_torque.tolist(),
        )
        return _stamped(msg, observation.stamp, "")

    def _feet_msg(self, observation: LeggedObservation) -> JointState:
        msg = JointState(name=list(self._spec.leg_names), position=observation.feet.tolist())
        return _stamped(msg, observation.stamp, "")


def _odometry(observation: LeggedObservation) -> Odometry:
    """Newest place and mean velocity; the orientation, level, is there for other readers."""
    msg = _stamped(Odometry(), observation.stamp, GROUND_FRAME)
    msg.child_frame_id = HEADING_FRAME
    x, y, heading = observation.pose.tolist()
    msg.pose.pose.position.x, msg.pose.pose.position.y = x, y
    msg.pose.pose.orientation = _orientation(0.0, 0.0, heading)
    velocity = msg.twist.twist
    velocity.linear.x, velocity.linear.y, velocity.angular.z = observation.velocity.tolist()
    return msg


def _attitude(observation: LeggedObservation) -> Vector3Stamped:
    """Mean roll and pitch and the newest heading, which counts turns."""
    msg = _stamped(Vector3Stamped(), observation.stamp, GROUND_FRAME)
    msg.vector.x, msg.vector.y = observation.attitude.tolist()
    msg.vector.z = float(observation.pose[2])
    return msg


def _imu(observation: LeggedObservation) -> Imu:
    """Mean angular velocity, and the orientation for other readers; no acceleration."""
    msg = _stamped(Imu(), observation.stamp, TRUNK_FRAME)
    roll, pitch = observation.attitude.tolist()
    msg.orientation = _orientation(roll, pitch, float(observation.pose[2]))
    turning = msg.angular_velocity
    turning.x, turning.y = observation.rates.tolist()
    turning.z = float(observation.velocity[2])
    msg.linear_acceleration_covariance[0] = UNKNOWN
    return msg


def _twist(stamp: float, velocity: Array, frame: str) -> TwistStamped:
    msg = _stamped(TwistStamped(), stamp, frame)
    twist = msg.twist
    twist.linear.x, twist.linear.y, twist.angular.z = velocity.tolist()
    return msg


def _stamped(msg: Any, stamp: float, frame: str) -> Any:
    msg.header.stamp, msg.header.frame_id = time_msg(stamp), frame
    return msg


def _orientation(roll: float, pitch: float, heading: float) -> Quaternion:
    """Of the trunk turned by `heading` about z, then `pitch` about y, then `roll` about x."""
    (cr, sr), (cp, sp), (cy, sy) = (
        (math.cos(0.5 * angle), math.sin(0.5 * angle)) for angle in (roll, pitch, heading)
    )
    return Quaternion(
        w=cr * cp * cy + sr * sp * sy,
        x=sr * cp * cy - cr * sp * sy,
        y=cr * sp * cy + sr * cp * sy,
        z=cr * cp * sy - sr * sp * cy,
    )
