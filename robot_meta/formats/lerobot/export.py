"""From a store to a LeRobot data set.

A LeRobot episode has a steady rate: an episode of ours with a gap in it becomes several, and comes
back as one.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from robot_meta.collection.video.reader import EpisodeVideo, open_videos
from robot_meta.formats.lerobot import layout
from robot_meta.formats.lerobot.statistics import Stats, Together, statistics
from robot_meta.formats.lerobot.tables import TableFiles, data_table, tasks_table
from robot_meta.formats.lerobot.videos import VideoFiles, filmed
from robot_meta.formats.selection import EpisodeSelection, RecordedEpisode
from robot_meta.formats.whole_folder import whole_folder
from robot_meta.replay.episodes import stretches
from robot_meta.replay.transitions import Batch

_TOGETHER = 100  # episodes of which what is known is written at once
_UNEVEN = 0.01  # share by which the time between steps may differ from what a rate says


def export_lerobot(
    selection: EpisodeSelection, target: Path, progress: Callable[[], object] = lambda: None
) -> int:
    """Write episodes as a LeRobot data set; it is there as a whole or not at all.

    Args:
        selection: What to write.
        target: Folder of the data set, which must not be there.
        progress: Called once per episode.

    Returns:
        Episodes of the data set.

    Raises:
        ValueError: There is no episode, or their rates differ.
        BadConfig: The folder is there.
        RecordingFailed: The disk is full or refuses.
    """
    if not len(selection):
        raise ValueError(f"no episode of {selection.store} is selected, so nothing is exported")
    with whole_folder(target) as folder:
        writer = _Writer(selection, folder)
        for recorded in selection:
            writer.add(recorded)
            progress()
        return writer.finish()


class _Writer:
    """Writes one data set."""

    def __init__(self, selection: EpisodeSelection, folder: Path) -> None:
        self._folder = folder
        self._selection, self._rate = selection, _rate_of(selection)
        cameras = filmed(selection)
        fields = dict(selection.snapshot.layout.fields)
        self._features = layout.features(fields, selection.names, cameras, self._rate)
        self._cameras = {name: VideoFiles(folder, name, size) for name, size in cameras.items()}
        self._robots: set[str] = set()
        self._data = TableFiles(folder, layout.DATA, layout.DATA_MB << 20)
        self._about = TableFiles(folder, layout.EPISODES, layout.DATA_MB << 20)
        self._waiting: list[dict[str, Any]] = []
        self._tasks: dict[str, int] = {}
        self._stats, self._episodes, self._frames = Together(), 0, 0

    def add(self, recorded: RecordedEpisode) -> None:
        """Write an episode, one of LeRobot for every stretch without a gap."""
        self._robots.add(self._selection.robot(recorded.episode))
        key = recorded.episode.key
        seen = open_videos(self._selection.store, key) if self._cameras else {}
        for part in stretches(recorded.steps):
            self._check_rate(recorded, recorded.steps.stamp[part])
            self._add_stretch(recorded, _cut(recorded.steps, part), seen)
        for video in seen.values():
            video.close()

    def finish(self) -> int:
        """Write what is known at the end; how many episodes there are."""
        self._write_about()
        self._data.close()
        self._about.close()
        for videos in self._cameras.values():
            videos.close()
        robot = " and ".join(sorted(self._robots - {""})) or "unknown"
        info = layout.info(
            self._features, self._rate, robot, self._episodes, self._frames, len(self._tasks)
        )
        info[layout.OURS] = self._selection.origin
        for path, content in ((layout.INFO, info), (layout.STATS, self._stats.as_json())):
            text = json.dumps(content, indent=4, ensure_ascii=False)
            (self._folder / path).write_text(text + "\n", encoding="utf-8")
        with (self._folder / layout.TASKS).open("wb") as file:
            pq.write_table(tasks_table(list(self._tasks)), file)
        return self._episodes

    def _add_stretch(
        self, recorded: RecordedEpisode, steps: Batch, seen: Mapping[str, EpisodeVideo]
    ) -> None:
        count, task = len(steps), recorded.instruction or recorded.episode.task or "play"
        number = self._tasks.setdefault(task, len(self._tasks))
        columns = self._columns(steps, number)
        stats = {name: statistics(values) for name, values in columns.items()}
        places: dict[str, Any] = {}
        for camera, files in self._cameras.items():
            place, stats[files.key] = files.add(seen[camera], steps.stamp, self._rate)
            places |= place
        chunk, file = self._data.place
        about_chunk, about_file = self._about.place
        about = {
            "episode_index": self._episodes,
            "tasks": [task],
            "length": count,
            "data/chunk_index": chunk,
            "data/file_index": file,
            "dataset_from_index": self._frames,
            "dataset_to_index": self._frames + count,
            "meta/episodes/chunk_index": about_chunk,
            "meta/episodes/file_index": about_file,
            **places,
            **_own(recorded, steps),
            **_flat(stats),
        }
        self._data.write(data_table(columns))
        self._waiting.append(about)
        if len(self._waiting) >= _TOGETHER:
            self._write_about()
        self._stats.add(stats)
        self._episodes += 1
        self._frames += count

    def _write_about(self) -> None:
        if self._waiting:
            self._about.write(pa.Table.from_pylist(self._waiting))
            self._waiting = []

    def _columns(self, steps: Batch, task: int) -> dict[str, npt.NDArray[Any]]:
        place = np.arange(len(steps))
        columns = {layout.COLUMNS.get(name, name): v for name, v in steps.values.items()}
        single: dict[str, npt.NDArray[Any]] = {
            layout.STAMP: steps.stamp,
            layout.ENDING: steps.ending.astype(np.int64),
            "timestamp": (place / self._rate).astype(np.float32),
            "frame_index": place,
            "episode_index": np.full(len(steps), self._episodes),
            "index": self._frames + place,
            "task_index": np.full(len(steps), task),
        }
        return columns | {name: values[:, None] for name, values in single.items()}

    def _check_rate(self, recorded: RecordedEpisode, stamp: npt.NDArray[np.float64]) -> None:
        """Hold the steps of an episode to the rate of all."""
        if len(stamp) < 2:
            return
        period = float(np.median(np.diff(stamp)))
        if abs(self._rate * period - 1.0) > _UNEVEN:
            raise ValueError(
                f"'{recorded.episode.key}' has a step every {period:.6g} s, and a LeRobot data "
                f"set one steady whole rate, here {self._rate} Hz; select episodes of one rate"
            )


def _rate_of(selection: EpisodeSelection) -> int:
    """Steps in a second, as the first episode that has some in a row tells it."""
    for episode in selection.episodes:
        passed = np.diff(selection.index.read(episode.number).stamp)
        if len(passed):
            return max(1, round(1.0 / float(np.median(passed))))
    raise ValueError(f"no episode of {selection.store} has two steps, so there is no rate")


def _cut(steps: Batch, part: slice) -> Batch:
    return Batch(
        steps.row[part],
        steps.episode[part],
        steps.step[part],
        steps.stamp[part],
        steps.ending[part],
        {name: values[part] for name, values in steps.values.items()},
    )


def _own(recorded: RecordedEpisode, steps: Batch) -> dict[str, Any]:
    """Columns from which the store's episode can be made again."""
    own = {
        "key": recorded.episode.key,
        "task": recorded.episode.task,
        "first_step": int(steps.step[0]),
        "about": json.dumps(recorded.episode.about, sort_keys=True),
        "notes": json.dumps([dataclasses.asdict(note) for note in recorded.notes]),
    }
    return {f"{layout.OURS}/{name}": value for name, value in own.items()}


def _flat(stats: Mapping[str, Stats]) -> dict[str, Any]:
    return {
        f"stats/{column}/{name}": value.tolist()
        for column, found in stats.items()
        for name, value in found.items()
    }
