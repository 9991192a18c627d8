"""What the cameras of a LeRobot data set saw, into the videos of a store: compressed anew."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from robot_meta.collection.decoding import nanoseconds
from robot_meta.collection.video.files import FOLDER
from robot_meta.collection.video.library import library
from robot_meta.collection.video.reader import Picture
from robot_meta.collection.video.writer import VideoConfig, VideoWriter
from robot_meta.errors import BadDataset
from robot_meta.formats.lerobot import layout
from robot_meta.formats.lerobot.reader import LerobotEpisode, LerobotReader


class VideoImport:
    """Copies videos beside the segments of a store; those that are there are kept.

    Args:
        reader: The data set.
        store: Folder of the store.
    """

    def __init__(self, reader: LerobotReader, store: Path) -> None:
        self._reader, self._store = reader, store
        self._parts: Counter[str] = Counter()  # of each episode so far

    def add(self, episode: LerobotEpisode, key: str, stamps: npt.NDArray[np.float64]) -> None:
        """Copy what was seen of an episode, or of a part of one.

        Args:
            episode: Of the data set.
            key: Of the store's episode.
            stamps: Of each frame, [s], the clock of the store's episode.

        Raises:
            BadConfig: The library for videos is missing.
            BadDataset: A video is missing or cut.
            RecordingFailed: The disk is full or refuses.
        """
        part = self._parts[key]
        self._parts[key] += 1
        for column in self._reader.videos:
            camera = re.sub(r"\W", "_", column.removeprefix(layout.CAMERAS))
            path = self._store / FOLDER / key / f"{camera}.{part}.mp4"
            if path.exists():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial")
            partial.unlink(missing_ok=True)
            about = {"episode": key, "camera": camera}
            with VideoWriter(partial, VideoConfig(), about) as writer:
                for stamp, picture in zip(
                    stamps.tolist(), self._frames(episode, column, len(stamps)), strict=True
                ):
                    writer.add(nanoseconds(stamp), picture)
            partial.replace(path)

    def _frames(self, episode: LerobotEpisode, column: str, count: int) -> Iterator[Picture]:
        """The frame of every step."""
        path, begin = self._reader.video_place(episode.about, column)
        av, wanted, rate = library(), 0, self._reader.rate
        try:
            with av.open(str(path)) as container:
                stream = container.streams.video[0]
                container.seek(int(begin / stream.time_base), stream=stream)
                for frame in container.decode(stream):
                    if float(frame.time) < begin + (wanted - 0.5) / rate:
                        continue
                    yield frame.to_ndarray(format="rgb24")
                    wanted += 1
                    if wanted == count:
                        return
        except (av.FFmpegError, OSError, IndexError) as error:
            raise BadDataset(path, f"cannot be decoded ({error})") from None
        raise BadDataset(path, f"want {count} frames of episode {episode.index}, got {wanted}")
