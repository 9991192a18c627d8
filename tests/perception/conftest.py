"""Two cameras without hardware.

One that the SDK itself simulates: real sensors, syncer and alignment, invented pictures; and the
twin's, with printed tags and the noise of a real sensor.
"""

import numpy as np
import pytest

from robot_meta.errors import NotConnected
from robot_meta.perception.camera import CameraConfig
from robot_meta.perception.poses import Pose
from robot_meta.perception.tags import card_size, tag_picture
from robot_meta.robots.description import arm_description
from robot_meta.twin.camera import TwinCamera, TwinCameraConfig
from robot_meta.twin.posture import Posture
from robot_meta.twin.scenes import Poster

WIDTH, HEIGHT, FPS = 640, 480, 30
FOCAL, BASELINE = 600.0, 0.03  # [px], and from depth to colour sensor [m]


class SoftDevice:
    """A RealSense of software; `show` is what the world does to it."""

    def __init__(self, serial="0123", *, unit=0.001, coefficients=(0.0,) * 5, fps=FPS):
        rs = self._rs = pytest.importorskip("pyrealsense2")
        self.device = rs.software_device()
        self.device.register_info(rs.camera_info.serial_number, serial)
        self._unit, self._number, self._kept = unit, 0, []
        self._depth = self.device.add_sensor("Depth")
        self._color = self.device.add_sensor("Color")
        self._depth_profile = self._stream(
            self._depth, rs.stream.depth, 0, 2, rs.format.z16, fps, (0.0,) * 5
        )
        self._color_profile = self._stream(
            self._color, rs.stream.color, 1, 3, rs.format.rgb8, fps, coefficients
        )
        self._depth.add_read_only_option(rs.option.depth_units, unit)
        beside = rs.extrinsics()
        beside.rotation, beside.translation = [1, 0, 0, 0, 1, 0, 0, 0, 1], [-BASELINE, 0, 0]
        self._depth_profile.register_extrinsics_to(self._color_profile, beside)
        self.device.create_matcher(rs.matchers.default)

    def add_exposure(self, low, high):
        """Let the colour sensor's exposure be set, in its own unit."""
        rs = self._rs
        bounds = rs.option_range()
        bounds.min, bounds.max, bounds.step, bounds.default = low, high, 1.0, low
        self._color.add_option(rs.option.exposure, bounds, True)

    def exposure(self):
        return self._color.get_option(self._rs.option.exposure)

    def show(self, color=100, depth=1000, *, stamp=None, lose=(), skip=0):
        """The next moment: pictures or single values; `lose` names streams that miss it."""
        rs = self._rs
        self._number += 1 + skip
        time_ms = 1000.0 * (self._number / FPS if stamp is None else stamp)
        domain = rs.timestamp_domain.hardware_clock
        if stamp is not None:
            domain = rs.timestamp_domain.global_time
        for name, sensor, profile, value, shape, kind in (
            ("depth", self._depth, self._depth_profile, depth, (HEIGHT, WIDTH), np.uint16),
            ("color", self._color, self._color_profile, color, (HEIGHT, WIDTH, 3), np.uint8),
        ):
            if name in lose:
                continue
            picture = np.ascontiguousarray(np.broadcast_to(np.asarray(value, kind), shape))
            self._kept = [*self._kept[-20:], picture]  # the SDK does not copy
            frame = rs.software_video_frame()
            frame.bpp = 3 if name == "color" else 2
            frame.stride, frame.timestamp, frame.domain = WIDTH * frame.bpp, time_ms, domain
            frame.frame_number, frame.profile, frame.pixels = self._number, profile, picture
            if name == "depth":
                frame.depth_units = self._unit
            sensor.on_video_frame(frame)

    def _stream(self, sensor, kind, uid, bpp, form, fps, coefficients):
        rs = self._rs
        lens = rs.intrinsics()
        lens.width, lens.height, lens.fx, lens.fy = WIDTH, HEIGHT, FOCAL, FOCAL
        lens.ppx, lens.ppy, lens.coeffs = 319.5, 239.5, list(coefficients)
        lens.model = rs.distortion.inverse_brown_conrady
        stream = rs.video_stream()
        stream.type, stream.index, stream.uid = kind, 0, uid
        stream.width, stream.height, stream.fps = WIDTH, HEIGHT, fps
        stream.bpp, stream.fmt, stream.intrinsics = bpp, form, lens
        return rs.video_stream_profile(sensor.add_video_stream(stream))


@pytest.fixture
def soft_device():
    """Makes cameras of software."""
    return SoftDevice


class Studio:
    """Takes pictures with the twin's camera."""

    arm = arm_description("fr3")
    aside = np.array([2.7, 0.0, 0.0, -1.5, 0.0, 1.5, 0.0])  # the arm out of the picture
    down = Pose(position=np.array([0.5, 0.0, 1.0]), rotation=np.diag([1.0, -1.0, -1.0]))
    facing = np.diag([1.0, -1.0, -1.0])  # a tag that looks at the camera, upright in its picture

    def look_at(self, eye, target):
        """The optical frame at `eye` with `target` in its middle, up being up; in the base."""
        forward = np.asarray(target, float) - eye
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        rotation = np.stack([right, np.cross(forward, right), forward], axis=1)
        return Pose(position=np.asarray(eye, float), rotation=rotation)

    def turn(self, axis, degrees):
        """Rotation matrix about `axis` (Rodrigues)."""
        axis = np.asarray(axis, float) / np.linalg.norm(axis)
        cross = np.cross(np.eye(3), axis)
        angle = np.radians(degrees)
        return np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross

    def poster(self, pose, *, number=0, size=0.08, held=False):
        """A printed tag."""
        return Poster(
            picture=tag_picture(number, cell=4),  # drawn smoothly, as a lens would
            size=card_size(size),
            position=pose.position,
            rotation=pose.rotation,
            held=held,
        )

    def open(self, mount, posters=(), posture=None, *, config=None, optics=None, **more):
        """The camera; it finds the arm in `posture` whenever it looks."""
        still = self.aside if posture is None else posture
        values = {
            "wait": lambda due, timeout: Posture(stamp=max(due, 0.0), position=still),
            **more,
        }
        return TwinCamera(
            self.arm,
            config or CameraConfig(),
            optics or TwinCameraConfig(),
            mount=mount,
            posters=posters,
            **values,
        )

    def take(self, *arguments, **more):
        """One frame, and the intrinsics."""
        camera = self.open(*arguments, **more)
        try:
            return camera.grab(), camera.intrinsics
        finally:
            camera.close()

    def with_noise(self, color, rng, sigma=3.0):
        """Grey levels of noise on every pixel and channel."""
        return np.clip(color + rng.normal(0.0, sigma, color.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def studio():
    """Pictures from the twin; skips where nothing can be drawn."""
    made = Studio()
    try:
        made.take(made.down)
    except NotConnected as error:
        pytest.skip(str(error))
    return made


@pytest.fixture
def rotation():
    """Makes a rotation matrix from an axis and degrees."""
    return Studio().turn
