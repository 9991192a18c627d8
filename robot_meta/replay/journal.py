"""What people and programs said about episodes after they began: appended, never altered.

A store keeps what happened; the journal beside it keeps that an episode was resumed, marked at
some step, or is not to be used. The newest word counts, and every older one stays readable.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from robot_meta.errors import RecordingFailed
from robot_meta.replay.files import Files
from robot_meta.replay.lines import checked_line, checked_lines, cut_torn_end

JOURNAL = "journal.jsonl"
STARTED, STOPPED, RESUMED, MARKED, DISCARDED = "started", "stopped", "resumed", "mark", "discarded"
LEARNED = "config"  # of something that took part, which became known after the episode began


@dataclass(frozen=True, kw_only=True)
class Note:
    """One thing that was said.

    Attributes:
        episode: Key of the episode.
        kind: "started", "stopped", "resumed", "mark", "discarded" or "config".
        step: The step of the episode that it is about, or how many there were.
        text: In words.
        who: Who said it.
        time: When, [s] since 1970.
    """

    episode: str
    kind: str
    step: int
    text: str = ""
    who: str = ""
    time: float = 0.0


class Journal:
    """Appends to the journal of a store; what `add` returned from outlasts a power cut.

    Whoever writes to the store writes to its journal: the store's lock guards both. A torn end,
    which a crash or a full disk leaves, is cut off.

    Args:
        path: Folder of the store.
        files: What to write with.
    """

    def __init__(self, path: Path, files: Files | None = None) -> None:
        self._files, self._path = files or Files(), path / JOURNAL
        if self._path.exists():
            cut_torn_end(self._files, self._path)
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        else:
            self._file = self._files.create(self._path)
            self._files.sync_folder(path)

    def add(self, note: Note) -> None:
        """Write a note down.

        Raises:
            RecordingFailed: The disk is full or gone; older notes are safe.
        """
        dated = {**asdict(note), "time": note.time or time.time()}
        try:
            self._files.append(self._file, checked_line(dated))
            self._files.sync(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                cut_torn_end(self._files, self._path)
            raise RecordingFailed(f"cannot write {self._path}: {error.strerror}") from None

    def close(self) -> None:
        """Close the file."""
        self._files.close(self._file)


def read_notes(path: Path) -> list[Note]:
    """All sound notes of the store in `path`, in order of time."""
    try:
        found, _ = checked_lines((path / JOURNAL).read_bytes())
    except FileNotFoundError:
        return []
    return [Note(**content) for content in found]


def discarded(notes: Iterable[Note]) -> set[str]:
    """Keys of the episodes that are not to be used: discarded, and not resumed since."""
    gone: set[str] = set()
    for note in notes:
        if note.kind == DISCARDED:
            gone.add(note.episode)
        elif note.kind == RESUMED:
            gone.discard(note.episode)
    return gone
