"""The RealSense driver on the SDK's own software device: real syncer, real alignment."""

import time

import cv2
import numpy as np
import pytest

from robot_meta.errors import BadConfig, NotConnected
from robot_meta.perception.camera import CameraConfig
from robot_meta.perception.realsense import RealsenseCamera, choose, fitted_intrinsics

rs = pytest.importorskip("pyrealsense2")
FOCAL, BASELINE = 600.0, 0.03


@pytest.fixture
def opened(soft_device):
    """Opens the driver on a new software device; closes it in the end."""
    cameras = []

    def make(config=CameraConfig(), **device):  # noqa: B008 - frozen
        soft = soft_device(**device)
        cameras.append(RealsenseCamera(soft.device, config))
        return soft, cameras[-1]

    yield make
    for camera in cameras:
        camera.close()


def grab_pair(soft, camera, **pictures):
    """A frame of `pictures`; the syncer needs a moment before it pairs."""
    for _ in range(4):
        soft.show(**pictures)
    return camera.grab()


def test_colour_and_depth_of_one_moment_come_together(opened):
    soft, camera = opened()
    for value in range(1, 30):
        soft.show(color=value, depth=1000 + value)
        time.sleep(0.005)
    frame = camera.grab()
    assert frame.color.shape == (480, 640, 3) and frame.depth.shape == (480, 640)
    middle = frame.depth[240, 320]
    assert frame.color[0, 0, 0] == middle - 1000 == frame.number


def test_depth_is_seen_from_the_colour_camera(opened):
    soft, camera = opened()
    depth = np.full((480, 640), 1000, np.uint16)
    depth[200:280, 300:340] = 500
    frame = grab_pair(soft, camera, depth=depth)
    near = np.flatnonzero(frame.depth[240] == 500)
    shift = FOCAL * BASELINE / 0.5  # how far a point half a metre away moves, [px]
    assert abs(near.min() - (300 - shift)) <= 1 and abs(near.max() - (339 - shift)) <= 2


def test_holes_are_filled_only_when_asked(opened):
    depth = np.full((480, 640), 1000, np.uint16)
    depth[200:240, 300:340] = 0
    plain = grab_pair(*opened(), depth=depth)
    assert (plain.depth[210:230, 290:310] == 0).any()
    soft, camera = opened(CameraConfig(hole_filling="farthest"))
    filled = grab_pair(soft, camera, depth=depth)
    assert (filled.depth[210:230, 250:330] == 1000).all()


def test_depth_of_a_camera_with_another_unit_is_in_millimetres(opened):
    frame = grab_pair(*opened(unit=0.0001), depth=7500)
    assert frame.depth[240, 300] == 750


def test_without_depth_only_colour_is_needed(opened):
    soft, camera = opened(CameraConfig(depth=False))
    soft.show(color=7, lose=("depth",))
    frame = camera.grab()
    assert frame.depth is None and (frame.color == 7).all()


def test_the_stamp_is_the_exposure_where_the_sdk_knows_it_else_the_arrival(opened):
    soft, camera = opened(CameraConfig(depth=False))
    soft.show(stamp=1234.5, lose=("depth",))
    assert camera.grab().stamp == pytest.approx(1234.5)
    before = time.time()
    soft.show(lose=("depth",))
    assert before <= camera.grab().stamp <= time.time()


def test_a_camera_that_falls_silent_is_lost_after_its_timeout(opened):
    soft, camera = opened(CameraConfig(timeout=0.2))
    grab_pair(soft, camera)
    with pytest.raises(NotConnected, match=r"silent for 0\.2 s"):
        for _ in range(10):
            camera.grab()


def test_colour_that_comes_without_its_depth_is_no_frame(opened):
    soft, camera = opened(CameraConfig(timeout=0.3))
    for _ in range(10):
        soft.show(lose=("depth",))
    with pytest.raises(NotConnected, match="silent"):
        camera.grab()


def test_exposure_is_set_in_the_sensors_own_unit_and_inside_its_range(soft_device):
    soft = soft_device()
    soft.add_exposure(1.0, 10_000.0)
    RealsenseCamera(soft.device, CameraConfig(exposure=0.0123)).close()
    assert soft.exposure() == 123.0
    with pytest.raises(BadConfig, match=r"exposure must be in \[0\.0001, 1\] s .* got 5"):
        RealsenseCamera(soft.device, CameraConfig(exposure=5.0))
    with pytest.raises(BadConfig, match="exposure cannot be set"):
        RealsenseCamera(soft_device().device, CameraConfig(exposure=0.01))


def test_a_stream_that_the_camera_has_not_is_refused_with_those_it_has(soft_device):
    with pytest.raises(BadConfig, match=r"1280, 720, 30; it has \[\(640, 480, 30\)\]"):
        RealsenseCamera(soft_device().device, CameraConfig(width=1280, height=720))


def test_the_camera_is_chosen_by_serial_number(soft_device):
    left, right = soft_device("111").device, soft_device("222").device
    assert choose([left, right], "222") is right
    assert choose([left], "") is left
    with pytest.raises(BadConfig, match=r"set serial to one of \['111', '222'\]"):
        choose([left, right], "")
    with pytest.raises(NotConnected, match=r"no RealSense camera 333 .* found \['111', '222'\]"):
        choose([left, right], "333")
    with pytest.raises(NotConnected, match="found none; check the cable"):
        choose([], "")


@pytest.mark.parametrize("model", ["brown_conrady", "inverse_brown_conrady"])
def test_every_lens_model_becomes_one_that_opencv_projects_alike(model):
    lens = rs.intrinsics()
    lens.width, lens.height, lens.fx, lens.fy = 640, 480, 430.0, 432.0
    lens.ppx, lens.ppy, lens.coeffs = 317.0, 243.0, [-0.05, 0.06, 0.0006, -0.0004, -0.02]
    lens.model = getattr(rs.distortion, model)
    ours = fitted_intrinsics(rs, lens)
    pixels = [(20.0, 30.0), (320.0, 240.0), (600.0, 70.0), (500.0, 460.0)]
    points = np.array([rs.rs2_deproject_pixel_to_point(lens, list(p), 0.8) for p in pixels])
    seen, _ = cv2.projectPoints(
        points, np.zeros(3), np.zeros(3), ours.matrix, np.array(ours.distortion)
    )
    np.testing.assert_allclose(seen[:, 0], pixels, atol=0.05)


def test_a_fisheye_is_refused():
    lens = rs.intrinsics()
    lens.width, lens.height, lens.fx, lens.fy = 640, 480, 180.0, 180.0
    lens.ppx, lens.ppy, lens.coeffs = 320.0, 240.0, [0.9, 0.0, 0.0, 0.0, 0.0]
    lens.model = rs.distortion.ftheta
    with pytest.raises(BadConfig, match="from any plumb_bob model"):
        fitted_intrinsics(rs, lens)
