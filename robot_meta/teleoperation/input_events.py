"""Linux input devices (evdev): which there are, and the events that one sends.

Source: linux/input.h and Documentation/input/event-codes.rst of the kernel.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from robot_meta.errors import DeviceUnavailable

EV_SYN, EV_KEY, EV_ABS = 0x00, 0x01, 0x03
SYN_REPORT, SYN_DROPPED = 0x00, 0x03

_EVENT = struct.Struct("@llHHi")  # seconds, microseconds, type, code, value
_AXIS = struct.Struct("@6i")  # value, minimum, maximum, fuzz, flat, resolution
_READ = 64  # events at once
_INPUTS, _NODES = Path("/sys/class/input"), Path("/dev/input")


@dataclass(frozen=True)
class Event:
    """One event: what kind, which key or axis, and its value."""

    kind: int
    code: int
    value: int


@dataclass(frozen=True)
class Range:
    """What an axis can say.

    Attributes:
        low: Its least value.
        high: Its greatest.
        flat: Around the middle, values that mean nothing.
    """

    low: int
    high: int
    flat: int = 0

    def share(self, value: int, dead: float) -> float:
        """Where `value` is between the middle, 0, and the ends, ±1; 0 within `dead` of them."""
        half = 0.5 * (self.high - self.low)
        share = (value - 0.5 * (self.low + self.high)) / half
        dead = max(dead, self.flat / half)
        beyond = max(0.0, min(1.0, abs(share)) - dead) / (1.0 - dead)
        return beyond if share > 0.0 else -beyond


def open_node(path: Path, name: str, rule: str) -> int:
    """A file descriptor that reads a device without blocking.

    Args:
        path: Its node.
        name: What to call it.
        rule: How a person gets the permission.

    Raises:
        DeviceUnavailable: It is gone, or may not be read.
    """
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        raise DeviceUnavailable(f"{name} at {path} may not be read by this user: {rule}") from None
    except OSError as error:
        raise DeviceUnavailable(f"{name} at {path}: {error.strerror}") from None


def read_all(fd: int, size: int, name: str) -> list[bytes]:
    """All that a device has to say now, in the pieces that it is read in.

    Args:
        fd: The device, not blocking.
        size: Of the largest piece, [bytes].
        name: What to call it.

    Raises:
        DeviceUnavailable: It was unplugged.
    """
    pieces: list[bytes] = []
    while True:
        try:
            piece = os.read(fd, size)
        except BlockingIOError:
            return pieces
        except OSError as error:
            raise DeviceUnavailable(f"{name} was unplugged ({error.strerror})") from None
        if not piece:
            raise DeviceUnavailable(f"{name} was unplugged")
        pieces.append(piece)


def read_events(fd: int, name: str) -> list[Event]:
    """The events since the last call.

    Raises:
        DeviceUnavailable: The device was unplugged.
    """
    pieces = read_all(fd, _READ * _EVENT.size, name)
    return [Event(*fields[2:]) for piece in pieces for fields in _EVENT.iter_unpack(piece)]


def axis_range(fd: int, axis: int) -> Range | None:
    """The range of an axis; None where the device has no such axis."""
    question = 2 << 30 | _AXIS.size << 16 | ord("E") << 8 | 0x40 + axis  # EVIOCGABS
    try:
        answer = fcntl.ioctl(fd, question, bytes(_AXIS.size))
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOTTY):
            return None
        raise DeviceUnavailable(f"an axis cannot be asked for: {error.strerror}") from None
    _, low, high, _, flat, _ = _AXIS.unpack(answer)
    return Range(low, high, flat) if high > low else None


def find_input(
    has: Callable[[set[int]], bool], *, inputs: Path = _INPUTS, nodes: Path = _NODES
) -> tuple[Path, str] | None:
    """Node and name of the first input device whose keys satisfy `has`, or None."""
    for entry in sorted(inputs.glob("event*"), key=lambda path: int(path.name[5:])):
        try:
            keys = bits((entry / "device/capabilities/key").read_text())
            name = (entry / "device/name").read_text().strip()
        except OSError:  # it is just being unplugged
            continue
        if has(keys):
            return nodes / entry.name, name
    return None


def bits(text: str) -> set[int]:
    """Which bits are set in a bitmap of sysfs: words in hexadecimal, the highest first."""
    width = 8 * struct.calcsize("@l")
    words = enumerate(reversed(text.split()))
    return {
        index * width + bit
        for index, word in words
        for bit in range(width)
        if int(word, 16) >> bit & 1
    }
