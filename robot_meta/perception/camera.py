"""What a camera is: settings, one frame, and the three things that any camera does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from robot_meta.types import Array

Color = npt.NDArray[np.uint8]
Depth = npt.NDArray[np.uint16]
MILLIMETRE = 0.001  # unit of depth images (REP 118), [m]


@dataclass(frozen=True, kw_only=True)
class CameraConfig:
    """Which camera, and how it sees; a simulated one takes the same settings.

    Attributes:
        serial: Serial number; empty for the only camera there is.
        width: Of the picture, [px].
        height: Of the picture, [px].
        fps: Frames per second that are asked for.
        depth: Also measure depth, aligned to the colour picture.
        exposure: Of the colour picture, [s]; 0 for automatic.
        hole_filling: What fills pixels without depth: "none", or the neighbour "left", the
            "farthest" or the "nearest" one around.
        timeout: Silence after which the camera counts as lost, [s].
        retry: Pause before a lost camera is opened again, [s].
    """

    serial: str = ""
    width: int = 640
    height: int = 480
    fps: int = 30
    depth: bool = True
    exposure: float = 0.0
    hole_filling: Literal["none", "left", "farthest", "nearest"] = "none"
    timeout: float = 2.0
    retry: float = 1.0

    def __post_init__(self) -> None:
        for name in ("width", "height", "fps", "timeout", "retry"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)}")
        if not self.exposure >= 0.0:
            raise ValueError(f"exposure must be >= 0, got {self.exposure}")
        if self.hole_filling not in HOLE_FILLING:
            raise ValueError(
                f"hole_filling must be one of {list(HOLE_FILLING)}, got '{self.hole_filling}'"
            )


HOLE_FILLING = ("none", "left", "farthest", "nearest")


@dataclass(frozen=True, kw_only=True)
class Intrinsics:
    """How points in front of the camera become pixels; (0, 0) is the centre of the first pixel.

    Attributes:
        width: Of the picture, [px].
        height: Of the picture, [px].
        focal: fx and fy, [px].
        center: cx and cy, [px].
        distortion: k1, k2, p1, p2, k3 of Brown's model, "plumb_bob" in ROS and OpenCV.
    """

    width: int
    height: int
    focal: tuple[float, float]
    center: tuple[float, float]
    distortion: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)

    @property
    def matrix(self) -> Array:
        """K, (3, 3)."""
        (fx, fy), (cx, cy) = self.focal, self.center
        return np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One picture.

    Attributes:
        stamp: When it was taken, [s]; on this machine's wall clock, or on the clock of the
            simulated robot that it shows.
        number: Counted by the camera; a gap is a frame that was lost.
        color: Red, green, blue, (height, width, 3).
        depth: Along the optical axis, seen from the colour camera, (height, width), [mm]; 0 where
            nothing was measured. None where depth is off.
    """

    stamp: float
    number: int
    color: Color
    depth: Depth | None


class Camera(Protocol):
    """A camera that is open; used by one thread."""

    intrinsics: Intrinsics

    def grab(self) -> Frame:
        """The next frame, waited for.

        Raises:
            NotConnected: None came in time.
        """

    def close(self) -> Any:
        """Let go of it; safe to call twice and after a loss."""
