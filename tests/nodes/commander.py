"""A controller of a few lines, run as a process of its own: answers every state.

python commander.py MODE [NAME]     MODE: sine, still, nan, names, silent_after:N
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectory

from robot_meta.benchmarks.guard.commander import SPEC, swing
from robot_meta.collection.decoding import commanded_from
from robot_meta.nodes import messages, qos
from robot_meta.types import Command


class Commander(Node):
    def __init__(self, mode, name):
        super().__init__(name)
        self._mode, _, count = mode.partition(":")
        self._left = int(count or 0)
        self._pub = self.create_publisher(JointTrajectory, "command", 10)
        self.create_subscription(JointTrajectory, "commanded", self._on_commanded, qos.newest())

    def _on_commanded(self, msg):
        self._left -= 1
        commanded = commanded_from(msg, SPEC.joint_names)
        command = swing(commanded)
        if self._mode == "still":
            command = Command(
                stamp=commanded.stamp, position=commanded.position[1], velocity=np.zeros(7)
            )
        answer = messages.command_msg(command, SPEC.joint_names, SPEC.control_dt)
        if self._mode == "nan" and self._left < 0:
            answer.points[0].positions[3] = float("nan")
        if self._mode == "names" and self._left < 0:
            answer.joint_names[3] = "elbow"
        self._pub.publish(answer)


if __name__ == "__main__":
    rclpy.init()
    try:
        rclpy.spin(Commander(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "commander"))
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        rclpy.try_shutdown()
