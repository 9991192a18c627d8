"""Whole episodes of a snapshot, their steps in order."""

from __future__ import annotations

import numpy as np

from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.transitions import TERMINATED, TRUNCATED, Batch, Episode, Ints


class EpisodeIndex:
    """Finds the rows of an episode without looking at those of others.

    Args:
        snapshot: Of the store.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        runs = snapshot.runs
        self._order = np.lexsort((runs["step"], runs["episode"]))
        self._numbers = runs["episode"][self._order]
        self._by_key = {episode.key: n for n, episode in snapshot.episodes.items()}

    @property
    def episodes(self) -> list[Episode]:
        """All with a step in the snapshot, in the order in which they were begun."""
        there = set(np.unique(self._numbers).tolist())
        known = self.snapshot.episodes
        return [known[number] for number in sorted(known) if number in there]

    @property
    def nameless(self) -> list[int]:
        """Numbers of episodes with steps of which nothing else is known: a line was damaged."""
        return sorted(set(np.unique(self._numbers).tolist()) - set(self.snapshot.episodes))

    def number(self, key: str) -> int | None:
        """The number of the episode `key`, None where there is none."""
        return self._by_key.get(key)

    def count(self, number: int) -> int:
        """Steps of an episode that are there."""
        return int(self.snapshot.runs["count"][self._runs(number)].sum())

    def length(self, number: int) -> int:
        """Steps of an episode up to the first that is not there."""
        runs, length = self.snapshot.runs[self._runs(number)], 0
        for begin, count in zip(runs["step"].tolist(), runs["count"].tolist(), strict=True):
            if begin != length:
                break
            length += count
        return length

    def read(self, number: int, begin: int = 0, end: int | None = None) -> Batch:
        """The transitions of an episode that are there and intact, in order.

        Args:
            number: Of the episode.
            begin: First step.
            end: Behind the last step; None for all.
        """
        runs = self._runs(number)
        first, count = self.snapshot.run_first[runs], self.snapshot.runs["count"][runs]
        step = self.snapshot.runs["step"][runs]
        row, place = _ranges(first, count), _ranges(step, count)
        inside = place >= begin
        if end is not None:
            inside &= place < end
        return self.snapshot.intact(row[inside])

    def ends(self, number: int) -> Batch:
        """The first and the last transition of an episode that are there, if they are intact."""
        runs = self._runs(number)
        first = self.snapshot.run_first[runs]
        last = first[-1:] + self.snapshot.runs["count"][runs][-1:].astype(np.int64) - 1
        return self.snapshot.intact(np.concatenate([first[:1], last]))

    def _runs(self, number: int) -> Ints:
        begin, end = np.searchsorted(self._numbers, [number, number + 1])
        return self._order[begin:end]


def _ranges(first: Ints, count: Ints) -> Ints:
    """All of first[i] to first[i] + count[i] − 1, one after the other."""
    parts = [f + np.arange(c) for f, c in zip(first.tolist(), count.tolist(), strict=True)]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def stretches(batch: Batch) -> list[slice]:
    """The parts of an episode in which every step follows from the one before it.

    They end where steps are missing, where time makes a leap (of more than half the usual time
    between steps), and where the recording was cut.
    """
    if len(batch) == 0:
        return []
    passed = np.diff(batch.stamp)
    usual = float(np.median(passed)) if len(passed) else 0.0
    cut = batch.ending[:-1] & (TERMINATED | TRUNCATED) != 0
    leaps = (np.diff(batch.step) != 1) | (np.abs(passed - usual) > 0.5 * usual) | cut
    bounds = [0, *(np.flatnonzero(leaps) + 1).tolist(), len(batch)]
    return [slice(a, b) for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
