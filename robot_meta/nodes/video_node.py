"""Films the episodes that are recorded, in a process of its own so that it delays nobody."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import String

from robot_meta.collection.decoding import NANOSECONDS
from robot_meta.collection.video.files import next_part
from robot_meta.collection.video.library import require_encoder
from robot_meta.collection.video.writer import VideoConfig, VideoWriter
from robot_meta.errors import RecordingFailed
from robot_meta.nodes import messages, qos
from robot_meta.nodes.diagnostics import ERROR, OK, row_name
from robot_meta.nodes.images import color_from
from robot_meta.nodes.params import declare_config, refuse_unknown
from robot_meta.nodes.run import run

_LOOK_EVERY = 15  # frames between two looks at the free space
_MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class VideoNodeConfig:
    """What is filmed, and where the videos go.

    Attributes:
        store: Folder of the store that episodes are recorded into.
        cameras: Names of the cameras, as their topics begin.
        reserve_mb: Space that is left to the store: with less than that nothing is filmed, [MB].
    """

    store: str = "out/store"
    cameras: tuple[str, ...] = ("camera",)
    reserve_mb: int = 500

    def __post_init__(self) -> None:
        if not self.store:
            raise ValueError("video needs a store: set store to the folder of the episodes")
        if not any(self.cameras):
            raise ValueError("video needs a camera: give camera:= or wrist_camera:=")
        if self.reserve_mb < 0:
            raise ValueError(f"reserve_mb must be >= 0, got {self.reserve_mb}")


class VideoNode(Node):
    """Writes one video per camera and episode, from its first picture after `recording` names it.

    What cannot be written ends that video alone: the episode's numbers are another node's.

    Subscribes: recording (String), CAMERA/color/image_raw (Image) of each camera.
    Publishes: /diagnostics.
    """

    def __init__(self) -> None:
        super().__init__("video")
        self._config = declare_config(self, VideoNodeConfig())
        self._encoding = declare_config(self, VideoConfig())
        refuse_unknown(self)
        require_encoder(self._encoding.codec)
        self._episode = ""
        self._writers: dict[str, VideoWriter] = {}
        self._troubles: dict[str, str] = {}  # of this episode, by camera
        self.create_subscription(String, "recording", self._on_recording, qos.latched())
        for camera in filter(None, self._config.cameras):
            topic = f"{camera}/color/image_raw"
            heard = partial(self._on_picture, camera)
            self.create_subscription(Image, topic, heard, qos.periods())
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", qos.state())
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # simulated time may stand still
        self.create_timer(1.0, self._publish_diagnostics, clock=steady)
        self.get_logger().info(f"ready to film episodes of {self._config.store}")

    def close(self) -> None:
        """Finish what is being filmed."""
        for camera in list(self._writers):
            self._finish(camera)

    def _on_recording(self, msg: String) -> None:
        if msg.data != self._episode:
            self.close()
            self._episode, self._troubles = msg.data, {}

    def _on_picture(self, camera: str, msg: Image) -> None:
        if not self._episode or camera in self._troubles:
            return
        try:
            writer = self._writers.get(camera) or self._begin(camera, msg.header.frame_id)
            if writer.frames % _LOOK_EVERY == 0:
                self._require_space()
            stamp = msg.header.stamp
            writer.add(stamp.sec * NANOSECONDS + stamp.nanosec, color_from(msg))
        except (RecordingFailed, ValueError) as error:
            self._give_up(camera, str(error))

    def _begin(self, camera: str, frame: str) -> VideoWriter:
        self._require_space()
        try:
            path = next_part(Path(self._config.store), self._episode, camera)
        except OSError as error:
            raise RecordingFailed(f"cannot film into {error.filename}: {error.strerror}") from None
        about = {"episode": self._episode, "camera": camera, "frame": frame}
        self._writers[camera] = VideoWriter(path, self._encoding, about)
        return self._writers[camera]

    def _require_space(self) -> None:
        place = Path(self._config.store).absolute()
        while not place.exists():
            place = place.parent
        free = shutil.disk_usage(place).free / _MEGABYTE
        if free < self._config.reserve_mb:
            raise RecordingFailed(
                f"only {free:.0f} MB are free at {place}, and {self._config.reserve_mb} are kept "
                "for the store (reserve_mb)"
            )

    def _give_up(self, camera: str, trouble: str) -> None:
        """Film no more of this episode with that camera."""
        self._troubles[camera] = trouble
        self.get_logger().error(f"{camera} is not filmed further in this episode: {trouble}")
        if camera in self._writers:
            self._finish(camera)

    def _finish(self, camera: str) -> None:
        try:
            self._writers.pop(camera).close()
        except RecordingFailed as error:
            if camera not in self._troubles:
                self.get_logger().error(f"the end of {camera}'s video is lost: {error}")

    def _publish_diagnostics(self) -> None:
        stamp = self.get_clock().now().nanoseconds * 1e-9
        rows = [self._row(camera) for camera in self._config.cameras if camera]
        self._diagnostics.publish(messages.diagnostics_msg(stamp, rows))

    def _row(self, camera: str) -> DiagnosticStatus:
        trouble, writer = self._troubles.get(camera, ""), self._writers.get(camera)
        values = {
            "frames": writer.frames if writer is not None else 0,
            "megabytes": round(writer.size / _MEGABYTE, 3) if writer is not None else 0.0,
        }
        text = trouble or ("films" if writer is not None else "waits for an episode")
        name = row_name(self.get_namespace(), "video", camera)
        return messages.status_msg(name, ERROR if trouble else OK, text, values)


def main() -> int:
    """Run the node."""
    return run("video", VideoNode)
