"""Making a store that a crash left behind whole again, when a writer opens it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_meta.errors import StoreMissing
from robot_meta.replay.catalogue import adopted, load_manifest
from robot_meta.replay.files import Files
from robot_meta.replay.manifest import MANIFEST, Manifest, SegmentEntry, write_manifest
from robot_meta.replay.records import Layout
from robot_meta.replay.rewriting import remove_segment
from robot_meta.replay.runs import encode_runs, read_runs
from robot_meta.replay.segments import (
    FOLDER,
    HEADER_BYTES,
    RUNS,
    Scan,
    check_length,
    scan,
    segment_path,
)
from robot_meta.replay.snapshot import map_rows, sound_runs


@dataclass(frozen=True)
class Recovery:
    """What opening a store had to put right.

    Attributes:
        torn_bytes: Cut off its end; nobody was told that they are safe.
        damaged_rows: Rows of the newest segment that are not what was written; never returned.
        adopted: Segments that the manifest lacked.
        seconds: How long it took.
    """

    torn_bytes: int
    damaged_rows: int
    adopted: int
    seconds: float


def recover(
    files: Files, path: Path, fields: Mapping[str, int] | None
) -> tuple[Manifest, Recovery]:
    """Bring the store in `path` into a state without loose ends, or make a new one.

    Args:
        files: To write with.
        path: Its folder, which the caller has locked.
        fields: What its transitions consist of; None takes those that it has.

    Raises:
        StoreMissing: There is none, and `fields` does not say what a new one holds.
        StoreDamaged: A finished segment is cut or missing.
        StoreVersion: A newer version wrote it.
    """
    begin = time.perf_counter()
    try:
        before = load_manifest(path)
    except StoreMissing:
        if fields is None:
            raise
        (path / FOLDER).mkdir(exist_ok=True)
        before = Manifest(dict(Layout.of(fields).fields))
        files.sync_folder(path)
        write_manifest(files, path, before)
    if fields is not None and dict(fields) != before.fields:
        raise ValueError(
            f"the store {path} holds transitions of {before.fields}, not of {dict(fields)}; "
            "give another folder"
        )
    manifest, useless = adopted(path, before)
    new = len(manifest.segments) - len(before.segments)
    manifest, found = _finished(files, path, manifest)
    _complete_indexes(files, path, manifest)
    if manifest != before or not (path / MANIFEST).is_file():
        write_manifest(files, path, manifest)
    if before.active is not None and manifest.segments[-1:] == before.segments[-2:-1]:
        useless.append(before.active.name)  # nothing was in it
    for name in useless:
        remove_segment(files, path, name)
    for partial in path.glob("*.partial"):
        files.remove(partial)
    seconds = time.perf_counter() - begin
    return manifest, Recovery(max(found.torn_bytes, 0), len(found.damaged), new, seconds)


def _finished(files: Files, path: Path, manifest: Manifest) -> tuple[Manifest, Scan]:
    """The manifest with the active segment ended where its last sound row ends."""
    active, layout = manifest.active, Layout.of(manifest.fields)
    if active is None:
        return manifest, Scan(0, np.zeros(0, np.int64), 0)
    file = segment_path(path, active.name)
    found = scan(file, layout, active.uuid)
    if found.torn_bytes > 0:
        files.cut(file, HEADER_BYTES + found.rows * layout.row_bytes)
    ended = (SegmentEntry(active.name, active.uuid, found.rows),) if found.rows else ()
    return manifest.with_segments(manifest.segments[:-1] + ended), found


def _complete_indexes(files: Files, path: Path, manifest: Manifest) -> None:
    layout = Layout.of(manifest.fields)
    for entry in manifest.segments:
        assert entry.rows is not None
        file = segment_path(path, entry.name)
        check_length(file, layout, entry)
        side = segment_path(path, entry.name, RUNS)
        found = read_runs(side, entry.uuid)
        if found is None or found[1] != entry.rows:
            damaged = scan(file, layout, entry.uuid, known=entry.rows).damaged
            runs = sound_runs(map_rows(file, layout, entry.rows), damaged)
            files.write_new(side, encode_runs(runs, entry.uuid, entry.rows))
