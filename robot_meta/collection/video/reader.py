"""What a camera saw of an episode, frame by frame, by number or by stamp."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from robot_meta.collection.video.files import parts
from robot_meta.collection.video.library import library
from robot_meta.collection.video.sound_part import SoundPart
from robot_meta.collection.video.writer import START, TICK
from robot_meta.errors import StoreDamaged
from robot_meta.robots.closing import Closing
from robot_meta.types import Array

Picture = npt.NDArray[np.uint8]
_AHEAD = 30  # frames that are decoded rather than looked for


class VideoFile(Closing):
    """One file; the frames that it holds to the last, however its writer ended.

    Args:
        path: The file.

    Attributes:
        nanoseconds: Stamp of each frame, increasing.
        about: What it says of itself; known once it holds a frame.

    Raises:
        BadConfig: The library is missing.
        StoreDamaged: It is no video, or another one than a `VideoWriter` writes.
    """

    def __init__(self, path: Path) -> None:
        self._av, self._path, self._decoded = library(), path, iter(())
        self._part = SoundPart(path)
        self.nanoseconds: list[int] = []
        try:
            if self._part.size:
                self._open()
        except BaseException:
            self._part.close()
            raise

    def _open(self) -> None:
        try:
            self._container = self._av.open(self._part)
            self._stream = self._container.streams.video[0]
            self.about = json.loads(self._container.metadata["comment"])
            start = int(self.about[START])
            if self._stream.time_base != TICK:
                raise ValueError(f"it counts time in {self._stream.time_base} s")
            packets = self._container.demux(self._stream)
            self._ticks = [int(packet.pts) for packet in packets if packet.pts is not None]
        except (self._av.FFmpegError, IndexError, KeyError, ValueError, TypeError) as error:
            raise StoreDamaged(self._path, f"not a video of an episode ({error})") from None
        self.nanoseconds = [start + 1000 * tick for tick in self._ticks]
        self._next = len(self._ticks)  # number of the frame that is decoded next

    def frame(self, number: int) -> Picture:
        """The picture (H, W, 3) with this number, rgb.

        Raises:
            StoreDamaged: It cannot be decoded.
        """
        wanted = self._ticks[number]
        if not self._next <= number <= self._next + _AHEAD:
            self._container.seek(wanted, stream=self._stream, backward=True)
            self._decoded = self._container.decode(self._stream)
        try:
            for frame in self._decoded:
                if frame.pts >= wanted:
                    self._next = number + 1
                    picture: Picture = frame.to_ndarray(format="rgb24")
                    return picture
        except self._av.FFmpegError as error:
            raise StoreDamaged(self._path, f"frame {number} cannot be decoded ({error})") from None
        raise StoreDamaged(self._path, f"frame {number} is missing")

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        if self._part.size:
            self._container.close()
        self._part.close()

    _decoded: Iterator[Any]


class EpisodeVideo(Closing):
    """All that one camera saw of an episode, in the order of time.

    Args:
        files: Its parts.

    Attributes:
        stamp: Of each frame, (F,), [s], the clock of the episode's steps.
    """

    def __init__(self, files: list[VideoFile]) -> None:
        self._files = files
        counts = [len(file.nanoseconds) for file in files]
        self._firsts = [sum(counts[:i]) for i in range(len(counts))]
        all_stamps = [stamp for file in files for stamp in file.nanoseconds]
        self.stamp: Array = np.array(all_stamps, dtype=float) * 1e-9

    def __len__(self) -> int:
        return len(self.stamp)

    def frame(self, number: int) -> Picture:
        """The picture (H, W, 3) with this number, counted from 0, rgb.

        Raises:
            ValueError: There is none of that number.
            StoreDamaged: It cannot be decoded.
        """
        if not 0 <= number < len(self):
            raise ValueError(f"want a frame in [0, {len(self) - 1}], got {number}")
        part = bisect_right(self._firsts, number) - 1
        return self._files[part].frame(number - self._firsts[part])

    def numbers_at(self, stamps: Array) -> npt.NDArray[np.intp]:
        """Which frame was the newest at each of `stamps` (T,), [s]; −1 before the first."""
        found: npt.NDArray[np.intp] = np.searchsorted(self.stamp, stamps + 1e-6, side="right") - 1
        return found

    def close(self) -> None:
        """Let go of the files; safe to call twice."""
        for file in self._files:
            file.close()


def open_videos(store: Path, episode: str) -> dict[str, EpisodeVideo]:
    """Videos of the episode with this key, by camera; none where it was not filmed.

    Raises:
        BadConfig: The library is missing.
        StoreDamaged: A file is something else.
    """
    return {
        camera: EpisodeVideo([VideoFile(path) for path in paths])
        for camera, paths in parts(store, episode).items()
    }
