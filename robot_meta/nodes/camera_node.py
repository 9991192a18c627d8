"""A camera on topics, bought or simulated, in a process of its own so that it delays nobody."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image, JointState

from robot_meta.collection.decoding import BASE_FRAME, stamp_from
from robot_meta.errors import BadConfig, RobotMetaError
from robot_meta.joint_order import by_joint
from robot_meta.nodes import messages, qos
from robot_meta.nodes.diagnostics import ERROR, OK, WARN, Monitor, row_name
from robot_meta.nodes.images import camera_info_msg, image_msg
from robot_meta.nodes.params import declare_config, refuse_unknown
from robot_meta.nodes.run import run
from robot_meta.perception import realsense
from robot_meta.perception.camera import Camera, CameraConfig, Frame
from robot_meta.perception.frames import TOOL, FrameTree, load_frames
from robot_meta.perception.stream import CameraStream
from robot_meta.resources import resource
from robot_meta.robots.description import arm_description
from robot_meta.types import Array

COLOR, DEPTH = "camera/color", "camera/aligned_depth_to_color"
FRAMES = "config/frames.yaml"
_POSTER = "tag_"  # a frame of this name and a number is a printed tag that the twin shows


@dataclass(frozen=True, kw_only=True)
class CameraNodeConfig:
    """Which camera, and where it is.

    Attributes:
        source: "realsense", or "twin" for pictures of the simulated arm.
        robot: Robot type; for the twin.
        frame: Optical frame of the pictures: z forward, x right, y down.
        frames_file: What is fixed where, YAML; empty for the shipped config/frames.yaml.
        tag_size: Edge of the black square of the tags that the twin shows, [m].
    """

    source: Literal["realsense", "twin"] = "realsense"
    robot: str = "fr3"
    frame: str = "camera_color_optical_frame"
    frames_file: str = ""
    tag_size: float = 0.08

    def __post_init__(self) -> None:
        if self.source not in ("realsense", "twin"):
            raise ValueError(f"source must be 'realsense' or 'twin', got '{self.source}'")
        if not self.tag_size > 0.0:
            raise ValueError(f"tag_size must be > 0, got {self.tag_size}")


class CameraNode(Node):
    """Publishes what the camera sees, from the camera's own thread.

    Subscribes: joint_states, for the twin.
    Publishes: image_raw and camera_info of camera/color and camera/aligned_depth_to_color,
        /diagnostics.
    """

    def __init__(self) -> None:
        super().__init__("camera")
        self._config = declare_config(self, CameraNodeConfig())
        self._camera = declare_config(self, CameraConfig())
        self._posture = Newest()
        tree = frames_of(self._config.frames_file)
        tree.place(self._config.frame)
        if self._config.source == "twin":
            open_camera = self._twin(tree)
        else:
            open_camera = self._realsense()
        refuse_unknown(self)
        self._outputs = {
            place: (
                self.create_publisher(Image, f"{place}/image_raw", qos.newest()),
                self.create_publisher(CameraInfo, f"{place}/camera_info", qos.newest()),
            )
            for place in ((COLOR, DEPTH) if self._camera.depth else (COLOR,))
        }
        self._frames = Monitor(
            row_name(self.get_namespace(), "camera", "frames"), 1.0 / self._camera.fps, size=150
        )
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", qos.state())
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # simulated time may stand still
        self.create_timer(1.0, self._publish_diagnostics, clock=steady)
        self._stream = CameraStream(open_camera, self._publish, retry=self._camera.retry)

    @property
    def failure(self) -> BaseException | None:
        """What ended the camera's thread."""
        return self._stream.failure

    def close(self) -> None:
        """Let go of the camera."""
        self._posture.end()
        self._stream.close()

    def _realsense(self) -> Callable[[], Camera]:
        realsense.sdk()  # a library that is missing is an error at start
        return lambda: realsense.open_realsense(self._camera)

    def _twin(self, tree: FrameTree) -> Callable[[], Camera]:
        from robot_meta.perception.tags import card_size, tag_picture

        os.environ.setdefault("MUJOCO_GL", "egl")  # read by the import of MuJoCo, here and now
        os.environ.setdefault("LP_NUM_THREADS", "1")  # drawing leaves the other cores alone
        from robot_meta.twin.camera import TwinCamera, TwinCameraConfig
        from robot_meta.twin.scenes import Poster

        optics = declare_config(self, TwinCameraConfig(), "twin.")
        description = arm_description(self._config.robot)
        self._names = description.spec.joint_names
        self.create_subscription(JointState, "joint_states", self._on_joint_state, qos.external())
        anchor, mount = tree.place(self._config.frame)
        posters = []
        for transform in tree.transforms:
            number = transform.child.removeprefix(_POSTER)
            if transform.child.startswith(_POSTER) and number.isdecimal():
                carrier, pose = tree.place(transform.child)
                posters.append(
                    Poster(
                        picture=tag_picture(int(number), cell=4),
                        size=card_size(self._config.tag_size),
                        position=pose.position,
                        rotation=pose.rotation,
                        held=carrier == TOOL,
                    )
                )
        return lambda: TwinCamera(
            description,
            self._camera,
            optics,
            mount=mount,
            on_tool=anchor == TOOL,
            posters=posters,
            wait=self._posture.wait,
        )

    def _on_joint_state(self, msg: JointState) -> None:
        try:
            position = by_joint(msg.name, msg.position, self._names, "position")
        except (RobotMetaError, ValueError) as error:
            self.get_logger().warning(str(error), throttle_duration_sec=5.0)
            return
        self._posture.put((stamp_from(msg.header.stamp), position))

    def _publish(self, camera: Camera, frame: Frame) -> None:
        """Send one frame out; called in the camera's thread."""
        began = time.perf_counter()
        stamp = self._stamp(frame)
        pictures: dict[str, Any] = {COLOR: frame.color, DEPTH: frame.depth}
        for place, (image, info) in self._outputs.items():
            info.publish(camera_info_msg(stamp, self._config.frame, camera.intrinsics))
            image.publish(image_msg(stamp, self._config.frame, pictures[place]))
        now = self.get_clock().now().nanoseconds * 1e-9
        self._frames.tick(began, duration=time.perf_counter() - began, age=now - stamp)

    def _stamp(self, frame: Frame) -> float:
        """The frame's stamp on the node's clock: the twin's is, a real camera has the wall's."""
        if self._config.source == "twin":
            return frame.stamp
        return self.get_clock().now().nanoseconds * 1e-9 - (time.time() - frame.stamp)

    def _publish_diagnostics(self) -> None:
        stamp = self.get_clock().now().nanoseconds * 1e-9
        rows = [self._frames.status(time.perf_counter()), self._stream_row()]
        self._diagnostics.publish(messages.diagnostics_msg(stamp, rows))

    def _stream_row(self) -> DiagnosticStatus:
        state = self._stream.state
        level, text = (OK, "connected") if state.connected else (ERROR, state.trouble)
        if state.connected and state.dropped > 0.01 * state.frames:
            level, text = WARN, "more than one frame in a hundred was dropped"
        values = {"frames": state.frames, "dropped": state.dropped, "losses": state.losses}
        name = row_name(self.get_namespace(), "camera", self._config.source)
        return messages.status_msg(name, level, text, values)


