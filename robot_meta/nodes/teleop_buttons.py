"""What buttons do: they call services, and open and close the hand."""

from __future__ import annotations

from functools import partial

from rclpy.client import Client
from rclpy.node import Node
from rclpy.task import Future
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger

from robot_meta.nodes import qos
from robot_meta.nodes.gripper_topics import FINGERS
from robot_meta.robots.gripper import FORCE, MAX_WIDTH, SPEED
from robot_meta.teleoperation.device import Button

SERVICES = {
    Button.DISCARD: "discard_episode",
    Button.MARK: "mark_episode",
    Button.RESUME: "resume_episode",
    Button.ARM: "arm",
    Button.HOLD: "hold",
    Button.STOP: "estop",
    Button.RECOVER: "recover",
    Button.HOME: "home",
}
_CHANGED = 0.002  # a wanted width that differs by less is the same, [m]


class ServiceButtons:
    """Calls the service that a button stands for, and says what became of it.

    Args:
        node: Who calls; its executor handles the answers.

    Attributes:
        recording: Key of the episode that is being recorded, or "".
    """

    def __init__(self, node: Node) -> None:
        self._node, self.recording = node, ""
        names = {*SERVICES.values(), "start_episode", "stop_episode"}
        self._clients: dict[str, Client] = {
            name: node.create_client(Trigger, name) for name in sorted(names)
        }
        self._asked: dict[str, Future] = {}
        node.create_subscription(String, "recording", self._on_recording, qos.latched())

    def press(self, button: Button) -> None:
        """Do what `button` stands for, unless it is still being done."""
        if button is Button.RECORD:
            name = "stop_episode" if self.recording else "start_episode"
        else:
            name = SERVICES[button]
        if not self._clients[name].service_is_ready():
            hint = ": launch with store:=FOLDER to record" if "episode" in name else ""
            self._node.get_logger().warning(f"nobody answers the service {name}{hint}")
        elif name not in self._asked:
            self._asked[name] = self._clients[name].call_async(Trigger.Request())
            self._asked[name].add_done_callback(partial(self._on_answer, name))

    def _on_answer(self, name: str, future: Future) -> None:
        del self._asked[name]
        answer = future.result()
        say = self._node.get_logger()
        if answer.success:
            say.info(f"{name}: {answer.message}" if answer.message else name)
        else:
            say.warning(f"{name} refused: {answer.message}")

    def _on_recording(self, msg: String) -> None:
        self.recording = msg.data


class Hand:
    """Opens and closes the gripper by a button, or as wide as a hand in space says.

    Args:
        node: Whose topics they are.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._width: float | None = None  # measured, [m]
        self._wanted: float | None = None  # heard last, [m]
        self._closed = False
        self._command = node.create_publisher(JointState, "gripper_command", qos.state())
        node.create_subscription(JointState, "gripper_state", self._on_state, qos.newest())

    def toggle(self) -> None:
        """Open a hand that is mostly closed; let one that is open grasp whatever is there."""
        if self._width is None:
            self._node.get_logger().warning("this cell has no gripper: see gripper in cell:=FILE")
        elif self._closed:
            self.ask(MAX_WIDTH)
        else:
            self.ask(0.0)

    def want(self, width: float) -> None:
        """Be `width` [m] wide; the first word says how the person's hand is, and moves nothing."""
        if self._wanted is not None and abs(width - self._wanted) < _CHANGED:
            return
        if self._wanted is not None:
            self.ask(width)
        self._wanted = width

    def ask(self, width: float) -> None:
        """Be `width` [m] wide, and take hold of what is in the way of closing."""
        if self._width is not None:
            width = min(max(width, 0.0), MAX_WIDTH)
            self._closed = width < 0.5 * MAX_WIDTH
            self._send(width, FORCE if width < _CHANGED else None)

    def _send(self, width: float, force: float | None = None) -> None:
        msg = JointState(name=[FINGERS], position=[width], velocity=[SPEED])
        if force is not None:
            msg.effort = [force]
        self._command.publish(msg)

    def _on_state(self, msg: JointState) -> None:
        first, self._width = self._width is None, float(msg.position[0])
        if first:
            self._closed = self._width < 0.5 * MAX_WIDTH
