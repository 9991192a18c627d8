"""Every annotation that was ever made beside a store, in order: appended, never altered.

Any number of processes may add to it at a time; they take turns. What `add` returned from outlasts
a power cut.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from robot_meta.annotation.annotations import RETRACT, Annotation, from_json, to_json
from robot_meta.errors import RecordingFailed, StoreMissing, StoreVersion
from robot_meta.replay.files import Files
from robot_meta.replay.lines import checked_line, checked_lines, cut_torn_end

FORMAT = 1
HISTORY, _LOCK = "annotations.jsonl", "annotations.lock"


class AnnotationHistory:
    """The annotations of the store in a folder; safe to use from several threads.

    Args:
        store: Folder of the store; the history lies in it, beside the recorded steps.
        files: What to write with.

    Attributes:
        damaged: Lines that are not what was written; they are left out, and stay where they are.

    Raises:
        StoreMissing: There is no such folder.
        StoreVersion: A newer version wrote to the history.
    """

    def __init__(self, store: Path, files: Files | None = None) -> None:
        if not store.is_dir():
            raise StoreMissing(store)
        self.path, self._files = store / HISTORY, files or Files()
        self._mutex = threading.RLock()
        self._read, self.damaged = 0, 0
        self._all: list[Annotation] = []
        self._by_id: dict[str, Annotation] = {}
        self._catch_up()

    def annotations(self) -> list[Annotation]:
        """All of them, also what others added meanwhile, in the order in which they were made."""
        with self._mutex:
            self._catch_up()
            return list(self._all)

    def add(self, *annotations: Annotation) -> None:
        """Write annotations down, all or none.

        Raises:
            ValueError: An id is taken, or a retraction is of nothing that its author said.
            StoreVersion: A newer version wrote to the history.
            RecordingFailed: The disk is full or refuses; what was there is safe.
        """
        with self._mutex, self._turn():
            self._catch_up()
            if taken := [a.id for a in annotations if a.id in self._by_id]:
                raise ValueError(f"an annotation with id '{taken[0]}' is there already")
            self._append(annotations)

    def merge(self, annotations: Iterable[Annotation]) -> int:
        """Write down those whose id is not there yet, all or none; how many there were.

        Errors are those of `add`.
        """
        with self._mutex, self._turn():
            self._catch_up()
            new = {a.id: a for a in annotations if a.id not in self._by_id}
            self._append(list(new.values()))
            return len(new)

    def _append(self, annotations: Sequence[Annotation]) -> None:
        known = {**self._by_id, **{a.id: a for a in annotations}}
        for annotation in annotations:
            _check_retraction(annotation, known.get(annotation.retracts))
        lines = b"".join(checked_line({"format": FORMAT, **to_json(a)}) for a in annotations)
        try:
            self._write(lines)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._files.cut(self.path, self._read)
            raise RecordingFailed(f"cannot write {self.path}: {error.strerror}") from None
        self._catch_up()

    def _write(self, lines: bytes) -> None:
        new = not self.path.exists()
        if new:
            file = self._files.create(self.path)
        else:
            cut_torn_end(self._files, self.path)
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            self._files.append(file, lines)
            self._files.sync(file)
        finally:
            self._files.close(file)
        if new:
            self._files.sync_folder(self.path.parent)

    def _catch_up(self) -> None:
        """Read the whole lines that were added since."""
        with contextlib.suppress(FileNotFoundError), self.path.open("rb") as file:
            file.seek(self._read)
            data = file.read()
            data = data[: data.rfind(b"\n") + 1]  # the last line may be in the middle of writing
            found, damaged = checked_lines(data)
            for content in found:
                annotation = parsed(content, self.path)
                self._all.append(annotation)
                self._by_id[annotation.id] = annotation
            self._read += len(data)
            self.damaged += damaged

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Nobody else writes meanwhile; ends with the process that holds it."""
        try:
            file = os.open(
                self.path.with_name(_LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644
            )
        except OSError as error:
            raise RecordingFailed(f"cannot write {self.path}: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)


def parsed(content: Any, path: Path) -> Annotation:
    """The annotation in a line of a file.

    Raises:
        ValueError: It is none.
        StoreVersion: It is one of a newer version.
    """
    if isinstance(content, dict):
        content = dict(content)
        found = content.pop("format", FORMAT)
        if isinstance(found, int) and found > FORMAT:
            raise StoreVersion(path, found, FORMAT)
    return from_json(content)


def _check_retraction(annotation: Annotation, retracted: Annotation | None) -> None:
    if annotation.kind != RETRACT:
        return
    if retracted is None or retracted.kind == RETRACT:
        raise ValueError(f"there is nothing with id '{annotation.retracts}' to retract")
    if retracted.who != annotation.who:
        raise ValueError(
            f"'{annotation.who}' cannot retract what '{retracted.who}' said; everybody retracts "
            "what is their own"
        )
