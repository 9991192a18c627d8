"""What a page shows: facts and curves, written by any thread, read by every open page."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

Sample = tuple[float | None, ...]


class Board:
    """The newest value of each fact, and the last samples of the curves.

    A page that comes late, or is loaded again, reads from version 0 and has the whole picture.

    Args:
        length: Samples that are kept.
    """

    def __init__(self, length: int = 600) -> None:
        self._lock = threading.Lock()
        self._version, self._count = 0, 0
        self._facts: dict[str, tuple[int, Any]] = {}
        self._samples: deque[Sample] = deque(maxlen=length)

    def put(self, name: str, value: Any) -> None:
        """A fact, as JSON has it; one that did not change costs the pages nothing."""
        with self._lock:
            known = self._facts.get(name)
            if known is None or known[1] != value:
                self._version += 1
                self._facts[name] = (self._version, value)

    def sample(self, sample: Sample) -> None:
        """One more point of every curve; None leaves a gap."""
        with self._lock:
            self._count += 1
            self._samples.append(sample)

    def facts_since(self, version: int) -> tuple[int, dict[str, Any]]:
        """The present version, and what changed after `version`."""
        with self._lock:
            changed = {n: value for n, (at, value) in self._facts.items() if at > version}
            return self._version, changed

    def samples_since(self, count: int) -> tuple[int, list[Sample]]:
        """How many samples there were up to now, and those after the first `count`."""
        with self._lock:
            fresh = min(self._count - count, len(self._samples))
            return self._count, list(self._samples)[len(self._samples) - fresh :]
