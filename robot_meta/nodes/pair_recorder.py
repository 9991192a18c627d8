"""Listens to a robot and a camera while somebody moves the arm, and keeps pairs of poses."""

from __future__ import annotations

import time
from collections.abc import Callable

import rclpy
from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from rclpy.utilities import ok
from sensor_msgs.msg import CameraInfo, Image

from robot_meta.collection.decoding import stamp_from
from robot_meta.errors import NotConnected
from robot_meta.nodes import qos
from robot_meta.nodes.camera_node import COLOR
from robot_meta.nodes.images import color_from, intrinsics_from, pose_from
from robot_meta.perception.calibration import PairCollector, PosePair
from robot_meta.perception.camera import Intrinsics
from robot_meta.perception.tags import TagConfig, TagDetector


class PairRecorder(Node):
    """Takes a pair whenever the tool rests somewhere new and the tag is seen; moves nothing.

    Args:
        tags: The one tag to look for, and its size.
        namespace: Of the robot and its camera.
    """

    def __init__(self, tags: TagConfig, namespace: str = "") -> None:
        super().__init__("pair_recorder", namespace=namespace)
        self._number, self._detector = tags.ids[0], TagDetector(tags)
        self._collector = PairCollector()
        self._intrinsics: Intrinsics | None = None
        self._heard = {"tool_pose": 0, f"{COLOR}/image_raw": 0, f"tag {self._number}": 0}
        self.create_subscription(PoseStamped, "tool_pose", self._on_tool_pose, qos.external())
        self.create_subscription(
            CameraInfo, f"{COLOR}/camera_info", self._on_camera_info, qos.external()
        )
        self.create_subscription(Image, f"{COLOR}/image_raw", self._on_image, qos.picture())

    def record(
        self, count: int, timeout: float, tell: Callable[[list[PosePair]], None]
    ) -> list[PosePair]:
        """Pairs, until there are `count` of them or somebody presses Ctrl-C.

        Args:
            count: How many.
            timeout: Longest wait for the next pair, [s].
            tell: Called after each pair with all so far.

        Raises:
            NotConnected: No new pair came in time; the message says what is missing.
        """
        pairs, end = self._collector.pairs, time.monotonic() + timeout
        told = 0
        while ok() and len(pairs) < count:
            rclpy.spin_once(self, timeout_sec=0.1)
            if len(pairs) > told:
                told, end = len(pairs), time.monotonic() + timeout
                tell(pairs)
            if time.monotonic() > end:
                silent = [what for what, heard in self._heard.items() if not heard]
                raise NotConnected(
                    f"no new pair within {timeout:g} s, {len(pairs)} so far; "
                    + (
                        f"nothing was heard or seen of {', '.join(silent)}"
                        if silent
                        else "move the tool and let it rest for half a second"
                    )
                )
        return list(pairs)

    def _on_tool_pose(self, msg: PoseStamped) -> None:
        self._heard["tool_pose"] += 1
        self._collector.add_tool(stamp_from(msg.header.stamp), pose_from(msg.pose))

    def _on_camera_info(self, msg: CameraInfo) -> None:
        self._intrinsics = intrinsics_from(msg)

    def _on_image(self, msg: Image) -> None:
        self._heard[f"{COLOR}/image_raw"] += 1
        if self._intrinsics is None:
            return
        seen = self._detector.detect(color_from(msg), self._intrinsics)
        if self._number in seen:
            self._heard[f"tag {self._number}"] += 1
            self._collector.add_tag(stamp_from(msg.header.stamp), seen[self._number])
