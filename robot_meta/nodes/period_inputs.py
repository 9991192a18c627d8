"""The messages of each control period, put together as they come."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.node import Node

from robot_meta.collection.decoding import stamp_from
from robot_meta.collection.periods import PeriodJoiner
from robot_meta.nodes import qos
from robot_meta.nodes.robot_topics import RobotTopics


class PeriodInputs:
    """Hands over the newest period, once all of it is there and nothing of a later one.

    Args:
        node: The node that listens.
        topics: How the robot speaks.
        repeated: Called when the robot sends a period again that was answered.
        overtaken: Called with the messages of a period that a later one overtook.
        ready: Called with the time of the arrival when a message has come, [s] of `perf_counter`.

    Attributes:
        answered: Stamp of the newest period that was answered, [s].
    """

    def __init__(
        self,
        node: Node,
        topics: RobotTopics,
        *,
        repeated: Callable[[], None],
        overtaken: Callable[[list[Any]], None],
        ready: Callable[[float], None],
    ) -> None:
        self.answered: float | None = None
        self._repeated, self._overtaken, self._ready = repeated, overtaken, ready
        self._last = topics.period[-1]
        self._joiner = PeriodJoiner(topics.period)
        self._newest: list[Any] | None = None  # not yet answered
        self._inputs = {
            topic: node.create_subscription(
                topics.sent[topic], topic, partial(self._on_part, topic), qos.periods()
            )
            for topic in topics.period
        }

    def take(self) -> list[Any] | None:
        """The messages of the newest period that waits for an answer, or None."""
        if self._newest is None or self._joiner.incomplete:
            return None
        parts, self._newest = self._newest, None
        return parts

    def _on_part(self, topic: str, msg: Any) -> None:
        arrival = time.perf_counter()
        self._take_in(topic, msg)
        for name, subscription in self._inputs.items():  # what came while the last plan was made
            with subscription.handle:
                while taken := subscription.handle.take_message(subscription.msg_type, False):
                    self._take_in(name, taken[0])
        self._ready(arrival)

    def _take_in(self, topic: str, msg: Any) -> None:
        """Put `msg` to its period; a period that a later one overtakes is only learned from."""
        if self.answered is not None and stamp_from(msg.header.stamp) == self.answered:
            if topic == self._last:
                self._repeated()
            return
        parts = self._joiner.put(topic, msg)
        if parts is None:
            return
        overtaken, self._newest = self._newest, parts
        if overtaken is not None:
            self._overtaken(overtaken)
