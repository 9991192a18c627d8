"""What the topics say, in the words of the operator's page."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry, Path
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from robot_meta.collection.decoding import stamp_from
from robot_meta.nodes import qos
from robot_meta.nodes.images import pose_from
from robot_meta.nodes.robot_topics import topics_of
from robot_meta.perception.poses import Pose
from robot_meta.robots.description import kind_of
from robot_meta.safety.reasons import explain
from robot_meta.web.board import Board

_PERIOD = 0.1  # of the curves, [s]
_SILENCE = 0.5  # after which the robot is said to be silent, [s]
_ALTERED = 1.0  # how long an altered command is shown, [s]
_DIGITS = 4  # of a metre, on the page


@dataclass(frozen=True)
class Follower:
    """What of a robot follows its target.

    Attributes:
        name: On the page.
        topic: That tells where it is.
        kind: Type of its messages.
        pose: Reads one.
        axes: How many of its coordinates the target says.
        led: Whether a hand on the page may lead it.
    """

    name: str
    topic: str
    kind: type
    pose: Callable[[Any], Pose]
    axes: int
    led: bool


FOLLOWERS = {
    "arm": Follower("Tool", "tool_pose", PoseStamped, lambda msg: pose_from(msg.pose), 3, True),
    "legs": Follower("Body", "odom", Odometry, lambda msg: pose_from(msg.pose.pose), 2, False),
}
"""By the kind of robot."""


class WebFacts:
    """Writes on the board of the page.

    Subscribes: what tells where the robot is, state, controller_state, commanded, target,
        adaptation, recording, instruction, gripper_state, teleop_state.

    Args:
        node: Whose subscriptions they are.
        board: What the page shows.
        robot: Robot type.
    """

    def __init__(self, node: Node, board: Board, robot: str) -> None:
        self._node, self._board, self._topics = node, board, topics_of(robot)
        self._follower = follower = FOLLOWERS[kind_of(robot)]
        self._where: tuple[float, float, Pose] | None = None  # heard [s], stamp [s], pose
        self._target: Any = None
        self._losses: tuple[float | None, float | None] = (None, None)
        self._adapted = self._altered = 0.0
        self._began = time.monotonic()
        latched, newest = qos.latched(), qos.newest()
        node.create_subscription(follower.kind, follower.topic, self._on_where, newest)
        node.create_subscription(String, "state", self._on_state, latched)
        commanded = self._topics.sent["commanded"]
        node.create_subscription(commanded, "commanded", self._on_commanded, newest)
        node.create_subscription(Path, "target", self._on_target, latched)
        node.create_subscription(DiagnosticArray, "adaptation", self._on_adaptation, newest)
        node.create_subscription(JointState, "gripper_state", self._on_gripper, newest)
        for topic in ("controller_state", "recording", "instruction", "teleop_state"):
            board.put(topic, "")
            node.create_subscription(String, topic, partial(self._on_text, topic), latched)
        board.put("silent", True)
        board.put("follower", {"name": follower.name, "led": follower.led})
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # simulated time may stand still
        node.create_timer(_PERIOD, self._sample, clock=steady)

    def tool(self) -> Pose | None:
        """Where the tool is, base frame; None where the robot is silent or has none to lead."""
        return self._pose() if self._follower.led else None

    def _pose(self) -> Pose | None:
        """Where what follows the target is; None where the robot is silent."""
        if self._where is None or time.monotonic() - self._where[0] > _SILENCE:
            return None
        return self._where[2]

    def _on_where(self, msg: Any) -> None:
        self._where = (time.monotonic(), stamp_from(msg.header.stamp), self._follower.pose(msg))

    def _on_state(self, msg: String) -> None:
        state, _, code = msg.data.partition(" ")
        about = explain(code) if code else None
        self._board.put(
            "state",
            {
                "state": state,
                "code": code,
                "meaning": about.meaning if about else "",
                "remedy": about.remedy if about else "",
            },
        )

    def _on_text(self, topic: str, msg: String) -> None:
        self._board.put(topic, msg.data)

    def _on_commanded(self, msg: Any) -> None:
        now, code = time.monotonic(), msg.header.frame_id
        if code:
            about = explain(code)
            self._altered = now
            self._board.put(
                "altered", {"code": code, "meaning": about.meaning, "remedy": about.remedy}
            )
        elif now - self._altered > _ALTERED:
            self._board.put("altered", None)

    def _on_target(self, msg: Path) -> None:
        try:
            self._target = self._topics.target_from(msg)
        except ValueError as error:
            self._node.get_logger().warning(f"target not shown: {error}")

    def _on_adaptation(self, msg: DiagnosticArray) -> None:
        for row in msg.status:
            values = {item.key: item.value for item in row.values}
            before, after = (values.get(f"loss_{when}") for when in ("before", "after"))
            self._losses = (_number(before), _number(after))
            self._adapted = time.monotonic()
            self._board.put("adaptation", row.message)

    def _on_gripper(self, msg: JointState) -> None:
        width = round(float(msg.position[0]), _DIGITS) if msg.position else None
        self._board.put("gripper", {"width": width, "text": msg.header.frame_id})

    def _sample(self) -> None:
        """One more point of the curves, and whether the robot is still there."""
        pose, error, axes = self._pose(), None, self._follower.axes
        self._board.put("silent", pose is None)
        if pose is not None and self._where is not None:
            self._board.put("place", [round(float(x), _DIGITS) for x in pose.position])
            if self._target is not None:
                wanted = self._target.at(np.array([self._where[1]]))[0]
                error = 1e3 * float(np.linalg.norm(pose.position[:axes] - wanted[:axes]))
        now = time.monotonic()
        losses = self._losses if now - self._adapted < _SILENCE else (None, None)
        self._board.sample((round(now - self._began, 2), *losses, error))


def _number(text: str | None) -> float | None:
    """A finite number, or None; JSON knows no others."""
    value = float(text) if text is not None else np.nan
    return value if np.isfinite(value) else None
