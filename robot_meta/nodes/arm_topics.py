"""How an arm speaks on topics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Path
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from robot_meta.collection.arm_decoder import ArmDecoder
from robot_meta.kinematics import KinematicChain
from robot_meta.nodes import messages
from robot_meta.types import Command, Commanded, Observation, RobotSpec, TargetPath


class ArmTopics(ArmDecoder):
    """See `RobotTopics`.

    Args:
        spec: The arm.
        chain: Its kinematics.
    """

    sent: Mapping[str, type] = {
        "joint_states": JointState,
        "external_joint_torques": JointState,
        "commanded": JointTrajectory,
        "tool_pose": PoseStamped,
    }
    command: type = JointTrajectory
    begin = "joint_states"
    asks_limits = True

    def __init__(self, spec: RobotSpec, chain: KinematicChain) -> None:
        super().__init__(spec.joint_names)
        self._spec, self._chain = spec, chain

    def period_msgs(self, observation: Observation, commanded: Commanded) -> dict[str, Any]:
        """See `RobotTopics`."""
        names, stamp = self._spec.joint_names, observation.stamp
        return {
            "joint_states": messages.joint_state_msg(observation, names),
            "external_joint_torques": messages.external_torque_msg(observation, names),
            "commanded": messages.commanded_msg(commanded, names, self._spec.control_dt),
            "tool_pose": messages.tool_pose_msg(stamp, self._chain, observation.position),
        }

    def command_msg(self, command: Command) -> JointTrajectory:
        """See `RobotTopics`."""
        return messages.command_msg(command, self._spec.joint_names, self._spec.control_dt)

    def no_command_msg(self, stamp: float) -> JointTrajectory:
        """See `RobotTopics`."""
        return messages.no_command_msg(stamp)

    def target_msg(self, target: TargetPath) -> Path:
        """See `RobotTopics`."""
        return messages.target_msg(target)

    def at_rest(self) -> tuple[Observation, Commanded, TargetPath]:
        """See `RobotTopics`: at home."""
        home, still = self._spec.home, np.zeros(self._spec.num_joints)
        observation = Observation(
            stamp=0.0, position=home, velocity=still, torque=still, external_torque=still
        )
        commanded = Commanded(
            stamp=0.0,
            position=np.stack([home, home]),
            velocity=np.stack([still, still]),
            altered=False,
            reason="",
        )
        target = TargetPath(stamp=np.zeros(1), position=np.full((1, 3), 0.5))
        return observation, commanded, target
