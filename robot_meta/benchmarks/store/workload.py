"""Transitions that can be told right from wrong by where they belong, and what was promised."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from robot_meta.errors import StoreDamaged, StoreMissing
from robot_meta.replay.records import Layout, Rows
from robot_meta.replay.segments import FOLDER, HEADER_BYTES, ROWS
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.store import Receipt, ReplayStore
from robot_meta.replay.transitions import Transitions

FIELDS = {"state": 5, "action": 3}
EPISODE_STEPS = 100


def transitions(episode: int, step: int, count: int) -> Transitions:
    """Steps `step` to `step + count` of an episode: each number follows from its place."""
    steps = step + np.arange(count)
    return Transitions(
        {
            name: values_at(np.full(count, episode), steps, width, offset)
            for offset, (name, width) in enumerate(FIELDS.items())
        },
        0.05 * steps + episode,
    )


def values_at(episode: np.ndarray, step: np.ndarray, width: int, offset: int) -> np.ndarray:
    """What a field of width D holds at (episode, step) (n,), (n, D)."""
    phase = 7.13 * episode[:, None] + 0.37 * step[:, None] + 1.7 * np.arange(width) + 100 * offset
    return np.sin(phase).astype(np.float32)


@dataclass
class Promises:
    """How many steps of each episode were acknowledged, by its number."""

    steps: dict[int, int] = field(default_factory=dict)

    def note(self, episode: int, steps: int) -> None:
        """Steps before `steps` of an episode are acknowledged."""
        self.steps[episode] = max(steps, self.steps.get(episode, 0))

    @property
    def total(self) -> int:
        """All acknowledged transitions."""
        return sum(self.steps.values())


@dataclass(frozen=True)
class Verdict:
    """What a store got wrong.

    Attributes:
        lost: Transitions that were acknowledged and are not returned.
        duplicated: Transitions that are returned more than once.
        corrupt: Rows that are returned and were never handed over as they are.
    """

    lost: int = 0
    duplicated: int = 0
    corrupt: int = 0

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(
            self.lost + other.lost,
            self.duplicated + other.duplicated,
            self.corrupt + other.corrupt,
        )


def judged(path: Path, promises: Promises) -> Verdict:
    """What the store in `path`, read in full, got wrong."""
    try:
        snapshot = Snapshot(path)
    except (StoreMissing, StoreDamaged):
        return Verdict(lost=promises.total)
    batch = snapshot.intact(np.arange(len(snapshot)))
    values = np.concatenate([batch.values[name] for name in FIELDS], axis=1)
    return verdict(batch.episode, batch.step, batch.stamp, values, promises)


def judged_without_checks(path: Path, promises: Promises) -> Verdict:
    """The same files, read as plain rows: what a store without checksums would return."""
    layout = Layout.of(FIELDS)
    parts = [_plain_rows(file, layout) for file in sorted((path / FOLDER).glob("*" + ROWS))]
    rows = np.concatenate([np.zeros(0, layout.dtype), *parts])
    return verdict(rows["episode"], rows["step"], rows["stamp"], rows["values"], promises)


def _plain_rows(file: Path, layout: Layout) -> Rows:
    data = file.read_bytes()[HEADER_BYTES:]
    return np.frombuffer(data, layout.dtype, len(data) // layout.row_bytes)


def verdict(
    episode: np.ndarray,
    step: np.ndarray,
    stamp: np.ndarray,
    values: np.ndarray,
    promises: Promises,
) -> Verdict:
    """Rows (n,), (n,), (n,), (n, D) against what was promised."""
    episode, step = episode.astype(np.int64), step.astype(np.int64)
    wanted = [values_at(episode, step, w, i) for i, w in enumerate(FIELDS.values())]
    right = (values == np.concatenate(wanted, axis=1)).all(axis=1)
    right &= (stamp == 0.05 * step + episode) & (step < EPISODE_STEPS)
    place = episode[right] * EPISODE_STEPS + step[right]
    distinct = np.unique(place)
    promised = [n * EPISODE_STEPS + np.arange(steps) for n, steps in promises.steps.items()]
    promised_places = np.concatenate([np.zeros(0, np.int64), *promised])
    return Verdict(
        lost=int((~np.isin(promised_places, distinct)).sum()),
        duplicated=len(place) - len(distinct),
        corrupt=int((~right).sum()),
    )


def produce(
    store: ReplayStore,
    rng: np.random.Generator,
    acknowledged: Callable[[int, int], None],
    blocks: int | None = None,
    *,
    wait: bool = False,
) -> None:
    """Append blocks of random size, and go on where the store ended when it was opened.

    A few steps before that are handed over again, as by a producer that does not know what was
    acknowledged before it was killed.

    Args:
        store: To write to.
        rng: Sizes of blocks.
        acknowledged: Called with an episode and how many of its steps are acknowledged.
        blocks: How many to append; None for ever.
        wait: Whether to wait for each to be acknowledged.
    """
    number = 0
    waiting: deque[tuple[Receipt, int, int]] = deque()
    try:
        while blocks is None or blocks > 0:
            key = f"episode {number}"
            episode = store.begin_episode(key, task=f"task {number % 3}")
            step = store.next_step(episode)
            if step >= EPISODE_STEPS:
                number += 1
                continue
            again = min(step, int(rng.integers(4)))
            count = min(EPISODE_STEPS - step, int(rng.integers(1, 20)))
            part = transitions(episode, step - again, again + count)
            receipt = store.append(episode, part, step - again)
            waiting.append((receipt, episode, step + count))
            if wait or len(waiting) > 50:
                receipt.wait()
            blocks = None if blocks is None else blocks - 1
            _tell(waiting, acknowledged)
        store.flush()
    finally:
        _tell(waiting, acknowledged)


def _tell(
    waiting: deque[tuple[Receipt, int, int]], acknowledged: Callable[[int, int], None]
) -> None:
    while waiting and waiting[0][0].acknowledged:
        _, episode, steps = waiting.popleft()
        acknowledged(episode, steps)
