"""Where tagged objects are, from the pictures of any camera that publishes them."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseArray, PoseStamped
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from robot_meta.collection.decoding import BASE_FRAME, stamp_from
from robot_meta.nodes import messages, qos
from robot_meta.nodes.camera_node import COLOR
from robot_meta.nodes.diagnostics import Monitor, row_name
from robot_meta.nodes.fixed_frames import FIXED_CAMERA, FixedFramesConfig
from robot_meta.nodes.images import color_from, intrinsics_from, pose_from, pose_msg
from robot_meta.nodes.params import declare_config, refuse_unknown
from robot_meta.nodes.run import run
from robot_meta.perception.camera import Intrinsics
from robot_meta.perception.frames import TOOL
from robot_meta.perception.poses import Pose
from robot_meta.perception.tags import TagConfig, TagDetector

_TOOL_POSES = 100  # remembered, for pictures that come late
_NOWHERE = Pose(position=np.full(3, np.nan), rotation=np.eye(3))


@dataclass(frozen=True, kw_only=True)
class ObjectsConfig(FixedFramesConfig):
    """Through which camera.

    Attributes:
        frame: Optical frame of the pictures, as frames_file has it.
        max_age: Between a picture and the tool pose that belongs to it, for a camera on the
            tool, [s].
    """

    frame: str = FIXED_CAMERA
    max_age: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.max_age > 0.0:
            raise ValueError(f"max_age must be > 0, got {self.max_age}")


class ObjectsNode(Node):
    """One pose per tag and picture, in the base frame.

    Subscribes: camera/color/image_raw and camera_info; tool_pose, where the tool carries the
        camera.
    Publishes: object_poses (geometry_msgs/PoseArray): one pose per entry of `tags.ids`, in that
        order, with the stamp of the picture; NaN where the tag is not seen. /diagnostics.
    """

    def __init__(self) -> None:
        super().__init__("objects")
        self._config = declare_config(self, ObjectsConfig())
        self._tags = declare_config(self, TagConfig(), "tags.")
        refuse_unknown(self)
        self._detector = TagDetector(self._tags)
        anchor, self._mount = self._config.tree().place(self._config.frame)
        self._on_tool = anchor == TOOL
        self._intrinsics: Intrinsics | None = None
        self._tool: deque[tuple[float, Pose]] = deque(maxlen=_TOOL_POSES)
        self._poses = self.create_publisher(PoseArray, "object_poses", qos.state())
        self._pictures = Monitor(row_name(self.get_namespace(), "objects", "pictures"), None)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", qos.state())
        if self._on_tool:
            self.create_subscription(PoseStamped, "tool_pose", self._on_tool_pose, qos.external())
        self.create_subscription(
            CameraInfo, f"{COLOR}/camera_info", self._on_camera_info, qos.external()
        )
        self.create_subscription(Image, f"{COLOR}/image_raw", self._on_image, qos.picture())
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # simulated time may stand still
        self.create_timer(1.0, self._publish_diagnostics, clock=steady)

    def _on_tool_pose(self, msg: PoseStamped) -> None:
        self._tool.append((stamp_from(msg.header.stamp), pose_from(msg.pose)))

    def _on_camera_info(self, msg: CameraInfo) -> None:
        try:
            self._intrinsics = intrinsics_from(msg)
        except ValueError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=5.0)

    def _on_image(self, msg: Image) -> None:
        began, stamp = time.perf_counter(), stamp_from(msg.header.stamp)
        camera = self._camera_in_base(stamp)
        if self._intrinsics is None or camera is None:
            return
        try:
            seen = self._detector.detect(color_from(msg), self._intrinsics)
        except ValueError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=5.0)
            return
        out = PoseArray()
        out.header.frame_id, out.header.stamp = BASE_FRAME, msg.header.stamp
        out.poses = [
            pose_msg(camera @ seen[number] if number in seen else _NOWHERE)
            for number in self._tags.ids
        ]
        self._poses.publish(out)
        age = self.get_clock().now().nanoseconds * 1e-9 - stamp
        self._pictures.tick(began, duration=time.perf_counter() - began, age=age)

    def _camera_in_base(self, stamp: float) -> Pose | None:
        """Where the camera was; None where the tool's pose at that time is not known."""
        if not self._on_tool:
            return self._mount
        if not self._tool:
            return None
        when, tool = min(self._tool, key=lambda entry: abs(entry[0] - stamp))
        return tool @ self._mount if abs(when - stamp) <= self._config.max_age else None

    def _publish_diagnostics(self) -> None:
        stamp = self.get_clock().now().nanoseconds * 1e-9
        row = self._pictures.status(time.perf_counter())
        self._diagnostics.publish(messages.diagnostics_msg(stamp, [row]))


def main() -> int:
    """Run the node."""
    return run("objects", ObjectsNode)
