"""The path just driven, kept so that it can be driven back."""

from __future__ import annotations

from collections import deque

import numpy as np

from robot_meta.types import Array

GAP = 0.2  # neighbours further apart than this do not belong to one path, [rad]


class Trail:
    """Where the reference was at the ends of the last periods in which it moved.

    Args:
        size: Periods that are kept.
    """

    def __init__(self, size: int) -> None:
        self._points: deque[Array] = deque(maxlen=size)

    @property
    def back(self) -> Array:
        """The path, newest place first, (W, J), [rad]; empty before anything was driven."""
        return np.array(self._points)[::-1]

    def add(self, position: Array) -> None:
        """The reference is at `position` (J,) now."""
        if self._points:
            moved = np.abs(position - self._points[-1]).max()
            if moved == 0.0:
                return
            if moved > GAP:
                self._points.clear()
        self._points.append(position)

    def cut(self, position: Array) -> None:
        """Something else moved the reference to `position` (J,): what lies behind that is gone."""
        if self._points:
            away = np.abs(np.array(self._points) - position).max(axis=1)
            while len(self._points) > int(away.argmin()) + 1:
                self._points.pop()
