"""The page's software stop beside other stop devices on the same topic."""

from __future__ import annotations

import threading
from collections import deque


class StopButton:
    """Knows what the page said and what others say, so that the page lets go of its own stop only.

    The page hears what it says itself: words that come back are told from others' by their order.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._own: deque[bool] = deque()  # said, and not heard yet
        self.pressed = self.pressed_elsewhere = False

    def say(self, pressed: bool) -> None:
        """The page says this, now."""
        with self._lock:
            self._own.append(pressed)
            self.pressed = pressed

    def hear(self, pressed: bool) -> None:
        """Somebody said this, perhaps the page."""
        with self._lock:
            if self._own and self._own[0] == pressed:
                self._own.popleft()
            else:
                self.pressed_elsewhere = pressed

    def refusal(self) -> str:
        """Why the page cannot let go of the stop, or ""."""
        if self.pressed_elsewhere:
            return "another stop device says stop: release it there"
        return "" if self.pressed else "the stop is not pressed on this page"
