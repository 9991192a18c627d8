"""One video while it happens: every frame is on its way to the disk with its stamp.

H.264 in fragmented MP4, one fragment per frame: what was written stays readable when the writer is
killed at any moment, by this project, by browsers and by FFmpeg. The stamp of each frame is the
time that the file gives it, so that no second file has to agree with the first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from robot_meta.collection.video.library import ENCODERS, library, require_encoder
from robot_meta.errors import RecordingFailed
from robot_meta.robots.closing import Closing

TICK = Fraction(1, 1_000_000)  # in which a file counts time, [s]
START = "start"  # the stamp of the first frame among what a file says of itself, [ns]
_FRAGMENTS = "frag_every_frame+empty_moov+default_base_moof"


@dataclass(frozen=True, kw_only=True)
class VideoConfig:
    """How pictures are compressed.

    Attributes:
        codec: Encoder: "libx264", or "libopenh264" where FFmpeg was built without it.
        quality: Constant rate factor of libx264: 0 loses nothing, 51 nearly all.
        keyframe_every: Frames from one that stands alone to the next; fewer are found faster.
    """

    codec: str = "libx264"
    quality: int = 20
    keyframe_every: int = 15

    def __post_init__(self) -> None:
        if self.codec not in ENCODERS:
            raise ValueError(f"codec must be one of {list(ENCODERS)}, got '{self.codec}'")
        if not 0 <= self.quality <= 51:
            raise ValueError(f"quality must be in [0, 51], got {self.quality}")
        if self.keyframe_every < 1:
            raise ValueError(f"keyframe_every must be >= 1, got {self.keyframe_every}")

    @property
    def options(self) -> dict[str, str]:
        """For the encoder: every frame leaves it at once."""
        if self.codec != "libx264":
            return {}
        return {"preset": "veryfast", "tune": "zerolatency", "crf": str(self.quality)}


class VideoWriter(Closing):
    """Writes one file, frame by frame.

    The two newest frames are not in the file yet: the container waits for when the next begins.

    Args:
        path: The file; it must not exist.
        config: How it is compressed.
        about: What it is about, in what JSON can carry; kept in the file.

    Attributes:
        frames: Taken so far.
        size: Bytes written so far.

    Raises:
        BadConfig: The library or the encoder is missing.
        RecordingFailed: The file cannot be written.
    """

    def __init__(self, path: Path, config: VideoConfig, about: Mapping[str, Any]) -> None:
        require_encoder(config.codec)
        self.path, self.frames, self.size = path, 0, 0
        self._config, self._about = config, dict(about)
        self._container: Any = None
        self._stream: Any = None
        self._start = self._newest = 0
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except OSError as error:
            raise self._failed(error) from None

    def add(self, nanoseconds: int, picture: npt.NDArray[np.uint8]) -> bool:
        """Take in a picture (H, W, 3) of rgb; whether its stamp comes after the last one's.

        Raises:
            RecordingFailed: The disk is full or gone, or the picture has another size.
        """
        if self._container is None:
            self._begin(nanoseconds, picture.shape[1], picture.shape[0])
        ticks = round((nanoseconds - self._start) / 1000)
        if self.frames and ticks <= self._newest:
            return False
        if picture.shape != (self._stream.height, self._stream.width, 3):
            raise RecordingFailed(
                f"{self.path}: want pictures of {self._stream.width} x {self._stream.height}, got "
                f"{picture.shape[1]} x {picture.shape[0]}"
            )
        frame = library().VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = ticks, TICK
        self._mux(frame)
        self._newest = ticks
        self.frames += 1
        return True

    def write(self, data: bytes) -> int:
        """Take what the container has to say; called by it."""
        left = memoryview(data)
        while left:
            count = os.write(self._file, left)
            self.size += count
            left = left[count:]
        return len(data)

    def close(self) -> None:
        """Finish the file and put it on the disk; safe to call twice and after an error.

        Raises:
            RecordingFailed: The disk is full or gone.
        """
        if self._file < 0:
            return
        try:
            if self._container is not None:
                self._mux(None)
                self._container.close()
            os.fsync(self._file)
        except OSError as error:
            raise self._failed(error) from None
        finally:
            os.close(self._file)
            self._file = -1

    def _begin(self, nanoseconds: int, width: int, height: int) -> None:
        if width % 2 or height % 2:
            raise RecordingFailed(
                f"{self.path}: want pictures of even width and height, got {width} x {height}"
            )
        self._start = nanoseconds
        container = library().open(
            self, "w", format="mp4", options={"movflags": _FRAGMENTS, "flush_packets": "1"}
        )
        container.metadata["comment"] = json.dumps({**self._about, START: nanoseconds})
        stream = container.add_stream(self._config.codec, rate=30, options=self._config.options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        stream.time_base = context.time_base = TICK
        context.gop_size, context.max_b_frames = self._config.keyframe_every, 0
        context.thread_count = 1  # the other cores belong to the robot
        self._container, self._stream = container, stream

    def _mux(self, frame: Any) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> RecordingFailed:
        return RecordingFailed(
            f"cannot write {self.path}: {error.strerror}. What was filmed before stays readable; "
            "free some space"
        )
