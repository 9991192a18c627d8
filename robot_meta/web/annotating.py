"""What annotators are asked, what they say, and how far they agree; no web in here."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.annotation.agreement import Agreement, agreement, normalized, word_set
from robot_meta.annotation.annotations import (
    LABEL,
    PREFERENCE,
    SKIP,
    UNSURE,
    Annotation,
    label,
    preference,
    retraction,
    skip,
    unsure,
)
from robot_meta.annotation.answers import current_answers, labels, preferences
from robot_meta.annotation.choosing import next_clip, next_pair
from robot_meta.annotation.clips import Clip, check_clips, episode_lengths, windows
from robot_meta.annotation.exchange import from_lines, to_lines
from robot_meta.annotation.history import AnnotationHistory

_SHOWN = 30  # of one's own words, the newest


class Annotating:
    """Asks the annotators of one store, and writes down what they say; from any thread.

    Args:
        store: Its folder.
        steps: Of a clip.
        wanted: Annotators that a clip, or a pair of them, should have.
        seed: Of the order in which clips come.

    Raises:
        StoreMissing: There is no such store.
        ValueError: It has no episode of so many steps.
    """

    def __init__(self, store: Path, *, steps: int = 40, wanted: int = 2, seed: int = 0) -> None:
        self._store, self._steps = store, steps
        self._history = AnnotationHistory(store)
        self._wanted, self._rng = wanted, np.random.default_rng(seed)
        self._lock = threading.Lock()
        self.look_again()
        if not self._clips:
            raise ValueError(
                f"want an episode of {steps} steps or more to show, the longest of {store} has "
                f"{max(self._lengths.values(), default=0)}"
            )

    def look_again(self) -> None:
        """Take in what was recorded, and discarded, since the last look."""
        with self._lock:
            self._lengths = episode_lengths(self._store)
            self._clips = windows(self._lengths, self._steps)

    def ask(self, who: str, *, pair: bool = False, asked: str = "") -> tuple[Clip, ...]:
        """One clip for `who`, or two to compare for `asked`; none where nothing is left.

        Where nothing is left the store is looked at again.
        """
        found = self._ask(who, pair, asked)
        if not found:
            self.look_again()
            found = self._ask(who, pair, asked)
        return found

    def _ask(self, who: str, pair: bool, asked: str) -> tuple[Clip, ...]:
        answers = current_answers(self._history.annotations())
        with self._lock:
            if pair:
                found = next_pair(
                    self._clips, answers, who, self._rng, wanted=self._wanted, asked=asked
                )
                return found or ()
            clip = next_clip(self._clips, answers, who, self._rng, self._wanted)
            return () if clip is None else (clip,)

    def say(
        self, who: str, kind: str, clips: tuple[Clip, ...], text: str = "", choice: str = ""
    ) -> None:
        """Write down an answer.

        Raises:
            ValueError: It is none; what was wanted is said.
            RecordingFailed: The disk is full or refuses.
        """
        check_clips(clips, self._lengths)
        about = {"by": "annotation page"}
        if kind == LABEL and len(clips) == 1:
            said = label(who, clips[0], text, about=about)
        elif kind == UNSURE and len(clips) == 1:
            said = unsure(who, clips[0], about=about)
        elif kind == SKIP and len(clips) in (1, 2):
            said = skip(who, *clips, text=text, about=about)
        elif kind == PREFERENCE and len(clips) == 2:
            said = preference(who, *clips, choice, text, about=about)
        else:
            raise ValueError(
                f"want {LABEL} or {UNSURE} of one clip, {PREFERENCE} of two, or {SKIP}, got "
                f"'{kind}' of {len(clips)}"
            )
        self._history.add(said)

    def take_back(self, who: str, id: str) -> None:
        """Let what `who` said no longer count; it stays in the history.

        Raises:
            ValueError: They said nothing of that id.
        """
        said = next((a for a in self._history.annotations() if a.id == id), None)
        if said is None:
            raise ValueError(f"there is nothing with id '{id}' to take back")
        self._history.add(retraction(who, said))

    def overview(self, who: str) -> dict[str, Any]:
        """What there is, how far annotators agree, and what `who` said, newest first; for JSON."""
        every = self._history.annotations()
        answers = current_answers(every)
        counting = {said.id: said for given in answers.values() for said in given.values()}
        own = [said for said in every if said.who == who]
        done = sum(
            len(q.clips) == 1 and len(given) >= self._wanted for q, given in answers.items()
        )
        return {
            "clips": len(self._clips),
            "done": done,
            "annotations": len(every),
            "annotators": sorted({said.who for said in every}),
            "kinds": dict(Counter(said.kind for said in counting.values())),
            "labels": _agreed(agreement(labels(answers), normalized)),
            "word_sets": _agreed(agreement(labels(answers), word_set)),
            "preferences": _agreed(agreement(preferences(answers))),
            "own": [_told(said, counting) for said in own[: -_SHOWN - 1 : -1]],
        }

    def exported(self) -> str:
        """The whole history as JSONL."""
        return to_lines(self._history.annotations())

    def take_in(self, text: str, origin: str) -> int:
        """Add what is new in JSONL, all or nothing; how much that was.

        Raises:
            ValueError: A line is no annotation, or about another store.
            StoreVersion: A line is of a newer version.
            RecordingFailed: The disk is full or refuses.
        """
        found = from_lines(text, Path(origin))
        check_clips((c for a in found for c in (a.clip, a.other) if c is not None), self._lengths)
        return self._history.merge(found)


def _agreed(found: Agreement) -> dict[str, Any]:
    return {"questions": found.questions, "share": found.share, "alpha": found.alpha}


def _told(said: Annotation, counting: dict[str, Annotation]) -> dict[str, Any]:
    """One's own words, as the page lists them."""
    return {
        "id": said.id,
        "kind": said.kind,
        "text": said.text,
        "choice": said.choice,
        "time": said.time,
        "counts": said.id in counting,
        "clips": [str(clip) for clip in (said.clip, said.other) if clip is not None],
    }
