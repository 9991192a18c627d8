"""What is known of the stop devices: which of them say stop, whether the heartbeat is there."""

from __future__ import annotations

from collections.abc import Sequence


class StopDevices:
    """Remembers the newest word of every stop device; decides nothing.

    One that was let go says nothing about the others, and one that has gone still says what it
    said last.

    Args:
        timeout: Longest silence of the heartbeat, [s]; None where none is required.

    Attributes:
        proven: Whether a software stop was asked for since the start, by whatever way.
    """

    def __init__(self, timeout: float | None) -> None:
        self._timeout = timeout
        self._count: int | None = None
        self._changed: float | None = None
        self._pressed: set[str] = set()
        self.proven = False

    @property
    def pressed(self) -> list[str]:
        """Those that say stop."""
        return sorted(self._pressed)

    def say(self, device: str, pressed: bool, sources: Sequence[str] = ()) -> str:
        """A word of the device; why it does not count, or "".

        Args:
            device: Its topic.
            pressed: Whether it says stop, which always counts.
            sources: Names of the nodes that speak on that topic; where they are several, nobody
                knows which was let go.
        """
        if pressed:
            self._pressed.add(device)
        elif len(sources) > 1 and device in self._pressed:
            return (
                f"the stop stays pressed: nobody knows which node lets go of {device}, one of "
                f"{', '.join(sources)}. Give each stop device a topic of its own (`stop_topics`)"
            )
        else:
            self._pressed.discard(device)
        return ""

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
        if self._pressed:
            return f"the stop device says stop ({', '.join(self.pressed)}): release it first"
        if not self.alive(now):
            return "the heartbeat of the stop device is missing (topic estop_heartbeat)"
        return ""
