"""What the topics say of a walking robot, into a live view."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

from nav_msgs.msg import Path
from rclpy.node import Node
from std_msgs.msg import String

from robot_meta.collection.periods import PeriodJoiner
from robot_meta.errors import RobotMetaError
from robot_meta.nodes import qos
from robot_meta.nodes.legged_topics import LeggedTopics
from robot_meta.twin.legged.puppet import Stance
from robot_meta.twin.legged.view import LeggedView, LeggedViewState


class LeggedViewTopics:
    """Subscribes to what the robot sends of every period, target and state.

    Args:
        node: Whose subscriptions they are.
        view: What shows it.
        topics: How the robot speaks.
    """

    def __init__(self, node: Node, view: LeggedView, topics: LeggedTopics) -> None:
        self._node, self._view, self._topics = node, view, topics
        self._state = LeggedViewState()
        self._joiner = PeriodJoiner(topics.period)
        for topic in topics.period:
            node.create_subscription(
                topics.sent[topic], topic, partial(self._on_part, topic), qos.external()
            )
        node.create_subscription(Path, "target", self._on_target, qos.latched())
        node.create_subscription(String, "state", self._on_state, qos.latched())

    def _show(self, **changes: Any) -> None:
        self._state = dataclasses.replace(self._state, **changes)
        self._view.show(self._state)

    def _on_part(self, topic: str, msg: Any) -> None:
        parts = self._joiner.put(topic, msg)
        if parts is None:
            return
        try:
            observation, _ = self._topics.step_from(parts)
        except (RobotMetaError, ValueError) as error:
            self._node.get_logger().warning(str(error), throttle_duration_sec=5.0)
            return
        self._show(stance=Stance.of(observation))

    def _on_target(self, msg: Path) -> None:
        try:
            self._show(target=self._topics.target_from(msg).pose[:, :2])
        except ValueError as error:
            self._node.get_logger().warning(f"target not shown: {error}")

    def _on_state(self, msg: String) -> None:
        self._show(text=msg.data)
