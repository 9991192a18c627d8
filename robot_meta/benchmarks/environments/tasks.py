"""Which bodies and grounds an environment is met with: drawn for training, or held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

Task = TypeVar("Task")

SPLITS = ("nominal", "train", "test")


@dataclass(frozen=True, kw_only=True)
class TaskSet(Generic[Task]):
    """A distribution of tasks, and those that are kept for tests.

    Attributes:
        nominal: The body as its model has it.
        train: Draws a task for training.
        held_out: Tasks that `train` never draws.
        source: Where the list was published.
    """

    nominal: Task
    train: Callable[[np.random.Generator], Task]
    held_out: tuple[Task, ...]
    source: str

    def draw(self, split: str, rng: np.random.Generator) -> Task:
        """A task of "nominal", "train" or "test"."""
        if split not in SPLITS:
            raise ValueError(f"split must be one of {SPLITS}, got '{split}'")
        if split == "nominal":
            return self.nominal
        if split == "train":
            return self.train(rng)
        return self.held_out[rng.integers(len(self.held_out))]


def one_of(tasks: tuple[Task, ...]) -> Callable[[np.random.Generator], Task]:
    """Draws from a fixed list, every task as often as the others."""
    return lambda rng: tasks[rng.integers(len(tasks))]
