"""The arm live in the browser, in a process of its own so that drawing never delays control."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.msg import Path
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from robot_meta.collection.decoding import target_from
from robot_meta.errors import RobotMetaError
from robot_meta.joint_order import by_joint
from robot_meta.nodes import qos
from robot_meta.nodes.diagnostics import row_name
from robot_meta.nodes.params import declare_config, refuse_unknown
from robot_meta.nodes.run import run
from robot_meta.robots.description import arm_description
from robot_meta.twin.view import LiveView, ViewState


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
        self._names = description.spec.joint_names
        self._body_row = row_name(self.get_namespace(), "robot", "body")
        self._state = ViewState(position=description.spec.home)
        self._view = LiveView(description, port=config.port)
        self.create_subscription(JointState, "joint_states", self._on_joint_state, qos.external())
        self.create_subscription(Path, "target", self._on_target, qos.latched())
        self.create_subscription(String, "state", self._on_state, qos.latched())
        self.create_subscription(
            DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.external()
        )
        self.get_logger().info(f"open {self._view.url}")

    def close(self) -> None:
        """End the web page."""
        self._view.close()

    def _show(self, **changes: object) -> None:
        self._state = dataclasses.replace(self._state, **changes)  # type: ignore[arg-type]
        self._view.show(self._state)

    def _on_joint_state(self, msg: JointState) -> None:
        try:
            self._show(position=by_joint(msg.name, msg.position, self._names, "position"))
        except (RobotMetaError, ValueError) as error:
            self.get_logger().warning(str(error), throttle_duration_sec=5.0)

    def _on_target(self, msg: Path) -> None:
        try:
            self._show(target=target_from(msg).position)
        except ValueError as error:
            self.get_logger().warning(f"target not shown: {error}")

    def _on_state(self, msg: String) -> None:
        self._show(text=msg.data)

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        for row in msg.status:
            if row.name == self._body_row:
                values = {item.key: item.value for item in row.values}
                x, y, z = (float(word) for word in values["payload_offset"].split())
                mass = float(values["payload_mass"])
                self._show(payload_mass=mass, payload_offset=(x, y, z))


def main() -> int:
    """Run the node."""
    return run("view", ViewNode)
