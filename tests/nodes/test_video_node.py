"""Episodes are filmed by a process of its own; nothing that befalls it reaches the numbers."""

import contextlib
import resource as limits
import signal

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("av")

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from robot_meta.collection.video.reader import open_videos  # noqa: E402
from robot_meta.nodes import qos  # noqa: E402
from robot_meta.nodes.images import image_msg  # noqa: E402

pytestmark = pytest.mark.ros
T = 0.05  # of the pictures, [s]


class Cameras:
    """Publishes numbered pictures of two cameras, and what is being recorded."""

    def __init__(self, client):
        self._client, node = client, client.node
        self._images = [
            node.create_publisher(Image, f"{name}/color/image_raw", qos.newest())
            for name in ("camera", "wrist_camera")
        ]
        self._recording = node.create_publisher(String, "recording", qos.latched())
        self._rows = client.hear(DiagnosticArray, "/diagnostics")
        self.number = 0

    def wait(self):
        publishers = (*self._images, self._recording)
        self._client.spin_until(
            lambda: all(p.get_subscription_count() for p in publishers), what="the video node"
        )

    def record(self, key):
        self._recording.publish(String(data=key))

    def show(self):
        """The next picture of both: a grey level per number and camera."""
        self.number += 1
        for which, publisher in enumerate(self._images):
            picture = np.full((48, 64 + 32 * which, 3), 20 + 2 * (self.number % 100), np.uint8)
            publisher.publish(image_msg(100.0 + self.number * T, f"eye{which}", picture))

    def row(self, camera):
        rows = [r for msg in self._rows for r in msg.status if r.name == f"/video: {camera}"]
        return rows[-1] if rows else None

    def says(self, camera, text):
        """Whether the node's word of a camera holds that text."""
        row = self.row(camera)
        return row is not None and text in row.message

    def show_until(self, condition, what):
        def act():
            self.show()
            return condition()

        self._client.spin_until(act, 120.0, what)

    def film(self, path, key, count):
        """Until so many frames of each camera are on the disk."""

        def filmed():
            videos = open_videos(path, key)
            return len(videos) == 2 and all(len(video) >= count for video in videos.values())

        self.show_until(filmed, f"{count} frames")


@pytest.fixture
def cameras(client):
    return Cameras(client)


def video_node(processes, path, name="video", **parameters):
    values = {"cameras": "[camera, wrist_camera]", "reserve_mb": 0, **parameters}
    return processes.node("video_node", store=path, name=name, **values)


def check(video):
    """Every frame is the one that its stamp says."""
    numbers = np.round((video.stamp - 100.0) / T).astype(int)
    assert (np.diff(numbers) > 0).all()
    np.testing.assert_allclose(video.stamp, 100.0 + T * numbers, atol=1e-6)
    for k in (0, len(video) // 2, len(video) - 1):
        assert abs(video.frame(k).mean() - (20 + 2 * (numbers[k] % 100))) < 3


def test_two_cameras_are_filmed_from_start_to_stop_and_a_killed_node_goes_on(
    processes, client, cameras, tmp_path
):
    node = video_node(processes, tmp_path)
    cameras.wait()
    cameras.show_until(lambda: cameras.row("camera"), "word of the node")
    assert not (tmp_path / "videos").exists()
    cameras.record("first")
    cameras.film(tmp_path, "first", 25)
    node.send_signal(signal.SIGKILL)
    node.wait()
    before = {name: len(video) for name, video in open_videos(tmp_path, "first").items()}

    video_node(processes, tmp_path, name="again")
    cameras.film(tmp_path, "first", max(before.values()) + 20)
    cameras.record("second")
    cameras.film(tmp_path, "second", 5)
    cameras.record("")
    cameras.show_until(lambda: cameras.says("camera", "waits for an episode"), "the end")
    for key in ("first", "second"):
        videos = open_videos(tmp_path, key)
        assert list(videos) == ["camera", "wrist_camera"]
        assert videos["camera"].frame(0).shape == (48, 64, 3)
        assert videos["wrist_camera"].frame(0).shape == (48, 96, 3)
        for video in videos.values():
            check(video)
    with contextlib.ExitStack() as open_files:
        one, two = (open_videos(tmp_path, key)["camera"] for key in ("first", "second"))
        open_files.push(one)
        open_files.push(two)
        assert two.stamp[0] > one.stamp[-1]


def test_a_full_disk_ends_the_video_with_one_line_and_nothing_else(
    processes, client, cameras, tmp_path
):
    processes.node("episodes_node", store=tmp_path)
    node = video_node(processes, tmp_path)
    client.spin_until(lambda: client.node.count_publishers("recording") == 2, what="episodes")
    cameras.wait()
    key = client.call(Trigger, "start_episode").message
    cameras.film(tmp_path, key, 5)
    size = max(path.stat().st_size for path in (tmp_path / "videos" / key).iterdir())
    limits.prlimit(node.pid, limits.RLIMIT_FSIZE, (size + 3000, size + 3000))
    cameras.show_until(
        lambda: all(cameras.says(c, "File too large") for c in ("camera", "wrist_camera")),
        "the full disk",
    )
    lines = [line for line in node.log.read_text().splitlines() if "not filmed further" in line]
    assert len(lines) == 2 and all("free some space" in line for line in lines)
    assert client.call(Trigger, "stop_episode").success, "the numbers are kept all the same"
    for video in open_videos(tmp_path, key).values():
        check(video)
    assert node.poll() is None


def test_the_store_has_the_last_space(processes, cameras, tmp_path):
    node = video_node(processes, tmp_path, reserve_mb=2_000_000_000)
    cameras.wait()
    cameras.record("first")
    cameras.show_until(
        lambda: cameras.row("camera") and cameras.row("camera").level == b"\x02", ""
    )
    assert "MB are free" in cameras.row("camera").message
    assert not (tmp_path / "videos").exists() and node.poll() is None


@pytest.mark.parametrize(
    ("parameters", "part"),
    [
        ({"codec": "libopenh264"}, "no encoder 'libopenh264'"),
        ({"codec": "vhs"}, "codec must be one of"),
        ({"cameras": "['']"}, "video needs a camera"),
        ({"store": "''"}, "video needs a store"),
    ],
)
def test_a_video_that_cannot_be_is_one_line(processes, tmp_path, parameters, part):
    values = {"store": tmp_path, **parameters}
    node = processes.node("video_node", **values)
    assert node.wait(timeout=120) == 20
    (line,) = node.log.read_text().splitlines()
    assert part in line
