"""A camera that is unplugged and plugged in again, on the SDK's software device."""

import threading
import time

import pytest

from robot_meta.errors import BadConfig, NotConnected
from robot_meta.perception.camera import CameraConfig
from robot_meta.perception.realsense import RealsenseCamera, choose
from robot_meta.perception.stream import CameraStream

pytest.importorskip("pyrealsense2")
PATIENCE_S = 60.0


class Bus:
    """What is plugged in; the stream opens what it finds there."""

    def __init__(self, timeout):
        self.plugged, self.frames, self.opened = [], [], 0
        self.config = CameraConfig(timeout=timeout, retry=0.01)
        self.stream = CameraStream(
            self.open, lambda _, frame: self.frames.append(frame), retry=self.config.retry
        )

    def open(self):
        camera = RealsenseCamera(choose([soft.device for soft in self.plugged], ""), self.config)
        self.opened += 1
        return camera

    def until(self, condition, act=lambda: None):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert self.stream.failure is None, self.stream.failure
            assert time.monotonic() < end, self.stream.state
            act()
            time.sleep(0.005)


@pytest.fixture
def bus(request):
    """Patient with a camera that is silent, unless the test is about that."""
    made = Bus(getattr(request, "param", 20.0))
    yield made
    made.stream.close()


def test_a_camera_that_comes_later_is_found(bus, soft_device):
    bus.until(lambda: "no RealSense camera" in bus.stream.state.trouble)
    assert not bus.stream.state.connected
    soft = soft_device()
    bus.plugged = [soft]
    bus.until(lambda: len(bus.frames) > 3, soft.show)
    assert bus.stream.state.connected and bus.stream.state.trouble == ""


@pytest.mark.parametrize("bus", [1.0], indirect=True)
def test_an_unplugged_camera_is_told_and_taken_up_again_when_it_is_back(bus, soft_device):
    soft, again = soft_device(), soft_device()
    bus.plugged = [soft]
    bus.until(lambda: bus.frames, soft.show)
    bus.plugged = []
    bus.until(lambda: not bus.stream.state.connected)
    losses = bus.stream.state.losses
    assert losses >= 1
    bus.until(lambda: "no RealSense camera" in bus.stream.state.trouble)
    before = len(bus.frames)
    bus.plugged = [again]
    bus.until(lambda: len(bus.frames) > before + 3, again.show)
    assert bus.stream.state.connected and bus.stream.state.losses == losses
    assert bus.opened >= 2


def test_frames_that_the_camera_counted_and_nobody_saw_are_dropped_ones(bus, soft_device):
    soft = soft_device()
    bus.plugged = [soft]
    bus.until(lambda: len(bus.frames) > 3, soft.show)
    numbers = lambda: [frame.number for frame in bus.frames]  # noqa: E731
    soft.show(skip=6)
    bus.until(lambda: len(bus.frames) > 8, soft.show)
    seen = numbers()
    lost = seen[-1] - seen[0] + 1 - len(seen)
    assert lost >= 6
    bus.until(lambda: bus.stream.state.frames == len(bus.frames))
    seen = numbers()
    assert bus.stream.state.dropped == seen[-1] - seen[0] + 1 - len(seen)


def test_a_setting_that_no_waiting_will_mend_ends_the_stream(bus, soft_device):
    bus.plugged = [soft_device("1"), soft_device("2")]
    bus.stream._thread.join(PATIENCE_S)
    assert isinstance(bus.stream.failure, BadConfig)


def test_nobody_waits_for_a_camera_that_hangs():
    called, release = threading.Event(), threading.Event()

    def hang():
        called.set()
        release.wait(PATIENCE_S)
        raise NotConnected("at last")

    stream = CameraStream(hang, lambda *_: None, retry=0.01)
    assert called.wait(PATIENCE_S)
    assert stream.state.trouble == "is being opened"
    stream.close(timeout=0.1)
    assert stream._thread.is_alive() and stream._thread.daemon
    release.set()
    stream.close()
    assert not stream._thread.is_alive()
