"""The arm live in the browser, in a process of its own so that drawing never delays control."""

from __future__ import annotations

from dataclasses import dataclass

from rclpy.node import Node

from robot_meta.nodes.params import declare_config, refuse_unknown
from robot_meta.nodes.run import run
from robot_meta.nodes.view_topics import ViewTopics
from robot_meta.robots.description import arm_description
from robot_meta.twin.view import LiveView


@dataclass(frozen=True, kw_only=True)
class ViewConfig:
    """What is shown, and where.

    Attributes:
        robot: Robot type.
        port: Of the web page on this machine.
    """

    robot: str = "fr3"
    port: int = 8080


class ViewNode(Node):
    """Shows what the topics say.

    Subscribes: joint_states, target, state, /diagnostics.
    """

    def __init__(self) -> None:
        super().__init__("view")
        config = declare_config(self, ViewConfig())
        refuse_unknown(self)
        description = arm_description(config.robot)
        self._view = LiveView(description, port=config.port)
        ViewTopics(self, self._view, description)
        self.get_logger().info(f"open {self._view.url}")

    def close(self) -> None:
        """End the web page."""
        self._view.close()


def main() -> int:
    """Run the node."""
    return run("view", ViewNode)
