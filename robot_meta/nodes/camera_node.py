"""A camera on topics, bought or simulated, in a process of its own so that it delays nobody."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from robot_meta.nodes import messages, qos
from robot_meta.nodes.diagnostics import ERROR, OK, WARN, Monitor, row_name
from robot_meta.nodes.fixed_frames import FIXED_CAMERA, FixedFramesConfig
from robot_meta.nodes.images import camera_info_msg, image_msg
from robot_meta.nodes.params import declare_config, refuse_unknown
from robot_meta.nodes.run import run
from robot_meta.perception import realsense
from robot_meta.perception.camera import Camera, CameraConfig, Frame
from robot_meta.perception.stream import CameraStream

if TYPE_CHECKING:
    from robot_meta.nodes.twin_pictures import TwinPictures

COLOR = "camera/color"  # of the first camera


@dataclass(frozen=True, kw_only=True)
class CameraNodeConfig(FixedFramesConfig):
    """Which camera, and where it is.

    Attributes:
        source: "realsense", or "twin" for pictures of the simulated arm.
        camera_name: Its topics begin with it, such as camera/color/image_raw.
        robot: Robot type; for the twin.
        frame: Optical frame of the pictures: z forward, x right, y down.
        tag_size: Edge of the black square of the tags that the twin shows, [m].
    """

    source: Literal["realsense", "twin"] = "realsense"
    camera_name: str = "camera"
    robot: str = "fr3"
    frame: str = FIXED_CAMERA
    tag_size: float = 0.08

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.source not in ("realsense", "twin"):
            raise ValueError(f"source must be 'realsense' or 'twin', got '{self.source}'")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.camera_name):
            raise ValueError(
                f"camera_name must be a name such as camera, got '{self.camera_name}'"
            )
        if not self.tag_size > 0.0:
            raise ValueError(f"tag_size must be > 0, got {self.tag_size}")


class CameraNode(Node):
    """Publishes what the camera sees, from the camera's own thread.

    Subscribes: joint_states, scene/joint_states, scene/object_poses, for the twin.
    Publishes: image_raw and camera_info of NAME/color and NAME/aligned_depth_to_color, NAME being
        `camera_name`; /diagnostics.
    """

    def __init__(self) -> None:
        super().__init__("camera")
        self._config = declare_config(self, CameraNodeConfig())
        self._camera = declare_config(self, CameraConfig())
        tree = self._config.tree()
        tree.place(self._config.frame)
        self._twin: TwinPictures | None = None
        if self._config.source == "twin":
            os.environ.setdefault("MUJOCO_GL", "egl")  # read by the import of MuJoCo, here and now
            os.environ.setdefault("LP_NUM_THREADS", "1")  # drawing leaves the other cores alone
            from robot_meta.nodes.twin_pictures import TwinPictures

            self._twin = TwinPictures(self, self._config, self._camera, tree)
        open_camera = self._realsense() if self._twin is None else self._twin.open
        refuse_unknown(self)
        name = self._config.camera_name
        self._color, self._depth = f"{name}/color", f"{name}/aligned_depth_to_color"
        self._outputs = {
            place: (
                self.create_publisher(Image, f"{place}/image_raw", qos.newest()),
                self.create_publisher(CameraInfo, f"{place}/camera_info", qos.newest()),
            )
            for place in ((self._color, self._depth) if self._camera.depth else (self._color,))
        }
        self._frames = Monitor(self._row("frames"), 1.0 / self._camera.fps, size=150)
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
        if self._twin is not None:
            self._twin.end()
        self._stream.close()

    def _row(self, what: str) -> str:
        return row_name(self.get_namespace(), self._config.camera_name, what)

    def _realsense(self) -> Callable[[], Camera]:
        realsense.sdk()  # a library that is missing is an error at start
        return lambda: realsense.open_realsense(self._camera)

    def _publish(self, camera: Camera, frame: Frame) -> None:
        """Send one frame out; called in the camera's thread."""
        began = time.perf_counter()
        stamp = self._stamp(frame)
        pictures: dict[str, Any] = {self._color: frame.color, self._depth: frame.depth}
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
        return messages.status_msg(self._row(self._config.source), level, text, values)


def main() -> int:
    """Run the node."""
    return run("camera", CameraNode)
