"""A delay line: what was said some samples ago."""

from __future__ import annotations

import numpy as np

from robot_meta.types import Array


class DelayLine:
    """The newest rows, readable at any age up to `longest` samples."""

    def __init__(self, longest: int, width: int) -> None:
        self._rows = np.zeros((longest + 1, width))
        self._next = 0

    def fill(self, row: Array) -> None:
        """Pretend that it was always `row`."""
        self._rows[:] = row

    def push(self, row: Array) -> None:
        """Add the newest row."""
        self._rows[self._next] = row
        self.advance()

    def slot(self) -> Array:
        """Where the next row is to be written; `advance` makes it the newest."""
        slot: Array = self._rows[self._next]
        return slot

    def advance(self) -> None:
        """Make the row written to `slot` the newest."""
        self._next = (self._next + 1) % len(self._rows)

    def get(self, age: int) -> Array:
        """The row of `age` samples ago, 0 for the newest; a view."""
        row: Array = self._rows[self._next - 1 - age]
        return row
