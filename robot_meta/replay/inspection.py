"""Looking a store over, every row of it, and keeping what is sound of a damaged one."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_meta.errors import StoreDamaged, StoreFull, StoreRefused, StoreVersion
from robot_meta.replay.catalogue import adopted, load_manifest
from robot_meta.replay.episode_log import read_episodes
from robot_meta.replay.files import Files
from robot_meta.replay.locking import lock
from robot_meta.replay.manifest import Manifest, SegmentEntry, write_manifest
from robot_meta.replay.records import Layout
from robot_meta.replay.recovery import recover
from robot_meta.replay.rewriting import replace_segments
from robot_meta.replay.runs import read_runs
from robot_meta.replay.segments import (
    EPISODES,
    RUNS,
    read_header,
    scan,
    segment_path,
)


@dataclass(frozen=True)
class SegmentReport:
    """What was found in one segment.

    Attributes:
        name: Of the segment.
        rows: How many it should have.
        missing: How many of them are not there.
        damaged: How many are not what was written.
        side_damage: Damaged lines about episodes, plus one each for index and header.
        torn_bytes: After its end, from a crash; nothing that anybody was told is safe.
    """

    name: str
    rows: int
    missing: int
    damaged: int
    side_damage: int
    torn_bytes: int

    @property
    def sound(self) -> bool:
        """Whether nothing that was acknowledged is damaged."""
        return not (self.missing or self.damaged or self.side_damage)


def verify(path: Path) -> list[SegmentReport]:
    """Check every row of the store in `path`; changes nothing.

    Raises:
        StoreMissing: There is none.
        StoreDamaged: The manifest is lost and a segment cannot say what it is.
        StoreVersion: A newer version wrote it.
    """
    manifest = load_manifest(path)
    return [_report(path, manifest, entry) for entry in manifest.segments]


def _report(path: Path, manifest: Manifest, entry: SegmentEntry) -> SegmentReport:
    layout, file = Layout.of(manifest.fields), segment_path(path, entry.name)
    if not file.is_file():
        return SegmentReport(entry.name, entry.rows or 0, entry.rows or 0, 0, 0, 0)
    found = scan(file, layout, entry.uuid, known=entry.rows or 0)
    rows = found.rows if entry.rows is None else entry.rows
    _, lines = read_episodes(segment_path(path, entry.name, EPISODES))
    index = read_runs(segment_path(path, entry.name, RUNS), entry.uuid)
    side = lines + int(entry.rows is not None and (index is None or index[1] != rows))
    try:
        read_header(file)
    except (StoreDamaged, StoreVersion):
        side += 1
    missing = max(0, rows - found.rows)
    damaged = int((found.damaged < rows).sum())
    torn = found.torn_bytes if entry.rows is None else 0
    return SegmentReport(entry.name, rows, missing, damaged, side, max(0, torn))


def repair(path: Path) -> list[SegmentReport]:
    """Keep what is sound of the store in `path`; what was found before.

    Segments with missing or damaged rows are written anew without them.

    Raises:
        StoreBusy: Another process writes to it.
        StoreRefused: It cannot be written.
        StoreFull: There is no space to write a segment anew.
    """
    try:
        held = lock(path, create=False)
        try:
            found = verify(path)
            _rewrite_unsound(Files(), path, found)
            recover(Files(), path, None)
            _rewrite_unsound(Files(), path, verify(path))  # rows of the segment that was ended
        finally:
            os.close(held)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull(path, 0) from None
        raise StoreRefused(path, error.strerror or str(error)) from None
    return found


def _rewrite_unsound(files: Files, path: Path, found: list[SegmentReport]) -> None:
    manifest, _ = adopted(path, load_manifest(path))
    unsound = {report.name: report for report in found if not report.sound}
    if not unsound:
        return
    left = []
    for entry in manifest.segments:
        report = unsound.get(entry.name)
        if report is None or entry.rows is None:
            left.append(entry)
        elif report.missing < report.rows:
            rows = report.rows - report.missing
            left.append(SegmentEntry(entry.name, entry.uuid, rows))
    manifest = manifest.with_segments(tuple(left))
    write_manifest(files, path, manifest)
    for entry in left:
        if entry.name in unsound and entry.rows is not None:
            manifest = replace_segments(
                files, path, manifest, [entry], lambda _, rows: np.ones(len(rows), bool)
            )
