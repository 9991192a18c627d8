"""A segment: a header that says what it is, then rows; and which rows of it are sound."""

from __future__ import annotations

import json
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
import numpy.typing as npt

from robot_meta.errors import StoreDamaged, StoreVersion
from robot_meta.replay.manifest import FORMAT, SegmentEntry
from robot_meta.replay.records import Layout, Mask, seed_of

FOLDER, ROWS, EPISODES, RUNS = "segments", ".rows", ".episodes", ".runs"
HEADER_BYTES = 4096  # rows begin on a page of their own
_MAGIC = b"RMREPLAY"
_CHUNK = 1 << 22  # bytes read at a time


def segment_path(store: Path, name: str, suffix: str = ROWS) -> Path:
    """One file of a segment."""
    return store / FOLDER / (name + suffix)


@dataclass(frozen=True)
class SegmentHeader:
    """What a segment says of itself, enough to make a lost manifest anew.

    Attributes:
        uuid: Its identity.
        fields: Name and width of every field of its rows.
        replaces: Segments whose surviving rows it holds.
        rows: How many it was made with; None for one that grows.
    """

    uuid: UUID
    fields: dict[str, int]
    replaces: tuple[UUID, ...] = ()
    rows: int | None = None

    def encoded(self) -> bytes:
        """The first `HEADER_BYTES` of the file."""
        text = json.dumps(
            {
                "format": FORMAT,
                "uuid": self.uuid.hex,
                "fields": self.fields,
                "replaces": [uuid.hex for uuid in self.replaces],
                "rows": self.rows,
            }
        ).encode()
        content = _MAGIC + struct.pack("<II", len(text), zlib.crc32(text)) + text
        if len(content) > HEADER_BYTES:
            raise ValueError(f"names of fields take more than {HEADER_BYTES} bytes; shorten them")
        return content.ljust(HEADER_BYTES, b"\0")


def read_header(path: Path) -> SegmentHeader:
    """The header of a segment.

    Raises:
        StoreDamaged: It is cut, altered, or of something else.
        StoreVersion: A newer version wrote it.
    """
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    begin = len(_MAGIC) + 8
    if len(head) < HEADER_BYTES or not head.startswith(_MAGIC):
        raise StoreDamaged(path, "not a segment, or cut within its header")
    length, crc = struct.unpack("<II", head[len(_MAGIC) : begin])
    text = head[begin : begin + length]
    if zlib.crc32(text) != crc:
        raise StoreDamaged(path, "its header is altered")
    content = json.loads(text)
    if content["format"] > FORMAT:
        raise StoreVersion(path, content["format"], FORMAT)
    replaces = tuple(UUID(hex=u) for u in content["replaces"])
    return SegmentHeader(UUID(hex=content["uuid"]), content["fields"], replaces, content["rows"])


@dataclass(frozen=True)
class Scan:
    """What was found in a segment, row by row.

    Attributes:
        rows: Rows up to the end of what counts.
        damaged: Places before that whose row is not what was written.
        torn_bytes: What lies after the end: written by nobody who was told that it is safe.
    """

    rows: int
    damaged: npt.NDArray[np.int64]
    torn_bytes: int


def scan(path: Path, layout: Layout, uuid: UUID, known: int = 0, begin: int = 0) -> Scan:
    """Check every row from `begin` on.

    Every row tells how many before it were durable when it was written. A row among those that is
    not sound was damaged later, and counts as damaged; one after those was torn by a crash before
    anybody was told that it is safe, and ends the segment.

    Args:
        path: The file with the rows.
        layout: Of its rows.
        uuid: Identity of the segment.
        known: How many rows are known to have been durable.
        begin: How many rows from the start to take as they are.
    """
    intact, synced = [], max(known, begin)
    file = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(file).st_size - HEADER_BYTES
        total = max(size, 0) // layout.row_bytes
        place = begin
        while place < total:
            count = min(total - place, max(1, _CHUNK // layout.row_bytes))
            data = os.pread(
                file, count * layout.row_bytes, HEADER_BYTES + place * layout.row_bytes
            )
            rows = np.frombuffer(data, layout.dtype, len(data) // layout.row_bytes)
            if len(rows) == 0:
                break  # cut by somebody else meanwhile
            sound = layout.intact(rows, [seed_of(uuid)] * len(rows), place + np.arange(len(rows)))
            if sound.any():
                synced = max(synced, int(rows["synced"][sound].max()))
            intact.append(sound)
            place += len(rows)
    finally:
        os.close(file)
    return _judged(np.concatenate([np.ones(0, bool), *intact]), begin, synced, size, layout)


def _judged(intact: Mask, begin: int, synced: int, size: int, layout: Layout) -> Scan:
    unsound = begin + np.flatnonzero(~intact)
    torn = unsound[unsound >= synced]
    end = int(torn[0]) if len(torn) else begin + len(intact)
    return Scan(end, unsound[unsound < end], size - end * layout.row_bytes)


def check_length(path: Path, layout: Layout, entry: SegmentEntry) -> None:
    """See that a finished segment is as long as it should be.

    Raises:
        StoreDamaged: It is shorter, or missing.
    """
    assert entry.rows is not None
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise StoreDamaged(path, f"missing, with its {entry.rows} transitions") from None
    rows = max(0, size - HEADER_BYTES) // layout.row_bytes
    if rows < entry.rows:
        raise StoreDamaged(path, f"cut: {rows} of {entry.rows} transitions are left")
