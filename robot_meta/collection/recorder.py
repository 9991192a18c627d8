"""Recording play into the lifelong store: start, stop, discard, mark, resume.

Everybody who plays, a person or a script, records through this. What was added is on its way to
the disk at once; a kill loses the two newest periods at most, since a transition is whole only
when the next period has begun, and is written when it is known whether the episode goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from robot_meta.collection.steps import RecordedStep, transitions
from robot_meta.errors import RecordingFailed
from robot_meta.replay.journal import (
    DISCARDED,
    LEARNED,
    MARKED,
    RESUMED,
    STARTED,
    STOPPED,
    Journal,
    Note,
    read_notes,
)
from robot_meta.replay.store import Receipt, ReplayStore
from robot_meta.replay.transitions import TRUNCATED, Transitions
from robot_meta.robots.closing import Closing


class Recorder(Closing):
    """Writes episodes into a store, one at a time.

    Args:
        path: Folder of the store; made there if there is none.
        fields: Name and width of what is kept of a period, `steps.fields`.
        period: Between two steps, [s].
        who: Whose hand it is, for the journal.

    Attributes:
        episode: Key of the episode that is recorded now, "" for none.
        receipt: Claim on everything that was handed over, once there is something.
    """

    def __init__(
        self, path: Path, fields: Mapping[str, int], period: float, who: str = ""
    ) -> None:
        self._store = ReplayStore(path, fields=fields)
        try:
            self._journal = Journal(path)
        except BaseException:
            self._store.close()
            raise
        self._period, self._who, self._closed = period, who, False
        starts = [note for note in read_notes(path) if note.kind == STARTED]
        self._newest = starts[-1].episode if starts else ""
        self.episode = ""
        self.receipt: Receipt | None = None
        self._number = self._place = 0
        self._steps: list[RecordedStep] = []

    def start(self, key: str, task: str = "", about: Mapping[str, Any] | None = None) -> None:
        """Begin an episode.

        A key that was begun before, by somebody who was killed, begins anew at its first step:
        those that are in the store are not stored again.

        Args:
            key: Unique in the store.
            task: What it is an attempt at.
            about: Instruction, who, seed, config, commit: what JSON can carry.

        Raises:
            RecordingFailed: An episode is being recorded.
        """
        self._require(False)
        self._number = self._store.begin_episode(key, task, about)
        self.episode = self._newest = key
        self._place, self._steps = 0, []
        self._note(STARTED)

    def add(self, step: RecordedStep) -> None:
        """Take in the period that begins now; nothing joins the two sides of a gap.

        Raises:
            RecordingFailed: No episode is being recorded.
            StoreFull: The disk is full.
            StoreRefused: The disk failed.
        """
        self._require(True)
        if (
            self._steps
            and abs(step.stamp - self._steps[-1].stamp - self._period) > 0.5 * self._period
        ):
            self._cut()
        self._steps.append(step)
        if len(self._steps) > 2:
            self._append(transitions(self._steps[:2]))
            del self._steps[0]

    def extend(self, whole: Transitions) -> None:
        """Take in consecutive transitions that are known already; errors as in `add`."""
        self._require(True)
        self._append(whole)

    def mark(self, text: str = "") -> None:
        """Note that something happened at the newest period.

        Raises:
            RecordingFailed: No episode is being recorded.
        """
        self._require(True)
        self._note(MARKED, text)

    def learn(self, config: Mapping[str, Any]) -> None:
        """Note with which settings something runs, which was not known when the episode began.

        Raises:
            RecordingFailed: No episode is being recorded.
        """
        self._require(True)
        self._note(LEARNED, json.dumps(config, sort_keys=True))

    def stop(self) -> None:
        """End the episode here, and wait until all of it outlasts a power cut.

        Raises:
            RecordingFailed: No episode is being recorded.
            StoreFull: The disk is full.
            StoreRefused: The disk failed.
        """
        self._require(True)
        self._cut()
        self._store.flush()
        self._note(STOPPED)
        self.episode = ""

    def discard(self) -> None:
        """Note that the episode being recorded, or else the newest one, is not to be used.

        It stays in the store, which forgets nothing; whoever reads leaves it out.

        Raises:
            RecordingFailed: There is none.
        """
        if self.episode:
            self.stop()
        if not self._newest:
            raise RecordingFailed("there is no episode to discard; start one first")
        self._journal.add(Note(episode=self._newest, kind=DISCARDED, step=0, who=self._who))

    def resume(self) -> None:
        """Go on with the newest episode, stopped or cut by a kill, where its recording ended.

        Raises:
            RecordingFailed: There is none, or one is being recorded.
        """
        self._require(False)
        if not self._newest:
            raise RecordingFailed("there is no episode to go on with; start one first")
        self.episode = self._newest
        self._number = self._store.begin_episode(self.episode)
        self._place, self._steps = self._store.next_step(self._number), []
        self._note(RESUMED)

    def close(self) -> None:
        """Stop what is being recorded and make it durable; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        try:
            if self.episode:
                self.stop()
        finally:
            self._journal.close()
            self._store.close()

    def _cut(self) -> None:
        """What comes next does not follow from what came last."""
        if len(self._steps) == 2:
            self._append(transitions(self._steps, TRUNCATED))
        self._steps = []

    def _append(self, whole: Transitions) -> None:
        self.receipt = self._store.append(self._number, whole, self._place)
        self._place += len(whole)

    def _note(self, kind: str, text: str = "") -> None:
        newest = self._place + max(0, len(self._steps) - 1)
        self._journal.add(
            Note(episode=self.episode, kind=kind, step=newest, text=text, who=self._who)
        )

    def _require(self, recording: bool) -> None:
        if recording and not self.episode:
            raise RecordingFailed("no episode is being recorded; start one first")
        if self.episode and not recording:
            raise RecordingFailed(f"'{self.episode}' is being recorded; stop or discard it first")
