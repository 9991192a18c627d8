"""How often each rule and reason counted, and how much of what was asked was altered."""

from __future__ import annotations

from collections import Counter


class Tally:
    """Counts periods and reasons."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._periods = self._altered = 0

    @property
    def counts(self) -> dict[str, int]:
        """Periods that each rule altered, holds and stops that each reason caused."""
        return dict(self._counts)

    @property
    def altered_share(self) -> float:
        """Share of the periods since `restart` that differ from what was asked."""
        return self._altered / self._periods if self._periods else 0.0

    def restart(self) -> None:
        """Count the periods anew; the reasons go on."""
        self._periods = self._altered = 0

    def event(self, reason: str) -> None:
        """A hold, a stop or the like."""
        self._counts[reason] += 1

    def period(self, reason: str) -> None:
        """One commanded period; `reason` is "" where it was sent as it was asked."""
        self._periods += 1
        if reason:
            self._altered += 1
            self._counts[reason] += 1
