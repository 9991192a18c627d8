"""A person drives the robot in the controller's place: every motion passes the guard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rclpy.node import Node
from std_msgs.msg import String

from robot_meta.errors import RobotMetaError
from robot_meta.nodes import qos
from robot_meta.nodes.guard_limits import GuardLimits
from robot_meta.nodes.keys_client import STATUS
from robot_meta.nodes.params import declare_config, refuse_unknown
from robot_meta.nodes.run import run
from robot_meta.nodes.teleop_buttons import Hand, ServiceButtons
from robot_meta.nodes.teleop_devices import KeyTopic, PageHand, find_device, steady_time
from robot_meta.nodes.teleop_kinds import KINDS
from robot_meta.robots.description import kind_of
from robot_meta.teleoperation.clutch import Hold
from robot_meta.teleoperation.device import (
    MAX_GAP,
    MAX_SILENCE,
    Button,
    Device,
    Reading,
    check_gaps,
)
from robot_meta.teleoperation.motion import MotionConfig
from robot_meta.teleoperation.plugging import Plugged
from robot_meta.teleoperation.sharing import Shared


@dataclass(frozen=True, kw_only=True)
class TeleopConfig:
    """Which robot is driven, and with what.

    Attributes:
        robot: Robot type.
        cell: File that says where the tool point is; empty for that of the robot type.
        speed_scale: Share of the robot's velocity limits that its guard allows.
        limits_of: Robot node that tells what its guard enforces.
        device: What the person holds: "spacemouse", "gamepad", "keyboard" (see `robot-meta teleop
            keys`) or "pose" (topics of a hand in space). The keyboard's buttons count with every
            device, and so does the operator's page with an arm: who takes hold first has it.
        device_path: Node of the device, such as /dev/input/event5; empty for the first one found.
        max_silence: A SpaceMouse that is pushed, or the clutch of a hand in space, counts as let
            go when it says nothing for so long, [s].
        max_gap: What these move comes to rest when they say nothing for so long, and goes on when
            they speak again before `max_silence`; the tool is at rest 85 ms later at most, [s].
        motion: How fast the tool may go; of a walking robot its `share` counts.
    """

    robot: str = "fr3"
    cell: str = ""
    speed_scale: float = 1.0
    limits_of: str = "robot"
    device: str = "keyboard"
    device_path: str = ""
    max_silence: float = MAX_SILENCE
    max_gap: float = MAX_GAP
    motion: MotionConfig = field(default_factory=MotionConfig)

    def __post_init__(self) -> None:
        if not 0.0 < self.speed_scale <= 1.0:
            raise ValueError(f"speed_scale must be in (0, 1], got {self.speed_scale}")
        check_gaps(self.max_gap, self.max_silence)


class TeleopNode(Node):
    """Answers every period with what a person wants of the robot.

    Subscribes: commanded, state and recording (String), gripper_state (JointState) of an arm, and
        the topics of the device, where it has any.
    Publishes: command, gripper_command (JointState) of an arm, teleop_state (String).
    Calls: the services that the device has buttons for.
    """

    def __init__(self) -> None:
        super().__init__("teleop")
        self._config = config = declare_config(self, TeleopConfig())
        refuse_unknown(self)
        make = KINDS[kind_of(config.robot)]
        driving = make(config.robot, config.cell, config.speed_scale, config.motion)
        self._driving, self._operator = driving, driving.operator
        self._keys = KeyTopic(self)
        self._plugged = Plugged(self._find)
        devices: list[Device] = [self._plugged]
        if driving.has_hand:
            devices.append(PageHand(self, config.max_silence, config.max_gap))
        self._device = Shared(devices)
        self._answered: float | None = None
        self._robot_state, self._state_text, self._told = "", "", ""
        topics, profile = driving.topics, qos.command(driving.control_dt, lockstep=False)
        self._command = self.create_publisher(topics.command, "command", profile)
        self._state = self.create_publisher(String, "teleop_state", qos.latched())
        self._buttons = ServiceButtons(self)
        self._hand = Hand(self) if driving.has_hand else None
        self.create_subscription(
            topics.sent["commanded"], "commanded", self._on_commanded, qos.newest()
        )
        self.create_subscription(String, "state", self._on_state, qos.latched())
        if driving.use_limits is not None:
            self._limits = GuardLimits(self, config.limits_of, driving.use_limits)
        self._tell()
        self.get_logger().info(
            f"device '{config.device}' drives the robot once it is armed; keys come from a second "
            "terminal: robot-meta teleop keys"
        )

    def close(self) -> None:
        """Let go of the device."""
        self._device.close()

    def _find(self) -> Device:
        c = self._config
        limits = (c.max_silence, c.max_gap)
        return find_device(c.device, c.device_path, *limits, node=self, keys=self._keys)

    def _on_state(self, msg: String) -> None:
        self._robot_state = msg.data
        self._tell()

    def _on_commanded(self, msg: Any) -> None:
        try:
            commanded = self._driving.commanded_from(msg)
        except (RobotMetaError, ValueError) as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)
            return  # silence: the guard holds
        if commanded.stamp == self._answered:
            return
        self._answered = commanded.stamp
        reading = self._device.read(steady_time())
        command = self._operator.command_for(commanded, reading, self._follows)
        self._command.publish(self._driving.topics.command_msg(command))
        self._heed(reading)
        self._heed(Reading(buttons=self._keys.read(steady_time()).buttons))
        self._tell()

    @property
    def _follows(self) -> bool:
        """Whether the robot follows commands."""
        return self._robot_state.startswith("RUNNING")

    def _heed(self, reading: Reading) -> None:
        """What the person asks for besides motion."""
        for button in reading.buttons:
            if button is Button.GRIPPER:
                if self._hand is not None:
                    self._hand.toggle()
            elif button in (Button.FASTER, Button.SLOWER):
                self._operator.faster(1 if button is Button.FASTER else -1)
            else:
                self._buttons.press(button)
        if self._follows and self._hand is not None:
            if reading.width is not None:
                self._hand.want(reading.width)
            if reading.grip is not None:
                self._hand.ask(reading.grip)

    def _tell(self) -> None:
        """Publish how device and clutch stand, and log what a person has to know."""
        hold, trouble = self._operator.clutch.hold, self._plugged.trouble
        word = "LOST" if trouble else hold.name
        text = f"{word} {self._operator.share:.0%} {trouble}".strip()
        if text != self._state_text:
            self._state_text = text
            self._state.publish(String(data=text))
        parts = [f"device lost, the robot rests: {trouble}"] if trouble else []
        parts += [
            f"{STATUS}{self._robot_state or 'not heard yet'}",
            f"recording {self._buttons.recording}" if self._buttons.recording else "not recording",
            f"speed {self._operator.share:.0%}",
        ]
        if hold is Hold.WAITING and self._follows:
            parts.append(f"clutch WAITING: {hold.value}")
        told = "; ".join(parts)
        if told == self._told:
            return
        self._told = told
        if trouble:
            self.get_logger().error(told)
        else:
            self.get_logger().info(told)


def main() -> int:
    """Run the node."""
    return run("teleop", TeleopNode)
