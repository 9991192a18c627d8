"""Annotations as plain JSONL, one object a line: to look at, to send, to take in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from robot_meta.annotation.annotations import Annotation, to_json
from robot_meta.annotation.history import FORMAT, parsed
from robot_meta.errors import RecordingFailed
from robot_meta.replay.files import Files


def write_jsonl(path: Path, annotations: Iterable[Annotation]) -> None:
    """Write a file anew, all or nothing.

    Raises:
        RecordingFailed: The disk is full or refuses.
    """
    lines = (json.dumps({"format": FORMAT, **to_json(a)}, sort_keys=True) for a in annotations)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Files().write_whole(path, "".join(f"{line}\n" for line in lines).encode())
    except OSError as error:
        raise RecordingFailed(f"cannot write {path}: {error.strerror}") from None


def read_jsonl(path: Path) -> list[Annotation]:
    """All annotations in a file that `write_jsonl`, or anybody else, wrote.

    Raises:
        ValueError: A line is no annotation; which one is said.
        StoreVersion: A line is of a newer version.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if line.strip():
            try:
                found.append(parsed(json.loads(line), path))
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}; nothing was taken in") from None
    return found
