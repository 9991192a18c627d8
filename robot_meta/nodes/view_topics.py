"""What the topics say of the robot, into a live view."""

from __future__ import annotations

import dataclasses

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
from robot_meta.robots.description import ArmDescription
from robot_meta.twin.view import LiveView, ViewState


class ViewTopics:
    """Subscribes joint_states, target, state and /diagnostics.

    Args:
        node: Whose subscriptions they are.
        view: What shows it.
        description: The arm that is shown.
    """

    def __init__(self, node: Node, view: LiveView, description: ArmDescription) -> None:
        self._node, self._view = node, view
        self._names = description.spec.joint_names
        self._body_row = row_name(node.get_namespace(), "robot", "body")
        self._state = ViewState(position=description.spec.home)
        node.create_subscription(JointState, "joint_states", self._on_joint_state, qos.external())
        node.create_subscription(Path, "target", self._on_target, qos.latched())
        node.create_subscription(String, "state", self._on_state, qos.latched())
        node.create_subscription(
            DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.external()
        )

    def _show(self, **changes: object) -> None:
        self._state = dataclasses.replace(self._state, **changes)  # type: ignore[arg-type]
        self._view.show(self._state)

    def _on_joint_state(self, msg: JointState) -> None:
        try:
            self._show(position=by_joint(msg.name, msg.position, self._names, "position"))
        except (RobotMetaError, ValueError) as error:
            self._node.get_logger().warning(str(error), throttle_duration_sec=5.0)

    def _on_target(self, msg: Path) -> None:
        try:
            self._show(target=target_from(msg).position)
        except ValueError as error:
            self._node.get_logger().warning(f"target not shown: {error}")

    def _on_state(self, msg: String) -> None:
        self._show(text=msg.data)

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        for row in msg.status:
            if row.name == self._body_row:
                values = {item.key: item.value for item in row.values}
                x, y, z = (float(word) for word in values["payload_offset"].split())
                mass = float(values["payload_mass"])
                self._show(payload_mass=mass, payload_offset=(x, y, z))
