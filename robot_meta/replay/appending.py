"""The segment that grows: from its first byte to its place among the finished ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np

from robot_meta.replay.episode_log import lines_of
from robot_meta.replay.files import Files
from robot_meta.replay.manifest import Manifest, SegmentEntry, write_manifest
from robot_meta.replay.records import Layout, Rows
from robot_meta.replay.runs import encode_runs, runs_of
from robot_meta.replay.segments import (
    EPISODES,
    FOLDER,
    ROWS,
    RUNS,
    SegmentHeader,
    segment_path,
)
from robot_meta.replay.transitions import Episode

_PLACE = np.dtype([("episode", "<u4"), ("step", "<u4")])


class ActiveSegment:
    """A segment that rows are appended to; listed in the manifest before the first of them.

    Every session has segments of its own, so that no place in a segment is ever written twice
    with different rows.

    Args:
        files: To write with.
        path: Folder of the store.
        manifest: What it consists of.

    Attributes:
        rows: How many are durable.
    """

    def __init__(self, files: Files, path: Path, manifest: Manifest) -> None:
        self._files, self._path = files, path
        self._layout = Layout.of(manifest.fields)
        self._name, self._uuid = f"{manifest.next_number:08d}", uuid4()
        self._known: set[int] = set()
        self._places: list[Rows] = []
        self.rows = 0
        header = SegmentHeader(self._uuid, manifest.fields)
        opened: list[int] = []
        try:
            for suffix in (ROWS, EPISODES):
                opened.append(files.create(segment_path(path, self._name, suffix)))
            files.append(opened[0], header.encoded())
            files.sync(opened[0])
            files.sync_folder(path / FOLDER)
        except BaseException:
            for file in opened:
                files.close(file)
            raise
        self._file, self._episodes = opened

    @property
    def uuid(self) -> UUID:
        """Its identity."""
        return self._uuid

    def listed(self, manifest: Manifest, next_episode: int) -> Manifest:
        """The manifest, now on disk, with this segment as the one that is written to."""
        manifest = manifest.with_segments(
            (*manifest.segments, SegmentEntry(self._name, self._uuid, None)),
            next_number=manifest.next_number + 1,
            next_episode=next_episode,
        )
        write_manifest(self._files, self._path, manifest)
        return manifest

    def append(self, rows: Rows, episodes: Mapping[int, Episode]) -> None:
        """Write rows; when this returns they outlast a power cut, with what their episodes are."""
        new = set(np.unique(rows["episode"]).tolist()) - self._known
        if new:
            lines = lines_of(episodes[number] for number in sorted(new))
            self._files.append(self._episodes, lines)
            self._files.sync(self._episodes)
            self._known |= new
        self._layout.sign(rows, self._uuid, self.rows, synced=self.rows)
        self._files.append(self._file, rows.view(np.uint8).data)
        self._files.sync(self._file)
        self._places.append(rows[["episode", "step"]].astype(_PLACE))
        self.rows += len(rows)

    def finish(self, manifest: Manifest) -> Manifest:
        """The manifest, now on disk, with this segment among the finished ones."""
        places = np.concatenate(self._places)
        runs = runs_of(places["episode"], places["step"])
        side = segment_path(self._path, self._name, RUNS)
        self._files.write_new(side, encode_runs(runs, self._uuid, self.rows))
        finished = SegmentEntry(self._name, self._uuid, self.rows)
        entries = tuple(finished if e.uuid == self._uuid else e for e in manifest.segments)
        manifest = manifest.with_segments(entries)
        write_manifest(self._files, self._path, manifest)
        return manifest

    def close(self) -> None:
        """Let go of its files."""
        try:
            self._files.close(self._file)
        finally:
            self._files.close(self._episodes)
