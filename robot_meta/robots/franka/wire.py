"""What driver and driver process exchange: a state both can see, and messages.

The state lies in memory that both map. Its writer never waits, and its reader gets the newest one
without waiting: a counter that is odd while something is being written tells it to look again.
"""

from __future__ import annotations

import json
import mmap
import os
import socket
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from robot_meta.types import Array, Reference

JOINTS = 7
_NUMBERS = 6
_STATE = _NUMBERS + 5 * JOINTS  # floats, see `RobotReading`
_TEXT = 320  # bytes of a reason
_MESSAGE = 1 << 17  # longest message, bytes
_KEPT = 64  # measurements, one for each millisecond
_ROW = 1 + 4 * JOINTS  # floats of one: stamp, positions, velocities, torques, external torques
_SIZE = 1 << 15
_EXACT = 1e-6  # stamps are as equal as this, [s]
_TRIES = 1000  # a writer needs microseconds; one that was frozen half way never ends


@dataclass(frozen=True, kw_only=True)
class RobotReading:
    """What the driver process knows of the arm.

    Attributes:
        stamp: The robot's own time, [s].
        seen: When that stamp was seen first, monotonic clock of this machine, [s].
        written: When this was written, same clock, [s].
        success_rate: Share of the last 100 commands that the robot got in time.
        slipped: Samples by which a moving reference was held or leapt ahead so far.
        in_control: Whether the 1 kHz law runs.
        position: Measured, (J,), [rad].
        velocity: Measured, (J,), [rad/s].
        torque: Commanded by the law last, without gravity, (J,), [Nm].
        external_torque: The robot's own estimate, filtered, (J,), [Nm].
        reference: What the law follows, (J,), [rad].
        stopped: Reason of the present stop, "" when there is none.
        lost: Why the robot is lost, "" when it is not.
    """

    stamp: float
    seen: float
    written: float
    success_rate: float
    slipped: int
    in_control: bool
    position: Array
    velocity: Array
    torque: Array
    external_torque: Array
    reference: Array
    stopped: str = ""
    lost: str = ""


class SharedState:
    """Memory that two processes map: the newest reading, and the sign that its reader lives."""

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, _SIZE)
        self._counter = np.frombuffer(self._memory, np.int64, 1, 0)
        self._life = np.frombuffer(self._memory, np.float64, 1, 8)
        self._floats = np.frombuffer(self._memory, np.float64, _STATE, 16)
        start = 16 + 8 * _STATE
        self._texts = [
            np.frombuffer(self._memory, f"S{_TEXT}", 1, start + i * _TEXT) for i in (0, 1)
        ]
        start += 2 * _TEXT
        self._table = np.frombuffer(self._memory, np.float64, _KEPT * _ROW, start)
        self._count = np.frombuffer(self._memory, np.int64, 1, start + self._table.nbytes)
        self._newest: RobotReading | None = None

    @staticmethod
    def descriptor() -> int:
        """A fresh piece of memory that other processes can inherit."""
        descriptor = os.memfd_create("robot_meta_franka", 0)
        os.ftruncate(descriptor, _SIZE)
        return descriptor

    def write(self, reading: RobotReading) -> None:
        """Replace the reading; one process only may do so."""
        head = [reading.stamp, reading.seen, reading.written, reading.success_rate]
        measured = [reading.position, reading.velocity, reading.torque, reading.external_torque]
        self._counter[0] += 1
        self._floats[:_NUMBERS] = [*head, float(reading.slipped), float(reading.in_control)]
        self._floats[_NUMBERS:] = np.concatenate([*measured, reading.reference])
        rows, count = self._table.reshape(_KEPT, _ROW), int(self._count[0])
        if count == 0 or rows[(count - 1) % _KEPT, 0] != reading.stamp:
            rows[count % _KEPT] = np.concatenate([[reading.stamp], *measured])
            self._count[0] = count + 1
        self._texts[0][0] = reading.stopped.encode()[:_TEXT]
        self._texts[1][0] = reading.lost.encode()[:_TEXT]
        self._counter[0] += 1

    def read(self) -> RobotReading | None:
        """The newest reading, None before the first one; the last good one if its writer froze."""
        for _ in range(_TRIES):
            before = int(self._counter[0])
            floats = self._floats.copy()
            stopped, lost = (bytes(text[0]).decode(errors="replace") for text in self._texts)
            if before % 2 == 0 and before == int(self._counter[0]):
                if before > 0:
                    self._newest = _unpack(floats, stopped, lost)
                break
        return self._newest

    def measured_at(self, stamp: float) -> Array | None:
        """Positions, velocities, torques and external torques (4, J) at robot time `stamp` [s].

        A straight line between the readings before and after it, which are a millisecond or two
        apart; None where they are not known, no longer, or not yet.
        """
        for _ in range(_TRIES):
            before, count = int(self._counter[0]), int(self._count[0])
            table = self._table.reshape(_KEPT, _ROW).copy()
            if before % 2 == 0 and before == int(self._counter[0]):
                break
        else:
            return None
        oldest = max(0, count - _KEPT)
        rows = np.roll(table, -(oldest % _KEPT), axis=0)[: count - oldest]
        after = int(np.searchsorted(rows[:, 0], stamp - _EXACT))
        if after == len(rows) or (after == 0 and rows[0, 0] > stamp + _EXACT):
            return None
        values: Array = rows[after, 1:]
        if rows[after, 0] > stamp + _EXACT:
            begin, end = rows[after - 1, 0], rows[after, 0]
            values = rows[after - 1, 1:] + (stamp - begin) / (end - begin) * (
                values - rows[after - 1, 1:]
            )
        return values.reshape(4, JOINTS)

    def show_life(self) -> None:
        """Tell the other side that this process runs."""
        self._life[0] = time.monotonic()

    @property
    def last_life(self) -> float:
        """When the other side showed life last, monotonic clock, [s]."""
        return float(self._life[0])


