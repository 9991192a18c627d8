"""A store as it was at one moment, read through memory maps; needs no permission to write.

A snapshot stays valid while a writer appends, merges and drops: it holds on to the files it was
made from. `newer` gives the state of now and shares what has not changed.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from robot_meta.errors import StoreDamaged
from robot_meta.replay.catalogue import load_manifest
from robot_meta.replay.episode_log import read_episodes
from robot_meta.replay.manifest import Manifest, SegmentEntry
from robot_meta.replay.records import Layout, Mask, Rows, seed_of
from robot_meta.replay.runs import Runs, read_runs, runs_of
from robot_meta.replay.segments import (
    EPISODES,
    HEADER_BYTES,
    RUNS,
    check_length,
    scan,
    segment_path,
)
from robot_meta.replay.transitions import Batch, Episode, Ints

_TRIES = 20  # at a manifest whose segments a writer replaces at this moment


@dataclass(frozen=True)
class MappedSegment:
    """The rows of one segment, as they lie on disk.

    Attributes:
        entry: What the manifest says of it.
        rows: All that count, (n,).
        runs: Its index.
    """

    entry: SegmentEntry
    rows: Rows
    runs: Runs


class Snapshot:
    """All transitions of a store at one moment, in order, counted from 0.

    Args:
        path: Folder of the store.
        before: An earlier snapshot of it, to share maps with.

    Attributes:
        path: Folder of the store.
        layout: Fields of its rows.
        segments: What it is made of.
        first: Row at which each segment begins, and the number of all rows, (G + 1,).
        runs: The index of all segments, one after the other, (R,).
        run_first: Row at which each run begins, (R,).

    Raises:
        StoreMissing: There is no store.
        StoreDamaged: A finished segment is cut or missing.
        StoreVersion: A newer version wrote it.
    """

    def __init__(self, path: Path, before: Snapshot | None = None) -> None:
        self.path = path
        manifest, self.segments = _current(path, before)
        self.layout = Layout.of(manifest.fields)
        counts = [len(segment.rows) for segment in self.segments]
        self.first: Ints = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        self.runs = np.concatenate(
            [runs_of(*np.zeros((2, 0), np.uint32)), *(s.runs for s in self.segments)]
        )
        self.run_first: Ints = self.runs["start"] + np.repeat(
            self.first[:-1], [len(s.runs) for s in self.segments]
        )
        self._seeds = [seed_of(segment.entry.uuid) for segment in self.segments]

    def __len__(self) -> int:
        return int(self.first[-1])

    def newer(self) -> Snapshot:
        """The same store as it is now."""
        return Snapshot(self.path, self)

    @cached_property
    def episodes(self) -> dict[int, Episode]:
        """What is known of every episode, by number; one whose line was damaged is missing."""
        return {
            episode.number: episode
            for segment in self.segments
            for episode in read_episodes(segment_path(self.path, segment.entry.name, EPISODES))[0]
        }

    @property
    def index_bytes(self) -> int:
        """Memory that the index takes."""
        return int(self.runs.nbytes + self.run_first.nbytes + self.first.nbytes)

    def read(self, row: npt.NDArray[Any]) -> tuple[Batch, Mask]:
        """The transitions at places `row` (n,), and which of them are intact, (n,).

        What is not intact must not be used. `sampling` and `intact` take care of that.
        """
        row = np.asarray(row, np.int64)
        which, place = self.locate(row)
        rows = np.empty(len(row), self.layout.dtype)
        raw = rows.view(f"V{self.layout.row_bytes}")
        order = np.argsort(row)
        bounds = np.searchsorted(row[order], self.first).tolist()
        for segment, begin, end in zip(self.segments, bounds[:-1], bounds[1:], strict=True):
            if begin < end:
                chosen = order[begin:end]
                raw[chosen] = segment.rows.view(raw.dtype)[place[chosen]]
        seeds = [self._seeds[i] for i in which.tolist()]
        good = self.layout.intact(rows, seeds, place)
        return self._batch(row, rows), good

    def intact(self, row: npt.NDArray[Any]) -> Batch:
        """Those of the transitions at places `row` that are intact."""
        row = np.asarray(row, np.int64)
        batch, good = self.read(row)
        return batch if good.all() else self.read(row[good])[0]

    def locate(self, row: Ints) -> tuple[Ints, Ints]:
        """Segments and places in them of the rows, (n,) each."""
        if len(row) and (row.min() < 0 or row.max() >= len(self)):
            raise ValueError(f"rows must be in [0, {len(self)}), got {row.min()} to {row.max()}")
        which = np.searchsorted(self.first, row, side="right") - 1
        return which, row - self.first[which]

    def _batch(self, row: Ints, rows: Rows) -> Batch:
        return Batch(
            row,
            rows["episode"].astype(np.int64),
            rows["step"].astype(np.int64),
            rows["stamp"].copy(),
            rows["ending"].copy(),
            self.layout.split(rows["values"].copy()),
        )


def _current(path: Path, before: Snapshot | None) -> tuple[Manifest, list[MappedSegment]]:
    """The manifest and its segments; again where a writer replaced them in between."""
    shared = {s.entry.uuid: s for s in before.segments} if before is not None else {}
    for attempt in range(_TRIES):
        manifest = load_manifest(path)
        layout = Layout.of(manifest.fields)
        try:
            mapped = [_mapped(path, layout, e, shared.get(e.uuid)) for e in manifest.segments]
        except (StoreDamaged, FileNotFoundError):
            if attempt == _TRIES - 1 or load_manifest(path) == manifest:
                raise
            continue
        return manifest, mapped
    raise AssertionError("unreachable")


def _mapped(
    path: Path, layout: Layout, entry: SegmentEntry, before: MappedSegment | None
) -> MappedSegment:
    file = segment_path(path, entry.name)
    seen = len(before.rows) if before is not None else 0
    if before is not None and entry.rows == seen:
        return before
    if entry.rows is not None:
        check_length(file, layout, entry)
        rows = map_rows(file, layout, entry.rows)
        found = read_runs(segment_path(path, entry.name, RUNS), entry.uuid)
        if found is not None and found[1] == entry.rows:
            return MappedSegment(entry, rows, found[0])
        damaged = scan(file, layout, entry.uuid, known=entry.rows).damaged
        return MappedSegment(entry, rows, sound_runs(rows, damaged))
    try:
        seen_now = scan(file, layout, entry.uuid, begin=seen)
    except FileNotFoundError:
        raise StoreDamaged(file, "missing, with the newest transitions") from None
    rows = map_rows(file, layout, seen_now.rows)
    runs = sound_runs(rows, seen_now.damaged, seen)
    if before is not None:
        runs = np.concatenate([before.runs, runs])
    return MappedSegment(entry, rows, runs)


def map_rows(path: Path, layout: Layout, count: int) -> Rows:
    """The first `count` rows of a segment, read when they are looked at."""
    if count == 0:
        return np.zeros(0, layout.dtype)
    with path.open("rb") as file:
        length = HEADER_BYTES + count * layout.row_bytes
        data = mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ)
    data.madvise(mmap.MADV_RANDOM)
    return np.frombuffer(data, layout.dtype, count, HEADER_BYTES)


def sound_runs(rows: Rows, damaged: Ints, first: int = 0) -> Runs:
    """The index of the rows from `first` on, without those that are damaged."""
    parts, begin = [runs_of(*np.zeros((2, 0), np.uint32))], first
    for end in [*damaged.tolist(), len(rows)]:
        part = rows[begin:end]
        parts.append(runs_of(part["episode"].copy(), part["step"].copy(), begin))
        begin = end + 1
    return np.concatenate(parts)
