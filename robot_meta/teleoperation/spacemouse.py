"""A SpaceMouse, read as a raw HID device: the cap springs back, so it is its own dead-man.

Its frame is x to the right, y to the person, z down, for translations and rotations alike. Report
1 holds the translation, and on newer models the rotation after it; report 2 the rotation on older
ones; report 3 the buttons, one bit each: left opens and closes the hand, right starts and stops an
episode. Numbers are signed, 16 bits, low byte first, within ±350.
Source: what the devices send, as pyspacemouse and spacenavd read it.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np

from robot_meta.errors import DeviceUnavailable
from robot_meta.teleoperation import input_events
from robot_meta.teleoperation.device import (
    MAX_GAP,
    MAX_SILENCE,
    Button,
    Reading,
    check_gaps,
)
from robot_meta.teleoperation.input_events import Range
from robot_meta.types import Array

TRANSLATION, ROTATION, BUTTONS = 1, 2, 3  # ids of reports
LEFT, RIGHT = 1, 2  # bits of buttons
MULTI_AXIS = bytes([0x05, 0x01, 0x09, 0x08])  # begin of its descriptor: a multi-axis controller

_NUMBERS = struct.Struct("<3h")
_RANGE = Range(-350, 350)
_DEAD = 0.08  # share of an axis about its middle that means nothing
_LARGEST = 64  # report, [bytes]
_RAW, _NODES = Path("/sys/class/hidraw"), Path("/dev")
_RULE = (
    'write \'KERNEL=="hidraw*", ATTRS{idVendor}=="256f", TAG+="uaccess"\' into '
    "/etc/udev/rules.d/70-spacemouse.rules (046d for those of Logitech), and plug it in again"
)


class SpaceMouse:
    """Reads the reports of a SpaceMouse.

    Args:
        fd: The device, not blocking, one report a read; closed by `close`.
        name: What to call it.
        max_silence: A cap that is pushed sends all the time; after so long without a report it
            counts as let go, [s].
        max_gap: After so long without one nothing moves until the next, [s].
    """

    def __init__(
        self,
        fd: int,
        name: str = "the SpaceMouse",
        max_silence: float = MAX_SILENCE,
        max_gap: float = MAX_GAP,
    ) -> None:
        check_gaps(max_gap, max_silence)
        self._fd, self._name = fd, name
        self._max_silence, self._max_gap = max_silence, max_gap
        self._velocity, self._pushed_at = np.zeros(6), -np.inf
        self._down = 0

    def read(self, now: float) -> Reading:
        """How the cap is pushed, and which buttons were pressed."""
        buttons: list[Button] = []
        for report in input_events.read_all(self._fd, _LARGEST, self._name):
            self._take(report, buttons, now)
        silence = now - self._pushed_at
        if silence > self._max_silence:
            self._velocity = np.zeros(6)
        return Reading(
            engaged=bool(self._velocity.any()),
            silent=silence > self._max_gap,
            velocity=self._velocity.copy(),
            buttons=tuple(buttons),
        )

    def close(self) -> None:
        """Let go of the device; safe to call twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _take(self, report: bytes, buttons: list[Button], now: float) -> None:
        """Take in one report; one that is cut short, or of another kind, says nothing."""
        kind, numbers = report[0], report[1:]
        if kind in (TRANSLATION, ROTATION) and len(numbers) >= _NUMBERS.size:
            self._pushed_at = now
            begin = 3 * (kind - TRANSLATION)
            self._velocity[begin : begin + 3] = _in_base(numbers)
            if kind == TRANSLATION and len(numbers) >= 2 * _NUMBERS.size:
                self._velocity[3:] = _in_base(numbers[_NUMBERS.size :])
        elif kind == BUTTONS and numbers:
            pressed = numbers[0] & ~self._down
            self._down = numbers[0]
            if pressed & LEFT:
                buttons.append(Button.GRIPPER)
            if pressed & RIGHT:
                buttons.append(Button.RECORD)


def open_spacemouse(
    path: str = "", max_silence: float = MAX_SILENCE, max_gap: float = MAX_GAP
) -> SpaceMouse:
    """The SpaceMouse at `path`, or the first that is plugged in.

    Raises:
        DeviceUnavailable: There is none, or it may not be read.
    """
    found = (Path(path), "the SpaceMouse") if path else find_spacemouse()
    if found is None:
        raise DeviceUnavailable(
            "no SpaceMouse is plugged in: none of /dev/hidraw* is a multi-axis controller. Plug "
            "one in, or choose another device"
        )
    node, name = found
    return SpaceMouse(input_events.open_node(node, name, _RULE), name, max_silence, max_gap)


def find_spacemouse(raw: Path = _RAW, nodes: Path = _NODES) -> tuple[Path, str] | None:
    """Node and name of the first multi-axis controller, or None."""
    for entry in sorted(raw.glob("hidraw*"), key=lambda path: int(path.name[6:])):
        try:
            descriptor = (entry / "device/report_descriptor").read_bytes()
            about = (entry / "device/uevent").read_text()
        except OSError:  # it is just being unplugged
            continue
        if descriptor.startswith(MULTI_AXIS):
            facts = dict(line.partition("=")[::2] for line in about.splitlines())
            return nodes / entry.name, facts.get("HID_NAME", "the SpaceMouse")
    return None


def _in_base(numbers: bytes) -> Array:
    """Three numbers in the base frame, as shares: x away from the base, y to its left, z up."""
    x, y, z = (_RANGE.share(value, _DEAD) for value in _NUMBERS.unpack_from(numbers))
    return np.array([-y, -x, -z])
