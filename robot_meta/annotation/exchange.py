"""Annotations as plain JSONL, one object a line: to look at, to send, to take in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from robot_meta.annotation.annotations import Annotation, to_json
from robot_meta.annotation.history import FORMAT, parsed
from robot_meta.errors import RecordingFailed
from robot_meta.replay.files import Files


def to_lines(annotations: Iterable[Annotation]) -> str:
    """Annotations as JSONL."""
    lines = (json.dumps({"format": FORMAT, **to_json(a)}, sort_keys=True) for a in annotations)
    return "".join(f"{line}\n" for line in lines)


def from_lines(text: str, origin: Path) -> list[Annotation]:
    """All annotations in what `to_lines`, or anybody else, wrote.

    Args:
        text: JSONL.
        origin: Where it comes from, for errors.

    Raises:
        ValueError: A line is no annotation; which one is said.
        StoreVersion: A line is of a newer version.
    """
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                found.append(parsed(json.loads(line), origin))
            except ValueError as error:
                raise ValueError(
                    f"{origin}, line {number}: {error}; nothing was taken in"
                ) from None
    return found


def write_jsonl(path: Path, annotations: Iterable[Annotation]) -> None:
    """Write a file anew, all or nothing.

    Raises:
        RecordingFailed: The disk is full or refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Files().write_whole(path, to_lines(annotations).encode())
    except OSError as error:
        raise RecordingFailed(f"cannot write {path}: {error.strerror}") from None


def read_jsonl(path: Path) -> list[Annotation]:
    """All annotations in a file; errors are those of `from_lines`."""
    return from_lines(path.read_text(encoding="utf-8"), path)
