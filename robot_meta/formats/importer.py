"""Episodes from somewhere else into a store; what is there already is not stored twice."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.errors import StoreMissing
from robot_meta.replay.episodes import EpisodeIndex
from robot_meta.replay.journal import Journal, Note, read_notes
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.store import ReplayStore
from robot_meta.replay.transitions import Transitions
from robot_meta.robots.closing import Closing


class EpisodeImporter(Closing):
    """Appends whole stretches of episodes to a store; killed, the same import goes on.

    Args:
        store: Its folder; made if need be.
        fields: Name and width of what is known of a step.

    Raises:
        ValueError: The store holds other fields.
        StoreBusy: Another process writes to it.
        StoreVersion: A newer version wrote it.
    """

    def __init__(self, store: Path, fields: Mapping[str, int]) -> None:
        try:
            self._before: EpisodeIndex | None = EpisodeIndex(Snapshot(store))
        except StoreMissing:
            self._before = None
        self._store = ReplayStore(store, fields=fields)
        try:
            self._journal = Journal(store)
            self._noted = set(read_notes(store))
        except BaseException:
            self._store.close()
            raise
        self._closed = False

    def add(
        self,
        key: str,
        task: str,
        about: Mapping[str, Any],
        steps: Transitions,
        first: int = 0,
        notes: Iterable[Note] = (),
    ) -> None:
        """Take in consecutive steps of an episode and what was said about it.

        Steps that do not go on where the episode ends, because some before them are missing,
        become an episode of their own.

        Args:
            key: Of the episode.
            task: What it is an attempt at.
            about: What is known of it.
            steps: Its steps from `first` on.
            first: Place of the first one.
            notes: What the journal says of it.

        Raises:
            ValueError: An episode with that key is there, and another one.
            StoreFull: The disk is full; the same import goes on later.
        """
        self._check_same(key, task, about, steps, first)
        number = self._store.begin_episode(key, task, about)
        if first > self._store.next_step(number):
            key, first = f"{key} from step {first}", 0
            self._check_same(key, task, about, steps, first)
            number = self._store.begin_episode(key, task, about)
        self._store.append(number, steps, first)
        for note in notes:
            if note not in self._noted:
                self._journal.add(note)
                self._noted.add(note)

    def close(self) -> None:
        """Make everything durable; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        try:
            self._store.close()
        finally:
            self._journal.close()

    def _check_same(
        self, key: str, task: str, about: Mapping[str, Any], steps: Transitions, first: int
    ) -> None:
        """Refuse to mix an episode with another one of the same key."""
        number = None if self._before is None else self._before.number(key)
        if self._before is None or number is None:
            return
        known = self._before.snapshot.episodes[number]
        there = self._before.read(number, first, first + len(steps))
        place = there.step - first
        same = (known.task, known.about) == (task, dict(about)) and all(
            np.array_equal(there.values[name], np.asarray(value, np.float32)[place])
            for name, value in steps.values.items()
        )
        if not (same and np.array_equal(there.stamp, steps.stamp[place])):
            raise ValueError(
                f"{self._before.snapshot.path} holds another episode '{key}' already; import "
                "into another store"
            )


def notes_from(content: Iterable[Mapping[str, Any]]) -> list[Note]:
    """Notes that `dataclasses.asdict` took apart.

    Raises:
        ValueError: They are none.
    """
    known = {field.name for field in dataclasses.fields(Note)}
    try:
        return [Note(**{k: v for k, v in note.items() if k in known}) for note in content]
    except (TypeError, AttributeError) as error:
        raise ValueError(f"not what a journal notes ({error})") from None
