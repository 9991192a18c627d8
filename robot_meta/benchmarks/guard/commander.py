"""A controller of a few lines: `python -m` makes it a process, which swings every joint."""

from __future__ import annotations

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectory

from robot_meta.collection.decoding import commanded_from
from robot_meta.nodes import messages, qos
from robot_meta.reference import advance, safe_velocity_bounds
from robot_meta.robots.description import arm_description
from robot_meta.types import Command, Commanded

SPEC = arm_description("fr3").spec
SPEED = 0.1  # largest of each joint, [rad/s]


def swing(commanded: Commanded) -> Command:
    """Every joint swings once a second, each in its own phase; depends on nothing else."""
    period = SPEC.control_dt
    position, velocity = commanded.position[1], commanded.velocity[1]
    low, high = safe_velocity_bounds(position, velocity, SPEC.limits, period)
    wanted = SPEED * np.sin(2.0 * np.pi * commanded.stamp + np.arange(SPEC.num_joints))
    following = np.clip(wanted, low, high)
    return Command(
        stamp=commanded.stamp,
        position=advance(position, velocity, following, period),
        velocity=following,
    )


class Commander(Node):
    """Answers every measurement once; while the robot is silent the last one is repeated."""

    def __init__(self) -> None:
        super().__init__("commander")
        self._answered = -1.0
        self._command = self.create_publisher(JointTrajectory, "command", 10)
        self.create_subscription(JointTrajectory, "commanded", self._answer, qos.newest())

    def _answer(self, msg: JointTrajectory) -> None:
        commanded = commanded_from(msg, SPEC.joint_names)
        if commanded.stamp == self._answered:
            return
        self._answered, command = commanded.stamp, swing(commanded)
        self._command.publish(messages.command_msg(command, SPEC.joint_names, SPEC.control_dt))


if __name__ == "__main__":
    rclpy.init()
    try:
        rclpy.spin(Commander())
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        rclpy.try_shutdown()
