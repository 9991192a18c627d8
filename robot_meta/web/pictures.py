"""Camera pictures for browsers: the newest of each camera, packed only while somebody looks."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image

_QUALITY = 80  # of JPEG, out of 100

Picture = npt.NDArray[np.uint8]  # (H, W, 3), red first


@dataclass
class _Newest:
    number: int = 0
    picture: Picture | None = None
    packed: tuple[int, bytes] = (0, b"")
    watchers: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Pictures:
    """The newest picture of each camera.

    Args:
        cameras: Their names.
    """

    def __init__(self, cameras: tuple[str, ...]) -> None:
        self._newest = {name: _Newest() for name in cameras}

    @property
    def cameras(self) -> tuple[str, ...]:
        """Names of the cameras."""
        return tuple(self._newest)

    def put(self, camera: str, picture: Picture) -> None:
        """What the camera sees now; from any thread."""
        newest = self._newest[camera]
        newest.picture, newest.number = picture, newest.number + 1

    def watch(self, camera: str, more: int) -> None:
        """So many more, or fewer, look at that camera.

        Raises:
            KeyError: There is no such camera.
        """
        newest = self._newest[camera]
        with newest.lock:
            newest.watchers += more

    def watched(self, camera: str) -> bool:
        """Whether anybody looks at it."""
        return self._newest[camera].watchers > 0

    def jpeg(self, camera: str) -> tuple[int, bytes]:
        """Number of the newest picture, and the picture as JPEG; 0 where none has come yet."""
        newest = self._newest[camera]
        with newest.lock:  # packed once, however many look
            number, picture = newest.number, newest.picture
            if picture is not None and number != newest.packed[0]:
                newest.packed = (number, packed(picture))
            return newest.packed


def packed(picture: Picture) -> bytes:
    """The picture as JPEG."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
