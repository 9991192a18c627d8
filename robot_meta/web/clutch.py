"""Whose hand moves the robot: one visitor at a time, and only while the hand is down."""

from __future__ import annotations

import threading


class Clutch:
    """First come, first served; a hand that falls silent has let go, and must press anew.

    Times are of one steady clock, [s]. May be used from any thread.

    Args:
        timeout: Longest silence of a hand that is down, [s].
    """

    def __init__(self, timeout: float) -> None:
        if not timeout > 0.0:
            raise ValueError(f"timeout must be > 0, got {timeout}")
        self._timeout = timeout
        self._lock = threading.Lock()
        self._holder, self._heard = "", 0.0

    def press(self, visitor: str, now: float) -> bool:
        """A hand comes down; whether it holds the clutch now."""
        with self._lock:
            if self._at(now) not in ("", visitor):
                return False
            self._holder, self._heard = visitor, now
            return True

    def beat(self, visitor: str, now: float) -> bool:
        """The hand is still down; whether it still holds the clutch."""
        with self._lock:
            holds = self._at(now) == visitor
            if holds:
                self._heard = now
            return holds

    def release(self, visitor: str) -> None:
        """The hand is up, or its page is gone."""
        with self._lock:
            if self._holder == visitor:
                self._holder = ""

    def holder(self, now: float) -> str:
        """Who holds it, "" for nobody."""
        with self._lock:
            return self._at(now)

    def silence(self, now: float) -> float:
        """How long ago the hand that is down was heard, [s]; 0 where none is."""
        with self._lock:
            return now - self._heard if self._at(now) else 0.0

    def _at(self, now: float) -> str:
        if self._holder and now - self._heard > self._timeout:
            self._holder = ""
        return self._holder
