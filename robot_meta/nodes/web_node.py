"""The operator's page, in a process of its own so that no browser delays the robot."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from geometry_msgs.msg import PoseStamped
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Bool, Float64, String
from std_srvs.srv import Trigger

from robot_meta.collection.decoding import BASE_FRAME
from robot_meta.nodes import qos
from robot_meta.nodes.backends import SCENES
from robot_meta.nodes.images import color_from, pose_msg
from robot_meta.nodes.params import declare_config, refuse_unknown
from robot_meta.nodes.run import run
from robot_meta.nodes.topics import SERVICES
from robot_meta.nodes.view_node import VIEWS, ViewConfig
from robot_meta.nodes.web_facts import WebFacts
from robot_meta.robots.description import kind_of
from robot_meta.web.access import Access, default_key_file, kept_key
from robot_meta.web.board import Board
from robot_meta.web.hand import Hand, HandConfig
from robot_meta.web.operator import OperatorPage
from robot_meta.web.pictures import Pictures
from robot_meta.web.private_viser import private_viser
from robot_meta.web.server import PageServer
from robot_meta.web.tool_handle import ToolHandle

ASKED = ("robot", "controller", "episodes")  # whose services the page calls
NOT_ASKED = ("estop", "machine_time")  # the page stops by a topic of its own
HAND_PERIOD = 0.01  # [s]; see `max_gap` of the teleop node
LOOK_PERIOD = 0.5  # for services, listeners and cameras that came or went, [s]
PATIENCE = 20.0  # for the answer of a service: an episode may be long in coming to the disk, [s]


@dataclass(frozen=True, kw_only=True)
class WebConfig:
    """What the page shows, and where it is.

    Attributes:
        robot: Robot type.
        scene: "table", or "desk" where the twin has one.
        desk_seed: Which of all desks, -1 for the nominal one.
        port: Of the page on this machine.
        key_file: Where the page's key is kept; empty for robot_meta/page_key in the folder for
            the state of this user's programs.
        cameras: Whose pictures can be seen.
        hand: How the page moves the robot.
    """

    robot: str = "fr3"
    scene: Literal["table", "desk"] = "table"
    desk_seed: int = -1
    port: int = 8090
    key_file: str = ""
    cameras: tuple[str, ...] = ("camera", "wrist_camera")
    hand: HandConfig = field(default_factory=HandConfig)

    def __post_init__(self) -> None:
        if self.scene not in SCENES:
            raise ValueError(f"scene must be one of {list(SCENES)}, got '{self.scene}'")
        if not 1024 <= self.port <= 65535:
            raise ValueError(f"port must be in [1024, 65535], got {self.port}")


class WebNode(Node):
    """Shows what the topics say, and says what a person at the page asks for.

    Subscribes: see `WebFacts` and `VIEWS`; estop; the cameras that somebody looks at.
    Publishes: page_estop (latched), page_pose, page_clutch, page_gripper, instruction (latched).
    Calls: the services of robot, controller and episodes.
    """

    def __init__(self) -> None:
        super().__init__("web")
        config = declare_config(self, WebConfig())
        refuse_unknown(self)
        key = kept_key(Path(config.key_file) if config.key_file else default_key_file())
        self._folder = tempfile.TemporaryDirectory(prefix="robot_meta_")
        socket = Path(self._folder.name, "view.sock")
        self._board, self._hand = Board(), Hand(config.hand)
        self._pictures, self._seen = Pictures(config.cameras), dict[str, Any]()
        self._stops = self._held = False
        self._make_publishers()
        page = OperatorPage(
            board=self._board,
            operator=self,
            hand=self._hand,
            pictures=self._pictures,
            view=socket,
        )
        self._server = PageServer(page.app, Access(key=key, port=config.port))
        self.get_logger().info(f"open {self._server.address}")
        viser = private_viser(socket)
        shown = ViewConfig(robot=config.robot, scene=config.scene, desk_seed=config.desk_seed)
        self._view = VIEWS[kind_of(config.robot)](self, shown, viser)
        self._handle = ToolHandle(viser, self._hand)
        self._facts = WebFacts(self, self._board, config.robot)
        self.create_subscription(Bool, "estop", self._on_estop, qos.latched())
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # simulated time may stand still
        self.create_timer(HAND_PERIOD, self._move_hand, clock=steady)
        self.create_timer(LOOK_PERIOD, self._look_around, clock=steady)
        self._board.put("view", True)  # it takes seconds to build

    def close(self) -> None:
        """Send the browsers away, end the view."""
        self._hand.release(self._hand.holder(time.monotonic()))
        self._move_hand()
        self._server.close()
        self._view.close()
        self._folder.cleanup()

    def _make_publishers(self) -> None:
        self._estop = self.create_publisher(Bool, "page_estop", qos.latched())
        self._instruction = self.create_publisher(String, "instruction", qos.latched())
        self._clutch = self.create_publisher(Bool, "page_clutch", qos.newest())
        self._pose = self.create_publisher(PoseStamped, "page_pose", qos.newest())
        self._gripper = self.create_publisher(Float64, "page_gripper", qos.newest())
        self._asked = {
            service.name: self.create_client(Trigger, service.name)
            for service in SERVICES
            if service.server in ASKED and service.name not in NOT_ASKED
        }

    # What the page asks for: in its thread, which may publish, and call without waiting.

    async def call(self, service: str) -> tuple[bool, str]:
        """See `Operator`."""
        client = self._asked.get(service)
        if client is None:
            return False, f"want one of {', '.join(self._asked)}, got '{service}'"
        if not client.service_is_ready():
            return False, f"nobody answers `{service}`: is its node running?"
        loop, answer = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

        def done(future: Any) -> None:
            loop.call_soon_threadsafe(_settle, answer, future.result())

        client.call_async(Trigger.Request()).add_done_callback(done)
        try:
            response = await asyncio.wait_for(answer, PATIENCE)
        except asyncio.TimeoutError:
            return False, f"`{service}` has not answered for {PATIENCE:.0f} s"
        return bool(response.success), str(response.message)

    def stop(self) -> None:
        """See `Operator`."""
        self._say_stop(True)
        self._hand.release(self._hand.holder(time.monotonic()))

    def release(self) -> str:
        """See `Operator`."""
        if not self._stops:
            return "the stop is not pressed on this page"
        self._say_stop(False)
        return ""

    def say(self, instruction: str) -> None:
        """See `Operator`."""
        self._instruction.publish(String(data=instruction))

    def grip(self, width: float) -> None:
        """See `Operator`."""
        self._gripper.publish(Float64(data=width))

    def _say_stop(self, pressed: bool) -> None:
        self._estop.publish(Bool(data=pressed))
        self._stops = pressed
        self._board.put("stops_here", pressed)

    # What the topics say.

    def _on_estop(self, msg: Bool) -> None:
        self._board.put("stops_elsewhere", bool(msg.data))

    def _on_picture(self, camera: str, msg: Image) -> None:
        try:
            self._pictures.put(camera, color_from(msg))
        except ValueError as error:
            self.get_logger().warning(f"{camera}: {error}", throttle_duration_sec=5.0)

    # What happens by itself.

    def _move_hand(self) -> None:
        """Tell where the hand is while it is down and its page says so, and once that it is up."""
        tool, now = self._facts.tool(), time.monotonic()
        if tool is not None and self._hand.waits(now):
            return
        if tool is None:  # a robot that says nothing is not led anywhere
            self._hand.release(self._hand.holder(now))
            pose = None
        else:
            pose = self._hand.step(tool, HAND_PERIOD, now)
        if pose is not None:
            msg = PoseStamped(pose=pose_msg(pose))
            msg.header.frame_id, msg.header.stamp = BASE_FRAME, self.get_clock().now().to_msg()
            self._pose.publish(msg)
        if pose is not None or self._held:
            self._clutch.publish(Bool(data=pose is not None))
        elif tool is not None:
            self._handle.place(tool)
        self._held = pose is not None

    def _look_around(self) -> None:
        ready = [name for name, client in self._asked.items() if client.service_is_ready()]
        self._board.put("services", ready)
        followed = self._clutch.get_subscription_count() > 0
        self._board.put("teleoperation", followed)
        self._handle.show(followed)
        for camera in self._pictures.cameras:
            watched = self._pictures.watched(camera)
            if watched and camera not in self._seen:
                self._seen[camera] = self.create_subscription(
                    Image,
                    f"{camera}/color/image_raw",
                    partial(self._on_picture, camera),
                    qos.picture(),
                )
            elif not watched and camera in self._seen:
                self.destroy_subscription(self._seen.pop(camera))


def _settle(answer: asyncio.Future[Any], response: Any) -> None:
    if not answer.done():
        answer.set_result(response)


def main() -> int:
    """Run the node."""
    return run("web", WebNode)
