"""A terminal beside the launch: its keys go to the teleop node, what that says comes back."""

from __future__ import annotations

import sys
from functools import partial

import rclpy
from rcl_interfaces.msg import Log
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.utilities import ok, try_shutdown
from std_msgs.msg import String

from robot_meta.errors import DeviceUnavailable
from robot_meta.nodes import qos
from robot_meta.safety.reasons import explain
from robot_meta.teleoperation.keyboard import BUTTON_KEYS, HELP, LET_GO, MOTION_KEYS
from robot_meta.teleoperation.terminal import Terminal

STATUS = "robot "  # how lines of the teleop node begin that say what is shown here anyway
_POLL = 0.02  # how long keys are waited for, then messages are looked at, [s]
_FAREWELL = 0.5  # how long the last word may take to arrive, [s]
_LEAVE = "ctrl-d"


class KeysClient:
    """Publishes `teleop_keys`; shows how robot, clutch and recording stand in one line.

    Args:
        namespace: Of the teleop node.
    """

    def __init__(self, namespace: str = "") -> None:
        self._node = Node("teleop_keys", namespace=namespace)
        self._teleop = f"{self._node.get_namespace().strip('/')}.teleop".lstrip(".")
        self._keys = self._node.create_publisher(String, "teleop_keys", 10)
        self._heard: dict[str, str] = {}
        for topic in ("state", "teleop_state", "recording"):
            self._node.create_subscription(
                String, topic, partial(self._on_word, topic), qos.latched()
            )
        self._node.create_subscription(Log, "/rosout", self._on_log, 100)
        self._shown = ""

    def run(self, terminal: Terminal) -> None:
        """Until the person leaves; a jog ends with that, or with the terminal."""
        print(HELP, flush=True)
        try:
            while ok():
                for key in terminal.keys(_POLL):
                    if key == _LEAVE:
                        return
                    self._press(key)
                rclpy.spin_once(self._node, timeout_sec=0.0)
                self._show()
        finally:
            if ok():
                self._keys.publish(String(data=LET_GO))
                self._keys.wait_for_all_acked(Duration(seconds=_FAREWELL))

    def status(self) -> str:
        """How all stands, in one line."""
        if not self._keys.get_subscription_count():
            return "nobody hears the keys: robot-meta launch play.launch.xml device:=keyboard"
        words = self._heard
        episode = words.get("recording", "")
        return (
            f"robot {words.get('state', '?')} | clutch {words.get('teleop_state', '?')} | "
            f"{f'recording {episode}' if episode else 'not recording'}"
        )

    def _press(self, key: str) -> None:
        if key in MOTION_KEYS or key in BUTTON_KEYS:
            self._keys.publish(String(data=key))
        elif key.lower() in MOTION_KEYS:
            self._say(f"no key '{key}': is caps lock on?")

    def _on_word(self, topic: str, msg: String) -> None:
        self._heard[topic] = msg.data
        state, _, reason = msg.data.partition(" ")
        if topic == "state" and reason:
            about = explain(reason)
            self._say(f"{state} {reason}: {about.meaning} {about.remedy}")

    def _on_log(self, msg: Log) -> None:
        if msg.name == self._teleop and not msg.msg.startswith(STATUS):
            self._say(msg.msg)

    def _say(self, text: str) -> None:
        """A line that stays, above the one that changes."""
        self._shown = ""
        print(f"\r\x1b[K{text}", flush=True)

    def _show(self) -> None:
        text = self.status()
        if text != self._shown:
            self._shown = text
            print(f"\r\x1b[K{text}", end="", flush=True)


def main(namespace: str = "") -> int:
    """Send the keys of standard input until the person leaves; the exit code.

    Raises:
        DeviceUnavailable: Standard input is no terminal, or it was closed.
    """
    terminal = Terminal(sys.stdin.fileno())
    rclpy.init(args=[])
    try:
        client = KeysClient(namespace)
        with terminal:
            client.run(terminal)
        print(flush=True)
    except KeyboardInterrupt:
        print(flush=True)  # one of the ways to leave
    except OSError as error:
        raise DeviceUnavailable(f"the terminal was closed: {error.strerror}") from None
    finally:
        try_shutdown()
    return 0
