"""What the robot should do: a path, published once and latched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nav_msgs.msg import Path
from rclpy.node import Node
from std_msgs.msg import String

from robot_meta.collection.decoding import stamp_from
from robot_meta.nodes import qos
from robot_meta.nodes.arm_task import ArmTask
from robot_meta.nodes.legged_task import LeggedTask
from robot_meta.nodes.params import given, refuse_unknown
from robot_meta.nodes.robot_topics import topics_of
from robot_meta.nodes.run import run
from robot_meta.nodes.task import Task, TaskConfig
from robot_meta.robots.description import kind_of

TASKS: dict[str, Callable[[Node], Task]] = {"arm": ArmTask, "legs": LeggedTask}
"""What is asked of a robot, by its kind."""


class TaskNode(Node):
    """Publishes the target once it knows the robot's time and that the robot is armed.

    Subscribes: what tells of time and place (`RobotTopics.begin`), state (String), until then.
    Publishes: target (nav_msgs/Path, latched).
    """

    def __init__(self) -> None:
        super().__init__("task")
        self._task = TASKS[kind_of(given(self, "robot", TaskConfig.robot))](self)
        refuse_unknown(self)
        config = self._task.config
        self._topics = topics_of(config.robot, config.cell)
        self._target = self.create_publisher(Path, "target", qos.latched())
        self._newest: Any = None
        self._running = not config.wait_until_running
        begin = self._topics.begin
        self._inputs: list[Any] = [
            self.create_subscription(
                self._topics.sent[begin], begin, self._on_measurement, qos.external()
            ),
            self.create_subscription(String, "state", self._on_state, qos.latched()),
        ]

    def _on_measurement(self, msg: Any) -> None:
        self._newest = msg
        self._publish_when_ready()

    def _on_state(self, msg: String) -> None:
        self._running = self._running or msg.data.startswith("RUNNING")
        self._publish_when_ready()

    def _publish_when_ready(self) -> None:
        if self._newest is None or not self._running or not self._inputs:
            return
        begin = stamp_from(self._newest.header.stamp) + self._task.config.start
        try:
            target = self._task.target(self._newest, begin)
        except ValueError as error:
            self.get_logger().warning(f"no target yet: {error}", throttle_duration_sec=5.0)
            return
        self._target.publish(self._topics.target_msg(target))
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        self._inputs = []
        self.get_logger().info(
            f"target '{self._task.path}' from {target.stamp[0]:.2f} s to "
            f"{target.stamp[-1]:.2f} s of robot time"
        )


def main() -> int:
    """Run the node."""
    return run("task", TaskNode)
