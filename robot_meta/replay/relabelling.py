"""Rewards are worked out when transitions are drawn, never stored as truth.

What a version of a reward gave is kept beside the store, 8 bytes a transition, so that it is
worked out once. What is kept is bound to the very row and vouches for itself: where it is missing,
torn or altered, the reward is worked out again.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path
from typing import Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt

from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.transitions import Batch, Floats, Ints

_ENTRY = np.dtype([("reward", "<f4"), ("check", "<u4")])
_Checks = npt.NDArray[np.uint32]


class RewardFunction(Protocol):
    """A reward of single transitions that tells which version of itself it is.

    Attributes:
        name: What it rewards.
        version: Another one wherever the same transition may get another reward: a hash of
            weights and code, say.
    """

    name: str
    version: str

    def score(self, batch: Batch) -> Floats:
        """Reward of each transition, (n,)."""


class Relabeller:
    """Rewards of transitions under one version of a reward.

    Args:
        snapshot: Where the transitions come from; a later one of the same store may follow.
        reward: Works rewards out.
        keep: Whether to keep them beside the store, in `rewards/NAME-VERSION`.

    Attributes:
        worked_out: How many rewards were not kept and had to be worked out.
    """

    def __init__(self, snapshot: Snapshot, reward: RewardFunction, *, keep: bool = True) -> None:
        for what, text in (("name", reward.name), ("version", reward.version)):
            if not re.fullmatch(r"[\w.+]+", text):
                raise ValueError(f"{what} of a reward must be letters, digits, _ . +: '{text}'")
        self._reward, self._keep = reward, keep
        self._folder = snapshot.path / "rewards" / f"{reward.name}-{reward.version}"
        self._kept: dict[UUID, npt.NDArray[np.void]] = {}
        self.worked_out = 0

    def rewards(self, snapshot: Snapshot, batch: Batch) -> Floats:
        """Rewards of a batch drawn from `snapshot`, (n,)."""
        if not self._keep:
            self.worked_out += len(batch)
            return np.asarray(self._reward.score(batch), np.float32)
        which, place = snapshot.locate(batch.row)
        rewards = np.empty(len(batch), np.float32)
        missing = np.zeros(len(batch), bool)
        parts = [(i, np.flatnonzero(which == i)) for i in np.unique(which).tolist()]
        for i, chosen in parts:
            entries = self._entries(snapshot, i)[place[chosen]]
            uuid = snapshot.segments[i].entry.uuid
            rewards[chosen] = entries["reward"]
            missing[chosen] = entries["check"] != checks(uuid, place[chosen], entries["reward"])
        if missing.any():
            self.worked_out += int(missing.sum())
            rewards[missing] = self._reward.score(_part(batch, missing))
            for i, chosen in parts:
                new = chosen[missing[chosen]]
                entries = np.empty(len(new), _ENTRY)
                entries["reward"] = rewards[new]
                uuid = snapshot.segments[i].entry.uuid
                entries["check"] = checks(uuid, place[new], rewards[new])
                self._entries(snapshot, i)[place[new]] = entries
        return rewards

    def _entries(self, snapshot: Snapshot, index: int) -> npt.NDArray[np.void]:
        segment = snapshot.segments[index]
        kept = self._kept.get(segment.entry.uuid)
        if kept is None or len(kept) < len(segment.rows):
            path = self._folder / segment.entry.uuid.hex
            kept = self._kept[segment.entry.uuid] = _mapped(path, len(segment.rows))
        return kept


def checks(segment: UUID, place: Ints, rewards: Floats) -> _Checks:
    """What vouches for a kept reward: a hash of its bits, its row and its segment, never 0."""
    with np.errstate(over="ignore"):
        key = place.astype(np.uint64) << np.uint64(32) | rewards.view(np.uint32)
        key ^= np.uint64(segment.int & (2**64 - 1))
        key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (key >> np.uint64(32)).astype(np.uint32) | np.uint32(1)


def _mapped(path: Path, rows: int) -> npt.NDArray[np.void]:
    """The kept rewards of a segment, one entry per row, shared with other processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        size = rows * _ENTRY.itemsize
        if file.seek(0, 2) < size:
            file.truncate(size)
        return np.frombuffer(mmap.mmap(file.fileno(), size), _ENTRY)


def _part(batch: Batch, chosen: npt.NDArray[np.bool_]) -> Batch:
    values = {name: value[chosen] for name, value in batch.values.items()}
    return Batch(
        batch.row[chosen],
        batch.episode[chosen],
        batch.step[chosen],
        batch.stamp[chosen],
        batch.ending[chosen],
        values,
    )
