"""Joining the messages of one control period, which come one by one, by their stamp."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from robot_meta.collection.decoding import stamp_from

MOST = 256  # periods that may wait for a message; of a topic that fell silent none ever comes


class PeriodJoiner:
    """Puts together what topics say of the same period.

    A period of which a message is missing is left out once a later one is whole. One that comes
    again while it is the newest counts once. Time may run back: the robot was started anew.

    Args:
        topics: What belongs to a period; its messages are handed out in this order.
    """

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = tuple(topics)
        self._waiting: dict[float, dict[str, Any]] = {}
        self._newest: float | None = None

    @property
    def incomplete(self) -> bool:
        """Whether a part of a later period than the newest whole one is there."""
        return bool(self._waiting)

    def put(self, topic: str, msg: Any) -> list[Any] | None:
        """Take in a stamped message; the messages of its period if it was the last missing one."""
        stamp = stamp_from(msg.header.stamp)
        if stamp == self._newest:
            return None
        parts = self._waiting.setdefault(stamp, {})
        parts[topic] = msg
        if len(parts) < len(self._topics):
            if len(self._waiting) > MOST:
                del self._waiting[next(iter(self._waiting))]
            return None
        ran_back = self._newest is not None and stamp < self._newest
        self._newest = stamp
        later = {} if ran_back else {s: p for s, p in self._waiting.items() if s > stamp}
        self._waiting = later
        return [parts[name] for name in self._topics]
