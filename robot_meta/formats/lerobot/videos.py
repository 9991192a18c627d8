"""Videos of a LeRobot data set: many episodes in a file, a frame for every step.

The frames are compressed anew, at the steady rate that LeRobot looks for: what an episode's own
videos (`collection/video`) hold to the millisecond, its steps see as they saw it live, the newest
frame at each stamp.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from robot_meta.collection.video.library import library
from robot_meta.collection.video.reader import EpisodeVideo, Picture, open_videos
from robot_meta.errors import BadConfig
from robot_meta.formats.lerobot import layout
from robot_meta.formats.lerobot.statistics import Stats, statistics
from robot_meta.formats.selection import EpisodeSelection
from robot_meta.robots.closing import Closing

_CODEC, _QUALITY, _KEYFRAME_EVERY = "libx264", "20", "2"  # found fast in any order, as in LeRobot
_LOOKED_AT = 20  # frames of an episode that its statistics are of, at most
_LINES = 64  # of a picture that its statistics are of, about
_TICKS = 512  # in which a file counts time, of the time between two frames


def filmed(selection: EpisodeSelection) -> dict[str, tuple[int, int]]:
    """Height and width of every camera that saw all selected episodes, by its name.

    Raises:
        BadConfig: The library for videos is missing.
        StoreDamaged: A video is something else.
    """
    sizes: dict[str, set[tuple[int, int]]] = {}
    seen: list[set[str]] = []
    for episode in selection.episodes:
        videos = open_videos(selection.store, episode.key)
        seen.append({camera for camera, video in videos.items() if len(video)})
        for camera in seen[-1]:
            height, width, _ = videos[camera].frame(0).shape
            sizes.setdefault(camera, set()).add((height, width))
        for video in videos.values():
            video.close()
    everywhere = set.intersection(*seen) if seen else set()
    return {camera: min(sizes[camera]) for camera in sorted(everywhere) if len(sizes[camera]) == 1}


class VideoFiles(Closing):
    """Writes what one camera saw, episode after episode, into files of about the same size.

    Args:
        folder: Of the data set.
        camera: Its name.
        size: Height and width of its pictures.
    """

    def __init__(self, folder: Path, camera: str, size: tuple[int, int]) -> None:
        self._folder, self.key, self._size = folder, layout.CAMERAS + camera, size
        self._number, self._frames = 0, 0
        self._container: Any = None
        self._path = Path()

    def add(
        self, video: EpisodeVideo, stamps: npt.NDArray[np.float64], rate: int
    ) -> tuple[dict[str, Any], Stats]:
        """Write a frame for every step of an episode; where they are, and their statistics.

        Before the first frame, its first one stands in.

        Args:
            video: What the camera saw.
            stamps: Of the steps, [s].
            rate: Steps in a second.
        """
        if self._container is None:
            self._begin(rate)
        chunk, file = divmod(self._number, layout.CHUNK_FILES)
        first = self._frames
        looked_at = set(np.linspace(0, len(stamps) - 1, _LOOKED_AT).astype(int).tolist())
        pixels = []
        for step, number in enumerate(np.maximum(video.numbers_at(stamps), 0).tolist()):
            picture = video.frame(number)
            self._write(picture)
            if step in looked_at:
                coarse = max(1, self._size[0] // _LINES)
                pixels.append(picture[::coarse, ::coarse].reshape(-1, 3) / 255.0)
        place = {
            "chunk_index": chunk,
            "file_index": file,
            "from_timestamp": first / rate,
            "to_timestamp": self._frames / rate,
        }
        if self._path.stat().st_size >= layout.VIDEO_MB << 20:
            self.close()
            self._number += 1
        found = {
            name: v.reshape(-1, 1, 1) for name, v in statistics(np.concatenate(pixels)).items()
        }
        found["count"] = np.array([len(pixels)])
        return {f"videos/{self.key}/{name}": value for name, value in place.items()}, found

    def close(self) -> None:
        """End the file that is being written."""
        if self._container is not None:
            for packet in self._stream.encode():
                self._container.mux(packet)
            self._container.close()
        self._container = None

    def _begin(self, rate: int) -> None:
        chunk, file = divmod(self._number, layout.CHUNK_FILES)
        template = layout.VIDEOS.format(video_key=self.key, chunk_index=chunk, file_index=file)
        self._path, self._frames = self._folder / template, 0
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._container = library().open(str(self._path), "w")
        options = {"crf": _QUALITY, "g": _KEYFRAME_EVERY, "preset": "veryfast"}
        self._stream = self._container.add_stream(_CODEC, rate=rate, options=options)
        self._stream.height, self._stream.width = self._size
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = Fraction(1, rate * _TICKS)

    def _write(self, picture: Picture) -> None:
        if picture.shape[:2] != self._size:
            raise BadConfig(f"want pictures of {self._size}, got {picture.shape[:2]}")
        frame = library().VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = self._frames * _TICKS, self._stream.time_base
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
        self._frames += 1
