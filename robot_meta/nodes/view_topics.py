"""What the topics say of the robot, into a live view."""

from __future__ import annotations

import dataclasses

from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.msg import Path
from rclpy.node import Node
from std_msgs.msg import String

from robot_meta.collection.decoding import target_from
from robot_meta.nodes import qos
from robot_meta.nodes.diagnostics import row_name
from robot_meta.nodes.posture_topics import PostureTopics
from robot_meta.robots.description import ArmDescription
from robot_meta.twin.posture import Posture
from robot_meta.twin.view import LiveView, ViewState


class ViewTopics:
    """Subscribes joint_states, target, state and /diagnostics; the scene's topics at a desk.

    Args:
        node: Whose subscriptions they are.
        view: What shows it.
        description: The arm that is shown.
        desk: Whether a desk is shown with it.
    """

    def __init__(
        self, node: Node, view: LiveView, description: ArmDescription, *, desk: bool = False
    ) -> None:
        self._node, self._view = node, view
        self._body_row = row_name(node.get_namespace(), "robot", "body")
        self._state = ViewState(position=description.spec.home)
        PostureTopics(node, description.spec.joint_names, self._on_posture, desk=desk)
        node.create_subscription(Path, "target", self._on_target, qos.latched())
        node.create_subscription(String, "state", self._on_state, qos.latched())
        node.create_subscription(
            DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.external()
        )

    def _show(self, **changes: object) -> None:
        self._state = dataclasses.replace(self._state, **changes)  # type: ignore[arg-type]
        self._view.show(self._state)

    def _on_posture(self, posture: Posture) -> None:
        self._show(position=posture.position, scene=posture.scene)

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
