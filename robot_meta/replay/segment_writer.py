"""Everything the writer does to the disk, one step after the other; knows nothing of threads."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from robot_meta.replay.appending import ActiveSegment
from robot_meta.replay.config import StoreConfig
from robot_meta.replay.files import Files
from robot_meta.replay.manifest import Manifest
from robot_meta.replay.records import Layout, Rows
from robot_meta.replay.rewriting import merge_small, replace_segments
from robot_meta.replay.segments import HEADER_BYTES
from robot_meta.replay.thinning import plan
from robot_meta.replay.transitions import Episode

_MERGE_AT = 8  # neighbouring small segments


class SegmentWriter:
    """Appends to segments, begins and ends them, and thins what is there.

    Args:
        files: To write with.
        path: Folder of the store.
        manifest: What it consists of; all segments finished.
        config: Sizes, and the disk budget.

    Attributes:
        manifest: What the store consists of now.
    """

    def __init__(self, files: Files, path: Path, manifest: Manifest, config: StoreConfig) -> None:
        self._files, self._path, self._config = files, path, config
        row_bytes = Layout.of(manifest.fields).row_bytes
        self._capacity = max(1, (config.segment_bytes - HEADER_BYTES) // row_bytes)
        self._active: ActiveSegment | None = None
        self.manifest = merge_small(files, path, manifest, self._capacity, _MERGE_AT)

    @property
    def room(self) -> int:
        """Rows that the segment still takes."""
        return self._capacity - (self._active.rows if self._active is not None else 0)

    def append(self, rows: Rows, episodes: Mapping[int, Episode], next_episode: int) -> None:
        """Write at most `room` rows; when this returns they outlast a power cut.

        Args:
            rows: Of the layout of the store.
            episodes: What is known of their episodes, by number.
            next_episode: No episode at or above this was begun.
        """
        if self._active is None:
            self._active = ActiveSegment(self._files, self._path, self.manifest)
            self.manifest = self._active.listed(self.manifest, next_episode)
        self._active.append(rows, episodes)

    def finish(self) -> None:
        """End the segment that is written to, if there is one."""
        active, self._active = self._active, None
        if active is not None:
            try:
                self.manifest = active.finish(self.manifest)
            finally:
                active.close()

    def retain(self, between: Callable[[], None]) -> None:
        """Thin what there is where the budget is spent; all segments must be finished.

        Args:
            between: Called after each rewritten segment, to write what came meanwhile.
        """
        retention = self._config.retention
        if retention is None:
            return
        found = plan(self._path, retention, self._config.segment_bytes, self.manifest.limits)
        if found is None:
            return
        self.manifest = dataclasses.replace(self.manifest, limits=found.limits)
        for group in found.groups:
            self.manifest = replace_segments(
                self._files, self._path, self.manifest, group, found.keep
            )
            between()

    def close(self) -> None:
        """Let go of open files, whatever has happened."""
        if self._active is not None:
            with suppress(OSError):
                self._active.close()
