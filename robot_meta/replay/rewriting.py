"""Putting what survives of some segments into one new segment, in place of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np

from robot_meta.replay.episode_log import lines_of, read_episodes
from robot_meta.replay.files import Files
from robot_meta.replay.manifest import Manifest, SegmentEntry, write_manifest
from robot_meta.replay.records import Layout, Mask, Rows, seed_of
from robot_meta.replay.runs import encode_runs, runs_of
from robot_meta.replay.segments import (
    EPISODES,
    FOLDER,
    ROWS,
    RUNS,
    SegmentHeader,
    segment_path,
)
from robot_meta.replay.snapshot import map_rows

_AT_ONCE = 1 << 14  # rows in memory
Keep = Callable[[SegmentEntry, Rows], Mask]


def replace_segments(
    files: Files, path: Path, manifest: Manifest, old: Sequence[SegmentEntry], keep: Keep
) -> Manifest:
    """Put the intact rows of `old` that `keep` wants into one segment, durably; the new manifest.

    At every moment the store consists of either the old segments or the new one. Meanwhile both
    are on the disk.

    Args:
        files: To write with.
        path: Folder of the store.
        manifest: What it consists of.
        old: Finished segments of it, one after the other.
        keep: Which rows of a segment to keep, (n,).
    """
    layout = Layout.of(manifest.fields)
    kept = [_intact_and_wanted(path, layout, entry, keep) for entry in old]
    count = sum(int(mask.sum()) for mask in kept)
    at = manifest.segments.index(old[0])
    rest = [entry for entry in manifest.segments if entry not in old]
    changes = {"next_number": manifest.next_number + 1}
    if count:
        name = f"{manifest.next_number:08d}"
        new = SegmentEntry(name, uuid4(), count)
        header = SegmentHeader(new.uuid, manifest.fields, tuple(e.uuid for e in old), count)
        _write(files, path, layout, new, header, old, kept)
        rest.insert(at, new)
    manifest = manifest.with_segments(tuple(rest), **changes)
    write_manifest(files, path, manifest)
    for entry in old:
        remove_segment(files, path, entry.name, entry.uuid.hex)
    return manifest


def remove_segment(files: Files, path: Path, name: str, uuid: str | None = None) -> None:
    """Remove the files of a segment that the manifest no longer lists, and rewards kept for it."""
    for suffix in (ROWS, EPISODES, RUNS):
        files.remove(segment_path(path, name, suffix))
    if uuid is not None:
        for cache in (path / "rewards").glob(f"*/{uuid}"):
            files.remove(cache)


def merge_small(
    files: Files, path: Path, manifest: Manifest, most_rows: int, least: int
) -> Manifest:
    """Merge neighbours until no `least` of them fit into one segment of `most_rows`.

    Every session begins a segment of its own; many short sessions would leave many files.
    """
    while group := _small_neighbours(manifest, most_rows, least):
        manifest = replace_segments(files, path, manifest, group, lambda _, rows: _all(rows))
    return manifest


def _small_neighbours(manifest: Manifest, most_rows: int, least: int) -> list[SegmentEntry]:
    group: list[SegmentEntry] = []
    total = 0
    for entry in manifest.segments:
        rows = entry.rows if entry.rows is not None else most_rows + 1
        while group and total + rows > most_rows:
            total -= group.pop(0).rows or 0
        if rows <= most_rows:
            group, total = [*group, entry], total + rows
        if len(group) >= least:
            return group
    return []


def _all(rows: Rows) -> Mask:
    return np.ones(len(rows), bool)


def _intact_and_wanted(path: Path, layout: Layout, entry: SegmentEntry, keep: Keep) -> Mask:
    assert entry.rows is not None
    rows = map_rows(segment_path(path, entry.name), layout, entry.rows)
    wanted = keep(entry, rows)
    for begin in range(0, len(rows), _AT_ONCE):
        place = begin + np.flatnonzero(wanted[begin : begin + _AT_ONCE])
        seeds = [seed_of(entry.uuid)] * len(place)
        wanted[place] = layout.intact(rows[place], seeds, place)
    return wanted


def _write(
    files: Files,
    path: Path,
    layout: Layout,
    new: SegmentEntry,
    header: SegmentHeader,
    old: Sequence[SegmentEntry],
    kept: Sequence[Mask],
) -> None:
    episodes = {}
    episode, step = [], []
    file = files.create(segment_path(path, new.name))
    try:
        files.append(file, header.encoded())
        written = 0
        for entry, mask in zip(old, kept, strict=True):
            rows = map_rows(segment_path(path, entry.name), layout, len(mask))
            places = np.flatnonzero(mask)
            for begin in range(0, len(places), _AT_ONCE):
                part = rows[places[begin : begin + _AT_ONCE]]
                layout.sign(part, new.uuid, written, synced=0)
                files.append(file, part.view(np.uint8).data)
                written += len(part)
                episode.append(part["episode"].copy())
                step.append(part["step"].copy())
            for about in read_episodes(segment_path(path, entry.name, EPISODES))[0]:
                episodes[about.number] = about
        files.sync(file)
    finally:
        files.close(file)
    runs = runs_of(np.concatenate(episode), np.concatenate(step))
    alive = set(np.unique(runs["episode"]).tolist())
    files.write_new(
        segment_path(path, new.name, EPISODES),
        lines_of(about for number, about in sorted(episodes.items()) if number in alive),
    )
    files.write_new(
        segment_path(path, new.name, RUNS),
        encode_runs(runs, new.uuid, written),
    )
    files.sync_folder(path / FOLDER)
