"""Devices by their names; those that speak through topics get their subscriptions here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from geometry_msgs.msg import PoseStamped
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from std_msgs.msg import Bool, Float64, String

from robot_meta.collection.decoding import BASE_FRAME
from robot_meta.errors import BadConfig
from robot_meta.nodes import qos
from robot_meta.nodes.publishers import publishers_of
from robot_meta.perception.poses import Pose
from robot_meta.teleoperation.device import Device
from robot_meta.teleoperation.gamepad import open_gamepad
from robot_meta.teleoperation.keyboard import Keyboard
from robot_meta.teleoperation.pose_source import PoseSource
from robot_meta.teleoperation.spacemouse import open_spacemouse

STEADY = Clock(clock_type=ClockType.STEADY_TIME)
WARN_EVERY = 1.0  # [s]


def steady_time() -> float:
    """Time of this machine that nobody sets, [s]."""
    return STEADY.now().nanoseconds * 1e-9


def hand_from(msg: PoseStamped) -> Pose:
    """The pose of a hand.

    Raises:
        ValueError: Another frame than the base, or numbers that are no pose.
    """
    if msg.header.frame_id not in ("", BASE_FRAME):
        raise ValueError(f"want a pose in frame '{BASE_FRAME}', got '{msg.header.frame_id}'")
    place, turn = msg.pose.position, msg.pose.orientation
    position, quat_xyzw = (place.x, place.y, place.z), (turn.x, turn.y, turn.z, turn.w)
    if not (np.isfinite(position).all() and abs(np.linalg.norm(quat_xyzw) - 1.0) < 0.01):
        raise ValueError(
            f"want a finite position and a unit quaternion, got {position} and (x, y, z, w) = "
            f"{quat_xyzw}"
        )
    return Pose.from_quat_xyzw(position, quat_xyzw)


class _PoseTopics(PoseSource):
    """A source of poses somewhere in the network; where there are two of a name, none is believed.

    Args:
        node: Whose topics they are.
        name: What the topics begin with.
        max_silence: See `PoseSource`.
        max_gap: See `PoseSource`.
    """

    def __init__(self, node: Node, name: str, max_silence: float, max_gap: float) -> None:
        super().__init__(max_silence, max_gap)
        self._node, self._clutch = node, f"{name}_clutch"
        newest = qos.newest()
        self._inputs = [
            node.create_subscription(PoseStamped, f"{name}_pose", self._on_pose, newest),
            node.create_subscription(Bool, self._clutch, self._on_clutch, newest),
            node.create_subscription(Float64, f"{name}_gripper", self._on_width, newest),
        ]

    def _on_pose(self, msg: PoseStamped) -> None:
        try:
            self.take_hand(hand_from(msg), steady_time())
        except ValueError as error:
            self._warn(f"pose of a hand refused: {error}")

    def _on_clutch(self, msg: Bool) -> None:
        sources = publishers_of(self._node, self._clutch) if msg.data else []
        if len(sources) > 1:
            names = ", ".join(sources)
            self._warn(f"nothing moves: want one node that publishes {self._clutch}, got {names}")
        self.take_clutch(msg.data and len(sources) <= 1, steady_time())

    def _on_width(self, msg: Float64) -> None:
        if np.isfinite(msg.data):
            self.take_width(msg.data)

    def _warn(self, text: str) -> None:
        self._node.get_logger().warning(text, throttle_duration_sec=WARN_EVERY)


class PageHand(_PoseTopics):
    """The hand of the operator's page; its buttons ask for a width once."""

    def __init__(self, node: Node, max_silence: float, max_gap: float) -> None:
        super().__init__(node, "page", max_silence, max_gap)

    def _on_width(self, msg: Float64) -> None:
        if np.isfinite(msg.data):
            self.take_grip(msg.data)


class KeyTopic(Keyboard):
    """Keys that a terminal somewhere in the network sends; a launched node has none of its own."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self._input = node.create_subscription(String, "teleop_keys", self._on_key, 10)

    def _on_key(self, msg: String) -> None:
        self.press(msg.data, steady_time())


def find_device(
    name: str, path: str, max_silence: float, max_gap: float, *, node: Node, keys: KeyTopic
) -> Device:
    """The device called `name`.

    Args:
        name: What it is called.
        path: Its node in /dev, where it has one; empty for the first that is found.
        max_silence: A device that must go on speaking counts as let go after so long, [s].
        max_gap: And rests after so long, [s].
        node: Whose topics it uses, where it speaks through topics.
        keys: The keyboard.

    Raises:
        BadConfig: There is none of that name.
        DeviceUnavailable: It is not there, or may not be read.
    """
    devices: dict[str, Callable[[], Device]] = {
        "spacemouse": lambda: open_spacemouse(path, max_silence, max_gap),
        "gamepad": lambda: open_gamepad(path),
        "keyboard": lambda: keys,
        "pose": lambda: _PoseTopics(node, "teleop", max_silence, max_gap),
    }
    if name not in devices:
        raise BadConfig(f"no device '{name}'; choose one of {', '.join(devices)}")
    return devices[name]()
