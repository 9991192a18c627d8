"""What goes into the store and what comes out of it: transitions, many at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

TERMINATED, TRUNCATED, SWITCHED = 1, 2, 4  # bits of `ending`

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Transitions:
    """T consecutive transitions of one episode.

    A transition stands by itself: what it began in, what was done, what it ended in.

    Attributes:
        values: Named fields, (T, D) each, such as state, action, next_state; kept as float32.
        stamp: When each began, (T,), [s], robot clock.
        ending: Whether the episode ended after it, bits of TERMINATED (a fact of the task),
            TRUNCATED (cut short) and SWITCHED (another phase took over), (T,); None for no end.
    """

    values: Mapping[str, npt.NDArray[Any]]
    stamp: npt.NDArray[np.floating[Any]]
    ending: npt.NDArray[np.uint32] | None = None

    def __len__(self) -> int:
        return len(self.stamp)


@dataclass(frozen=True)
class Batch:
    """n transitions drawn from a store, each checked against its checksum.

    Attributes:
        row: Their places in the snapshot that they come from, (n,).
        episode: Numbers of their episodes, (n,).
        step: Their places in the episodes, (n,).
        stamp: When each began, (n,), [s].
        ending: Bits as in `Transitions`, (n,).
        values: The named fields, (n, D) each.
    """

    row: Ints
    episode: Ints
    step: Ints
    stamp: npt.NDArray[np.float64]
    ending: npt.NDArray[np.uint32]
    values: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class Episode:
    """What is known of an episode as a whole.

    Attributes:
        number: Given by the store, never given twice.
        key: Given by whoever records it, unique in the store.
        task: What it was an attempt at; retention and weights go by it.
        about: Instruction, who, seed, config, commit: what JSON can carry.
    """

    number: int
    key: str
    task: str
    about: dict[str, Any]
