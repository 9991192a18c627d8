"""A RealSense camera through librealsense: colour, and depth aligned to it.

Driven through its sensors, a syncer and `align` instead of a pipeline, so that a software device
of the SDK takes the same road. Needs the extra `realsense` and the system's libusb-1.0-0.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from robot_meta.errors import BadConfig, NotConnected
from robot_meta.perception.camera import (
    HOLE_FILLING,
    MILLIMETRE,
    CameraConfig,
    Depth,
    Frame,
    Intrinsics,
)
from robot_meta.types import Array

_QUEUE = 2  # framesets that wait for a slow reader; more would only be older
_WORST_FIT = 0.5  # of plumb_bob to the lens of the camera, [px]
_COLOR_STEP, _DEPTH_STEP = 1e-4, 1e-6  # unit of exposure of the two kinds of sensors, [s]


def sdk() -> Any:
    """The SDK's module.

    Raises:
        BadConfig: It cannot be imported.
    """
    try:
        import pyrealsense2
    except ImportError as error:
        raise BadConfig(
            f"pyrealsense2 cannot be loaded ({error}): pip install 'robot_meta[realsense]' and "
            "apt-get install libusb-1.0-0"
        ) from None
    return pyrealsense2


def open_realsense(config: CameraConfig) -> RealsenseCamera:
    """The camera on this machine's bus that `config` asks for.

    Raises:
        NotConnected: It is not there.
        BadConfig: It cannot do what is asked for.
    """
    return RealsenseCamera(choose(sdk().context().query_devices(), config.serial), config)


def choose(devices: Iterable[Any], serial: str) -> Any:
    """The device of that serial number, or the only one.

    Raises:
        NotConnected: It is not there.
        BadConfig: There are several and none was named.
    """
    rs = sdk()
    found = {device.get_info(rs.camera_info.serial_number): device for device in devices}
    if serial in found:
        return found[serial]
    if serial or not found:
        wanted = f"camera {serial}" if serial else "camera"
        raise NotConnected(
            f"no RealSense {wanted} is plugged in, found {sorted(found) or 'none'}; check the "
            "cable (USB 3) and the udev rules of librealsense"
        )
    if len(found) > 1:
        raise BadConfig(f"several RealSense cameras, set serial to one of {sorted(found)}")
    return next(iter(found.values()))


class RealsenseCamera:
    """A device that streams; see `Camera`.

    Args:
        device: Of the SDK.
        config: What to stream.

    Raises:
        BadConfig: The device has no such stream or setting.
        NotConnected: The device does not start.
    """

    def __init__(self, device: Any, config: CameraConfig) -> None:
        self._rs, self._config = sdk(), config
        rs = self._rs
        wanted = {rs.stream.color: rs.format.rgb8}
        if config.depth:
            wanted[rs.stream.depth] = rs.format.z16
        sensors = list(device.query_sensors())
        streams = {kind: self._find(sensors, kind, form) for kind, form in wanted.items()}
        color_sensor, color = streams[rs.stream.color]
        self.intrinsics = fitted_intrinsics(rs, color.intrinsics)
        self._sensors: list[Any] = []
        self._syncer = rs.syncer(_QUEUE)
        self._align = rs.align(rs.stream.color)
        self._fill = None
        if config.hole_filling != "none":
            self._fill = rs.hole_filling_filter(HOLE_FILLING.index(config.hole_filling) - 1)
        try:
            self._set_exposure(color_sensor)
            self._start(list(streams.values()))
        except RuntimeError as error:
            self.close()
            raise NotConnected(f"the camera does not start: {error}") from None

    def grab(self) -> Frame:
        """See `Camera`: colour and depth of one moment."""
        end = time.monotonic() + self._config.timeout
        while (left := end - time.monotonic()) > 0.0:
            try:
                together = self._syncer.wait_for_frames(max(1, int(1e3 * left)))
            except RuntimeError:
                break
            frame = self._frame(together)
            if frame is not None:
                return frame
        raise NotConnected(f"the camera is silent for {self._config.timeout} s: unplugged?")

    def close(self) -> None:
        """See `Camera`."""
        for sensor in self._sensors:
            for act in (sensor.stop, sensor.close):
                try:
                    act()
                except RuntimeError:  # it is gone already
                    pass
        self._sensors = []

    def _find(self, sensors: list[Any], kind: Any, form: Any) -> tuple[Any, Any]:
        """Sensor and profile of the stream that the settings ask for."""
        config, choices = self._config, set()
        for sensor in sensors:
            for profile in sensor.get_stream_profiles():
                if profile.stream_type() != kind or profile.format() != form:
                    continue
                video = profile.as_video_stream_profile()
                size = (video.width(), video.height(), video.fps())
                if size == (config.width, config.height, config.fps):
                    return sensor, video
                choices.add(size)
        raise BadConfig(
            f"the camera has no {kind.name} stream of width, height, fps {config.width}, "
            f"{config.height}, {config.fps}; it has {sorted(choices)}"
        )

    def _set_exposure(self, sensor: Any) -> None:
        option, exposure = self._rs.option, self._config.exposure
        if sensor.supports(option.enable_auto_exposure):
            sensor.set_option(option.enable_auto_exposure, float(exposure == 0.0))
        if exposure == 0.0:
            return
        if not sensor.supports(option.exposure):
            raise BadConfig("exposure cannot be set on this camera; leave it at 0")
        step = _DEPTH_STEP if sensor.is_depth_sensor() else _COLOR_STEP
        allowed = sensor.get_option_range(option.exposure)
        if not allowed.min <= exposure / step <= allowed.max:
            raise BadConfig(
                f"exposure must be in [{allowed.min * step:g}, {allowed.max * step:g}] s on this "
                f"camera, got {exposure:g}"
            )
        sensor.set_option(option.exposure, round(exposure / step))

    def _start(self, streams: list[tuple[Any, Any]]) -> None:
        """Open and start each sensor once, with all of its streams."""
        for sensor, _ in streams:
            if sensor in self._sensors:
                continue
            if sensor.supports(self._rs.option.global_time_enabled):
                sensor.set_option(self._rs.option.global_time_enabled, 1.0)
            sensor.open([profile for other, profile in streams if other == sensor])
            self._sensors.append(sensor)
        for sensor in self._sensors:
            sensor.start(self._syncer)

    def _frame(self, together: Any) -> Frame | None:
        """One frame, or None where the syncer found no partner for it."""
        color, depth = together.get_color_frame(), None
        if not color:
            return None
        if self._config.depth:
            measured = together.get_depth_frame()
            if not measured:
                return None
            aligned = self._align.process(together).get_depth_frame()
            if self._fill is not None:
                aligned = self._fill.process(aligned).as_depth_frame()
            depth = _millimetres(np.asanyarray(aligned.get_data()), aligned.get_units())
        return Frame(
            stamp=self._stamp(color),
            number=color.get_frame_number(),
            color=np.array(color.get_data()),
            depth=depth,
        )

    def _stamp(self, frame: Any) -> float:
        """Wall clock of the exposure where the SDK knows it, else of the arrival, [s]."""
        domain = self._rs.timestamp_domain
        if frame.get_frame_timestamp_domain() in (domain.global_time, domain.system_time):
            return 1e-3 * frame.get_timestamp()
        return time.time()


def fitted_intrinsics(rs: Any, lens: Any) -> Intrinsics:
    """The SDK's intrinsics, of whatever lens model, as plumb_bob.

    ROS and OpenCV know only that model. It is linear in its coefficients, so they are fitted to
    the SDK's own rays through a grid of pixels.

    Raises:
        BadConfig: No coefficients describe the lens to half a pixel.
    """
    columns, rows = np.linspace(0, lens.width - 1, 13), np.linspace(0, lens.height - 1, 13)
    pixels = np.array([(x, y) for y in rows for x in columns])
    rays = np.array([rs.rs2_deproject_pixel_to_point(lens, list(p), 1.0)[:2] for p in pixels])
    seen = (pixels - (lens.ppx, lens.ppy)) / (lens.fx, lens.fy)
    terms = _distortion_terms(rays)
    found, *_ = np.linalg.lstsq(terms, (seen - rays).reshape(-1), rcond=None)
    found = np.where(np.abs(found) < 1e-6, 0.0, found)
    error = (seen - rays).reshape(-1) - terms @ found
    worst = float(np.abs(error.reshape(-1, 2) * (lens.fx, lens.fy)).max())
    if not worst <= _WORST_FIT:
        raise BadConfig(
            f"the camera's lens ({lens.model.name}) is {worst:.1f} px from any plumb_bob model; "
            "choose another resolution or stream"
        )
    k1, k2, p1, p2, k3 = found.tolist()
    return Intrinsics(
        width=lens.width,
        height=lens.height,
        focal=(lens.fx, lens.fy),
        center=(lens.ppx, lens.ppy),
        distortion=(k1, k2, p1, p2, k3),
    )


def _distortion_terms(rays: Array) -> Array:
    """What multiplies k1, k2, p1, p2, k3 in Brown's model at the rays (P, 2), as (2 P, 5)."""
    x, y = rays.T
    square = x * x + y * y
    radial = [rays * (square**power)[:, None] for power in (1, 2, 3)]
    p1 = np.stack([2 * x * y, square + 2 * y * y], axis=1)
    p2 = np.stack([square + 2 * x * x, 2 * x * y], axis=1)
    return np.stack([radial[0], radial[1], p1, p2, radial[2]], axis=-1).reshape(-1, 5)


def _millimetres(raw: Depth, unit: float) -> Depth:
    """Depth in the unit of REP 118; the SDK's buffer is copied either way."""
    if abs(unit - MILLIMETRE) < 1e-9:
        return raw.copy()
    return np.round(raw * (unit / MILLIMETRE)).clip(0, np.iinfo(np.uint16).max).astype(np.uint16)
