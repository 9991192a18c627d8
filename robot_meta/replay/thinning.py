"""Bringing a store back within its disk budget, a few segments at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from robot_meta.replay.manifest import SegmentEntry
from robot_meta.replay.records import Mask, Rows
from robot_meta.replay.retention import Retention, runs_to_keep
from robot_meta.replay.rewriting import Keep
from robot_meta.replay.segments import FOLDER
from robot_meta.replay.snapshot import Snapshot

_TARGET = (
    0.9  # of the budget: how far to thin once it is spent, so that it is not done all the time
)


def stored_bytes(path: Path) -> int:
    """Size of all segments of the store in `path`."""
    return sum(file.stat().st_size for file in (path / FOLDER).iterdir())


def thinning(
    path: Path, retention: Retention, segment_bytes: int
) -> Iterator[tuple[Sequence[SegmentEntry], Keep]]:
    """What to replace, group after group, if the budget does not hold one more segment.

    A group is neighbours whose survivors fit into one segment, so that what is thinned again and
    again does not end in ever more and ever smaller files.

    Args:
        path: Folder of a store whose segments are all finished.
        retention: Budget and policy.
        segment_bytes: Size of a segment.
    """
    used = stored_bytes(path)
    if used + segment_bytes <= retention.max_bytes:
        return
    snapshot = Snapshot(path)
    size = snapshot.layout.row_bytes
    besides = used - len(snapshot) * size
    target = int(_TARGET * (retention.max_bytes - segment_bytes))
    keep_runs = runs_to_keep(snapshot, retention, max(0, (target - besides) // size))
    masks: dict[SegmentEntry, Mask] = {}
    begin = 0
    for segment in snapshot.segments:
        end = begin + len(segment.runs)
        masks[segment.entry] = row_mask(segment.rows, segment.runs, keep_runs[begin:end])
        begin = end

    def keep(entry: SegmentEntry, rows: Rows) -> Mask:
        return masks[entry]

    group: list[SegmentEntry] = []
    survivors = 0
    for entry, mask in masks.items():
        count = int(mask.sum())
        if group and (survivors + count) * size > segment_bytes:
            if _changes(group, masks):
                yield group, keep
            group, survivors = [], 0
        group, survivors = [*group, entry], survivors + count
    if group and _changes(group, masks):
        yield group, keep


def row_mask(rows: Rows, runs: np.ndarray, keep: Mask) -> Mask:
    """Which rows are in runs that are kept, (n,)."""
    mask = np.zeros(len(rows), bool)
    for run in runs[keep]:
        mask[run["start"] : run["start"] + run["count"]] = True
    return mask


def _changes(group: Sequence[SegmentEntry], masks: dict[SegmentEntry, Mask]) -> bool:
    return len(group) > 1 or not masks[group[0]].all()
