"""What to forget when the disk budget is spent.

The unit is a run, at most 256 steps of one episode. Every run has a random priority of its own,
which never changes; within a group the runs with the lowest are kept, which is a uniform sample of
all that the group ever held (bottom-k sampling), however often it is thinned. A policy is the
choice of groups; the budget is shared among them as water fills a vessel: equal shares, and what
small groups do not need goes to the large ones.

Source: Cohen & Kaplan 2007, bottom-k sketches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from robot_meta.replay.records import Mask
from robot_meta.replay.runs import LONGEST
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.transitions import Ints

POLICIES = ("reservoir", "task", "coverage")
_DIRECTIONS, _LEVELS = 3, 8  # cells of "coverage": a grid over random projections
_REACH = 2.0  # standard deviations that the grid spans to each side


@dataclass(frozen=True, kw_only=True)
class Retention:
    """A disk budget, and what is kept within it.

    Attributes:
        max_bytes: Of all segments together, [bytes]; while a segment is rewritten up to one
            segment more.
        policy: "reservoir" keeps a uniform sample of all that was ever recorded, "task" equal
            shares of all tasks, "coverage" equal shares of all regions of `field`.
        field: What "coverage" is about.
        seed: Of the priorities.
    """

    max_bytes: int
    policy: str = "reservoir"
    field: str = "state"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise ValueError(f"policy must be one of {POLICIES}, got '{self.policy}'")
        if self.max_bytes <= 0:
            raise ValueError(f"max_bytes must be > 0, got {self.max_bytes}")


def runs_to_keep(
    snapshot: Snapshot, retention: Retention, budget: int
) -> tuple[Mask, dict[str, int]]:
    """Which runs to keep so that at most `budget` transitions are left.

    Returns:
        Those runs, (R,); and for each group that had to shrink the priority from which on runs
        are dropped. Runs that come later are held to it as well (`admitted`), else the newest
        would be kept more often than the rest.
    """
    rows = snapshot.runs["count"].astype(np.int64)
    names, group = _groups(snapshot, retention)
    level = water_level(np.bincount(group, weights=rows).astype(np.int64), budget)
    priority = _priority(snapshot, retention.seed)
    order = np.lexsort((priority, group))
    total = np.cumsum(rows[order])
    first = np.searchsorted(group[order], np.arange(len(names)))
    before = np.concatenate([[0], total])[first]  # rows in earlier groups
    keep = np.empty(len(rows), bool)
    keep[order] = total - before[group[order]] <= level
    limits = {
        _limit_name(retention, name): int(priority[(group == i) & ~keep].min())
        for i, name in enumerate(names)
        if not keep[group == i].all()
    }
    return keep, limits


def admitted(snapshot: Snapshot, retention: Retention, limits: Mapping[str, int]) -> Mask:
    """Which runs are below the limits that `runs_to_keep` gave for their groups, (R,)."""
    names, group = _groups(snapshot, retention)
    highest = np.iinfo(np.uint64).max
    by_group = [limits.get(_limit_name(retention, name), highest) for name in names]
    below: Mask = _priority(snapshot, retention.seed) < np.array(by_group, np.uint64)[group]
    return below


def _limit_name(retention: Retention, group: str) -> str:
    """Limits hold for one policy, seed and budget."""
    return f"{retention.policy} {retention.seed} {retention.max_bytes} {group}"


def water_level(sizes: Ints, budget: int) -> int:
    """The largest share L with Σ min(size, L) ≤ budget; sizes (G,)."""
    level, left = 0, budget
    ordered = np.sort(sizes)
    for i, size in enumerate(ordered.tolist()):
        share = left // (len(ordered) - i)
        if size > share:
            return level + share if i == 0 else share
        left -= size
        level = size
    return level


def _priority(snapshot: Snapshot, seed: int) -> npt.NDArray[np.uint64]:
    """A random number per run that depends on its episode and place in it alone (splitmix64)."""
    runs = snapshot.runs
    key = runs["episode"].astype(np.uint64) << np.uint64(32)
    key += runs["step"].astype(np.uint64) // np.uint64(LONGEST)
    with np.errstate(over="ignore"):
        key = (key + np.uint64(seed) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return key ^ (key >> np.uint64(31))


def _groups(snapshot: Snapshot, retention: Retention) -> tuple[list[str], Ints]:
    """Names of the groups that share the budget, and the group of each run, (R,)."""
    if retention.policy == "reservoir":
        return [""], np.zeros(len(snapshot.runs), np.int64)
    if retention.policy == "task":
        about = snapshot.episodes
        numbers, which = np.unique(snapshot.runs["episode"], return_inverse=True)
        tasks = [about[n].task if n in about else "" for n in numbers.tolist()]
        names, group = np.unique(tasks, return_inverse=True)
        return names.tolist(), group[which].astype(np.int64)
    cells, group = np.unique(_cells(snapshot, retention), return_inverse=True)
    return [str(cell) for cell in cells.tolist()], group.astype(np.int64)


def _cells(snapshot: Snapshot, retention: Retention) -> Ints:
    """The grid cell that the middle of each run lies in, (R,)."""
    middle = snapshot.run_first + snapshot.runs["count"] // 2
    values = [
        snapshot.read(middle[begin : begin + 4096])[0].values[retention.field]
        for begin in range(0, len(middle), 4096)
    ]
    points = np.nan_to_num(np.concatenate(values).astype(np.float64))
    spread = points.std(axis=0)
    points = (points - points.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
    directions = np.random.default_rng(retention.seed).normal(size=(points.shape[1], _DIRECTIONS))
    projected = points @ (directions / np.linalg.norm(directions, axis=0))
    level = np.clip((projected / _REACH + 1.0) / 2.0 * _LEVELS, 0, _LEVELS - 1).astype(np.int64)
    return np.asarray(level @ _LEVELS ** np.arange(_DIRECTIONS), np.int64)
