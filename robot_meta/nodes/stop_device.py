"""What is known of the stop device: its button and its heartbeat."""

from __future__ import annotations


class StopDevice:
    """Remembers the newest word of the stop device; decides nothing.

    Args:
        timeout: Longest silence of the heartbeat, [s]; None where none is required.

    Attributes:
        pressed: Whether its button says stop.
        proven: Whether a software stop was asked for since the start, by whatever way.
    """

    def __init__(self, timeout: float | None) -> None:
        self._timeout = timeout
        self._count: int | None = None
        self._changed: float | None = None
        self.pressed = self.proven = False

    def beat(self, count: int, now: float) -> None:
        """A heartbeat has come; a counter that stands still is a device that hangs."""
        if count != self._count:
            self._count, self._changed = count, now

    def alive(self, now: float) -> bool:
        """Whether the heartbeat is there, or none is required; `now` on the clock of `beat`."""
        if self._timeout is None:
            return True
        return self._changed is not None and now - self._changed <= self._timeout

    def trouble(self, now: float) -> str:
        """Why the robot must not be armed, or ""."""
        if self.pressed:
            return "the stop device says stop: release it first"
        if not self.alive(now):
            return "the heartbeat of the stop device is missing (topic estop_heartbeat)"
        return ""
