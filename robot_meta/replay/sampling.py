"""Drawing transitions at random: evenly, or by a weight per episode or per transition.

A row that turns out damaged is drawn again, so that what comes out is intact and follows the
weights among what is intact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from robot_meta.errors import StoreDamaged
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.transitions import Batch, Ints

_TRIES = 20  # draws of a row before the store counts as useless
Draw = Callable[[int, np.random.Generator], Ints]


class Sampler:
    """Batches from a snapshot, each row drawn independently and with replacement.

    Args:
        snapshot: What to draw from.
        draw: From a number n and a generator to n rows.
        index_bytes: Memory that `draw` needs.

    Attributes:
        damaged: How many draws hit a damaged row.
    """

    def __init__(self, snapshot: Snapshot, draw: Draw, index_bytes: int = 0) -> None:
        self.snapshot, self._draw, self.index_bytes = snapshot, draw, index_bytes
        self.damaged = 0

    def sample(self, count: int, rng: np.random.Generator) -> Batch:
        """`count` transitions, all intact.

        Raises:
            StoreDamaged: Hardly a row that may be drawn is intact.
        """
        rows = self._draw(count, rng)
        batch, good = self.snapshot.read(rows)
        for _ in range(_TRIES):
            if good.all():
                return batch
            self.damaged += int((~good).sum())
            rows[~good] = self._draw(int((~good).sum()), rng)
            batch, good = self.snapshot.read(rows)
        raise StoreDamaged(self.snapshot.path, "most of what is drawn from is damaged")


def uniform(snapshot: Snapshot) -> Sampler:
    """Every transition as likely as any other."""
    total = len(snapshot)
    if total == 0:
        raise ValueError(f"the store {snapshot.path} is empty")
    return Sampler(snapshot, lambda count, rng: rng.integers(total, size=count))


def by_episode(snapshot: Snapshot, weights: Mapping[int, float]) -> Sampler:
    """Every transition in proportion to the weight of its episode.

    Args:
        snapshot: What to draw from.
        weights: By number of the episode, >= 0; episodes not named weigh nothing.
    """
    numbers = snapshot.runs["episode"]
    distinct, which = np.unique(numbers, return_inverse=True)
    weight = np.array([weights.get(number, 0.0) for number in distinct.tolist()])
    count = snapshot.runs["count"].astype(np.int64)
    total = _cumulative(weight[which] * count)
    first = snapshot.run_first

    def draw(number: int, rng: np.random.Generator) -> Ints:
        run = _drawn(total, number, rng)
        return first[run] + rng.integers(count[run])

    return Sampler(snapshot, draw, total.nbytes + count.nbytes)


def by_task(snapshot: Snapshot, weights: Mapping[str, float]) -> Sampler:
    """Tasks in proportion to their weights, every transition of a task alike.

    Args:
        snapshot: What to draw from.
        weights: By task, >= 0: the share of the draws that each gets; tasks not named get none.
    """
    rows: dict[str, int] = {}
    tasks = {number: episode.task for number, episode in snapshot.episodes.items()}
    for number, count in zip(
        snapshot.runs["episode"].tolist(), snapshot.runs["count"].tolist(), strict=True
    ):
        task = tasks.get(number, "")
        rows[task] = rows.get(task, 0) + count
    return by_episode(
        snapshot, {n: weights.get(task, 0.0) / rows.get(task, 1) for n, task in tasks.items()}
    )


def by_transition(snapshot: Snapshot, weights: npt.NDArray[np.floating]) -> Sampler:
    """Every transition in proportion to its own weight.

    Args:
        snapshot: What to draw from.
        weights: One per row of the snapshot, (len(snapshot),), >= 0.
    """
    if weights.shape != (len(snapshot),):
        raise ValueError(f"want one weight per row, ({len(snapshot)},), got {weights.shape}")
    total = _cumulative(weights)
    return Sampler(snapshot, lambda count, rng: _drawn(total, count, rng), total.nbytes)


def _cumulative(weights: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    total = np.cumsum(weights, dtype=np.float64)
    if len(total) == 0 or not np.isfinite(total[-1]) or total[-1] <= 0.0 or weights.min() < 0.0:
        raise ValueError("weights must be finite, >= 0, and not all zero")
    return total


def _drawn(total: npt.NDArray[np.float64], count: int, rng: np.random.Generator) -> Ints:
    """Indices drawn by cumulative weights; one of weight zero never is."""
    index: Ints = np.searchsorted(total, total[-1] * rng.random(count), side="right")
    return index