def _unpack(floats: Array, stopped: str, lost: str) -> RobotReading:
    joints = floats[_NUMBERS:].reshape(5, JOINTS)
    return RobotReading(
        stamp=float(floats[0]),
        seen=float(floats[1]),
        written=float(floats[2]),
        success_rate=float(floats[3]),
        slipped=int(floats[4]),
        in_control=bool(floats[5]),
        position=joints[0],
        velocity=joints[1],
        torque=joints[2],
        external_torque=joints[3],
        reference=joints[4],
        stopped=stopped,
        lost=lost,
    )


class Channel:
    """Whole messages in both directions, in order: requests, answers, references."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def send(self, message: dict[str, Any]) -> None:
        """Send a request or an answer.

        Raises:
            OSError: The other side is gone.
        """
        self._end.sendall(b"J" + json.dumps(message).encode())

    def send_reference(self, reference: Reference) -> None:
        """Send a reference.

        Raises:
            OSError: The other side is gone.
        """
        samples = np.concatenate([reference.position, reference.velocity], axis=1)
        self._end.sendall(b"R" + np.float64(reference.stamp).tobytes() + samples.tobytes())

    def receive(self, timeout: float) -> dict[str, Any] | Reference | None:
        """The next message, None when there is none within `timeout` [s].

        Raises:
            EOFError: The other side is gone.
        """
        self._end.settimeout(timeout)  # 0 does not wait at all
        try:
            data = self._end.recv(_MESSAGE)
        except (BlockingIOError, TimeoutError):
            return None
        except OSError:
            data = b""
        finally:
            self._end.settimeout(None)
        if not data:
            raise EOFError
        if data[:1] == b"J":
            message: dict[str, Any] = json.loads(data[1:])
            return message
        samples = np.frombuffer(data, np.float64, offset=9).reshape(-1, 2 * JOINTS)
        return Reference(
            stamp=float(np.frombuffer(data, np.float64, 1, 1)[0]),
            position=samples[:, :JOINTS],
            velocity=samples[:, JOINTS:],
        )

    def close(self) -> None:
        """Let go of it; the other side is told."""
        self._end.close()