class Newest:
    """Hands the newest posture from the thread that hears to the one that draws."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._posture: tuple[float, Array] | None = None
        self._ended = False

    def end(self) -> None:
        """Let nobody wait any longer."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def put(self, posture: tuple[float, Array]) -> None:
        """A stamp [s] and joint positions (J,), [rad]."""
        with self._changed:
            self._posture = posture
            self._changed.notify_all()

    def wait(self, due: float, timeout: float) -> tuple[float, Array] | None:
        """The newest one, once its stamp is `due` or later; None where that takes too long.

        A stamp that runs backwards belongs to a robot that was started anew, and counts at once.
        """
        with self._changed:
            before = self._posture

            def come() -> bool:
                now = self._posture
                if self._ended or now is None:
                    return self._ended
                return now[0] >= due or (before is not None and now[0] < before[0])

            came = self._changed.wait_for(come, timeout) and not self._ended
            return self._posture if came else None


def frames_of(path: str) -> FrameTree:
    """The tree of frames in the file `path`, or the shipped one; its root is the robot's base.

    Raises:
        BadConfig: The file says something that cannot be.
    """
    tree = load_frames(Path(path) if path else resource(FRAMES))
    if tree.root != BASE_FRAME:
        raise BadConfig(f"{path}: root must be '{BASE_FRAME}', got '{tree.root}'")
    return tree


def main() -> int:
    """Run the node."""
    return run("camera", CameraNode)
