"""Which segments make up a store: one small JSON file, replaced as a whole."""

from __future__ import annotations

import dataclasses
import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from robot_meta.errors import StoreDamaged, StoreVersion
from robot_meta.replay.files import Files

FORMAT = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class SegmentEntry:
    """One segment of a store.

    Attributes:
        name: Stem of its files.
        uuid: Its identity.
        rows: How many it has; None while it is written to.
    """

    name: str
    uuid: UUID
    rows: int | None


@dataclass(frozen=True)
class Manifest:
    """What a store consists of.

    Attributes:
        fields: Name and width of every field of a transition.
        segments: In order of time, but for what retention merged.
        next_number: Of the next segment.
        next_episode: No episode at or above this was recorded when this was written.
        limits: What retention holds new runs to (`retention.admitted`).
    """

    fields: dict[str, int]
    segments: tuple[SegmentEntry, ...] = ()
    next_number: int = 1
    next_episode: int = 0
    limits: dict[str, int] = field(default_factory=dict)

    @property
    def active(self) -> SegmentEntry | None:
        """The segment that is, or was at a crash, written to."""
        last = self.segments[-1] if self.segments else None
        return last if last is not None and last.rows is None else None

    def with_segments(self, segments: tuple[SegmentEntry, ...], **changes: Any) -> Manifest:
        """The same store with other segments."""
        return dataclasses.replace(self, segments=segments, **changes)


def write_manifest(files: Files, folder: Path, manifest: Manifest) -> None:
    """Replace the manifest of the store in `folder`, durably and all or nothing."""
    content = {
        "format": FORMAT,
        "fields": list(manifest.fields.items()),  # in order, whatever sorts keys
        "segments": [[s.name, s.uuid.hex, s.rows] for s in manifest.segments],
        "next_number": manifest.next_number,
        "next_episode": manifest.next_episode,
        "limits": manifest.limits,
    }
    files.write_whole(folder / MANIFEST, _with_checksum(content))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the store in `folder`.

    Raises:
        FileNotFoundError: There is none.
        StoreDamaged: It is not what was written.
        StoreVersion: A newer version wrote it.
    """
    path = folder / MANIFEST
    text = path.read_bytes()
    try:
        content = json.loads(text)
        if isinstance(content["format"], int) and content["format"] > FORMAT:
            raise StoreVersion(folder, content["format"], FORMAT)
        del content["crc"]
        if _with_checksum(content) != text:
            raise ValueError("its checksum is wrong")
        return Manifest(
            dict(content["fields"]),
            tuple(SegmentEntry(n, UUID(hex=u), r) for n, u, r in content["segments"]),
            content["next_number"],
            content["next_episode"],
            content["limits"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StoreDamaged(path, f"not a manifest, or altered ({error})") from None


def _with_checksum(content: dict[str, Any]) -> bytes:
    crc = zlib.crc32(json.dumps(content, sort_keys=True).encode())
    return (json.dumps({**content, "crc": crc}, indent=1, sort_keys=True) + "\n").encode()
