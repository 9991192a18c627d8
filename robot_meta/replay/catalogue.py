"""What a store consists of when its manifest is lost, or when files are there that it lacks."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from robot_meta.errors import StoreDamaged, StoreMissing
from robot_meta.replay.manifest import Manifest, SegmentEntry, read_manifest
from robot_meta.replay.records import Layout
from robot_meta.replay.runs import read_runs
from robot_meta.replay.segments import (
    FOLDER,
    HEADER_BYTES,
    ROWS,
    RUNS,
    SegmentHeader,
    read_header,
    scan,
    segment_path,
)


def load_manifest(path: Path) -> Manifest:
    """What the store in `path` consists of; from its segments where the manifest is lost.

    Raises:
        StoreMissing: There is no store.
        StoreDamaged: The manifest is lost, and a segment cannot say what it is.
        StoreVersion: A newer version wrote it.
    """
    try:
        return read_manifest(path)
    except (FileNotFoundError, NotADirectoryError):
        lost: StoreDamaged | None = None
    except StoreDamaged as error:
        lost = error
    headers = [read_header(file) for file in _files(path)]
    if not headers:
        raise lost or StoreMissing(path) from None
    return adopted(path, Manifest(headers[-1].fields))[0]


def adopted(path: Path, manifest: Manifest) -> tuple[Manifest, list[str]]:
    """The manifest with every segment that it lacks and that holds transitions of its own.

    Returns:
        It, and the names of segments that nobody needs: without rows or header, or replaced, or
        unfinished replacements of segments that are still there.
    """
    listed = {entry.name for entry in manifest.segments}
    present = _files(path)
    stems = {file.stem for file in (path / FOLDER).iterdir() if file.stem.isdecimal()}
    if stems <= listed:
        return manifest, []
    extra = [file for file in present if file.stem not in listed]
    headers = {file: _header(file) for file in present}
    known = {entry.uuid for entry in manifest.segments}
    layout = Layout.of(manifest.fields)
    whole = {
        file: header
        for file, header in headers.items()
        if header is not None and (file not in extra or _is_whole(file, header, layout))
    }
    # A replacement counts where the manifest lists it, or lists nothing that it replaces.
    valid = [h for f, h in whole.items() if f not in extra or not known & set(h.replaces)]
    replaced = {uuid for header in valid for uuid in header.replaces}
    entries = list(manifest.segments)
    useless = sorted(stems - listed - {file.stem for file in present})
    for file in extra:
        header = whole.get(file)
        rows = 0
        if header is not None and header in valid and header.uuid not in replaced:
            rows = _rows(file, header, layout)
        if header is not None and rows:
            entries.insert(_before_active(entries), SegmentEntry(file.stem, header.uuid, rows))
        else:
            useless.append(file.stem)
    number = max(manifest.next_number, *(int(stem) + 1 for stem in stems))
    return manifest.with_segments(tuple(entries), next_number=number), useless


def _files(path: Path) -> list[Path]:
    return sorted(f for f in (path / FOLDER).glob("*" + ROWS) if f.stem.isdecimal())


def _header(file: Path) -> SegmentHeader | None:
    try:
        return read_header(file)
    except StoreDamaged:
        return None


def _is_whole(file: Path, header: SegmentHeader, layout: Layout) -> bool:
    if header.rows is None:
        return True
    return file.stat().st_size >= HEADER_BYTES + header.rows * layout.row_bytes


def _rows(file: Path, header: SegmentHeader, layout: Layout) -> int:
    """Rows of a segment that the manifest does not speak of."""
    found = _indexed(file, header.uuid)
    return found if found is not None else scan(file, layout, header.uuid).rows


def _indexed(file: Path, uuid: UUID) -> int | None:
    found = read_runs(segment_path(file.parents[1], file.stem, RUNS), uuid)
    return None if found is None else found[1]


def _before_active(entries: list[SegmentEntry]) -> int:
    return len(entries) - (1 if entries and entries[-1].rows is None else 0)
