"""A device that may be unplugged, and plugged in again."""

from __future__ import annotations

from collections.abc import Callable

from robot_meta.errors import DeviceUnavailable
from robot_meta.teleoperation.device import Device, Reading

_PERIOD = 1.0  # how often a lost device is looked for, [s]


class Plugged:
    """Reads a device; while it is lost nobody holds it, and it is looked for.

    Args:
        find: Opens the device.

    Attributes:
        trouble: Why it is not there, "" while it is.

    Raises:
        DeviceUnavailable: It is not there to begin with.
    """

    def __init__(self, find: Callable[[], Device]) -> None:
        self._find = find
        self._device: Device | None = find()
        self._next_search = 0.0
        self.trouble = ""

    def read(self, now: float) -> Reading:
        """What the device says at `now` [s]."""
        try:
            if self._device is None and now >= self._next_search:
                self._next_search = now + _PERIOD
                self._device, self.trouble = self._find(), ""
            return self._device.read(now) if self._device is not None else Reading()
        except DeviceUnavailable as error:
            self.trouble, self._next_search = str(error), now + _PERIOD
            self.close()
            return Reading()

    def close(self) -> None:
        """Let go of it; safe to call twice."""
        if self._device is not None:
            self._device.close()
            self._device = None
