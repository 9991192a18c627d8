"""Bringing a store back within its disk budget, a few segments at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_meta.replay.manifest import SegmentEntry
from robot_meta.replay.records import Mask, Rows
from robot_meta.replay.retention import Retention, admitted, runs_to_keep
from robot_meta.replay.rewriting import Keep
from robot_meta.replay.runs import Runs
from robot_meta.replay.segments import FOLDER
from robot_meta.replay.snapshot import Snapshot

_TARGET = (
    0.9  # of the budget: how far to thin once it is spent, so that it is not done all the time
)


def stored_bytes(path: Path) -> int:
    """Size of all segments of the store in `path`."""
    return sum(file.stat().st_size for file in (path / FOLDER).iterdir())


@dataclass(frozen=True)
class Plan:
    """What to replace to stay within the budget.

    Attributes:
        groups: Neighbouring segments that become one each.
        keep: What to keep of them.
        limits: Of priorities, for what comes later (`retention.admitted`).
    """

    groups: list[list[SegmentEntry]]
    keep: Keep
    limits: dict[str, int]


def plan(
    path: Path, retention: Retention, segment_bytes: int, limits: Mapping[str, int]
) -> Plan | None:
    """What to replace after a segment was finished; None for nothing.

    Where the budget does not hold two more segments (one that is written to, one that is
    rewritten), everything is thinned; else only the newest, to what was kept of the others. Each
    group of a plan is neighbours whose survivors fit into one segment, so that what is thinned
    again and again does not end in ever more and ever smaller files.

    Args:
        path: Folder of a store whose segments are all finished.
        retention: Budget and policy.
        segment_bytes: Size of a segment.
        limits: Of priorities, as the last plan gave them.
    """
    used = stored_bytes(path)
    room = retention.max_bytes - 2 * segment_bytes
    if used <= room and not limits:
        return None
    snapshot = Snapshot(path)
    size = snapshot.layout.row_bytes
    if used <= room:
        masks = _masks(snapshot, admitted(snapshot, retention, limits))
        return Plan([_newest(masks, segment_bytes // size)], _keep(masks), dict(limits))
    besides = used - len(snapshot) * size
    budget = max(0, (int(_TARGET * room) - besides) // size)
    chosen, limits = runs_to_keep(snapshot, retention, budget)
    masks = _masks(snapshot, chosen)
    limits = limits if retention.policy != "coverage" else {}  # whose cells move with the data
    return Plan(_neighbours(masks, segment_bytes // size), _keep(masks), limits)


def _masks(snapshot: Snapshot, chosen: Mask) -> dict[SegmentEntry, Mask]:
    """Which rows of each segment are in runs that are `chosen`."""
    ends = np.cumsum([len(segment.runs) for segment in snapshot.segments])
    parts = np.split(chosen, ends[:-1])
    return {
        segment.entry: row_mask(segment.rows, segment.runs, part)
        for segment, part in zip(snapshot.segments, parts, strict=True)
    }


def _keep(masks: Mapping[SegmentEntry, Mask]) -> Keep:
    return lambda entry, rows: masks[entry].copy()


def _newest(masks: Mapping[SegmentEntry, Mask], most_rows: int) -> list[SegmentEntry]:
    """The newest segment, with those before it whose survivors fit into the same one."""
    group: list[SegmentEntry] = []
    survivors = 0
    for entry in reversed(list(masks)):
        survivors += int(masks[entry].sum())
        if group and survivors > most_rows:
            break
        group.insert(0, entry)
    return group


def _neighbours(masks: Mapping[SegmentEntry, Mask], most_rows: int) -> list[list[SegmentEntry]]:
    """Groups of neighbours that change."""
    groups: list[list[SegmentEntry]] = [[]]
    survivors = 0
    for entry, mask in masks.items():
        count = int(mask.sum())
        if groups[-1] and survivors + count > most_rows:
            groups.append([])
            survivors = 0
        groups[-1].append(entry)
        survivors += count
    return [group for group in groups if len(group) > 1 or not masks[group[0]].all()]


def row_mask(rows: Rows, runs: Runs, keep: Mask) -> Mask:
    """Which rows are in runs that are kept, (n,)."""
    mask = np.zeros(len(rows), bool)
    for run in runs[keep]:
        mask[run["start"] : run["start"] + run["count"]] = True
    return mask
