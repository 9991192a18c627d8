"""What driver and driver process exchange: a state both can see, and messages."""

from __future__ import annotations

import mmap
from dataclasses import dataclass

import numpy as np

from robot_meta.robots import wire
from robot_meta.types import Array, Reference

JOINTS = 7
_NUMBERS = 6
_STATE = _NUMBERS + 5 * JOINTS  # floats, see `RobotReading`
_KEPT = 64  # measurements, one for each millisecond
_ROW = 1 + 4 * JOINTS  # floats of one: stamp, positions, velocities, torques, external torques
_SIZE = 1 << 15
_EXACT = 1e-6  # stamps are as equal as this, [s]


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


class SharedState(wire.SharedRecord):
    """Memory that two processes map: the newest reading, and the sign that its reader lives."""

    def __init__(self, descriptor: int) -> None:
        memory = mmap.mmap(descriptor, _SIZE)
        super().__init__(memory, _STATE, texts=2)
        start = -(-self.end // 8) * 8
        self._table = np.frombuffer(memory, np.float64, _KEPT * _ROW, start)
        start += self._table.nbytes
        self._count = np.frombuffer(memory, np.int64, 1, start)
        self._signs = wire.Signs(memory, ("life",), start + 8)

    @staticmethod
    def descriptor() -> int:
        """A fresh piece of memory that other processes can inherit."""
        return wire.shared_memory("robot_meta_franka", _SIZE)

    def write_reading(self, reading: RobotReading) -> None:
        """Replace the reading; one process only may do so."""
        head = [reading.stamp, reading.seen, reading.written, reading.success_rate]
        measured = [reading.position, reading.velocity, reading.torque, reading.external_torque]
        numbers = [*head, float(reading.slipped), float(reading.in_control)]
        rows, count = self._table.reshape(_KEPT, _ROW), int(self._count[0])
        if count == 0 or rows[(count - 1) % _KEPT, 0] != reading.stamp:
            with self.writing():
                rows[count % _KEPT] = np.concatenate([[reading.stamp], *measured])
                self._count[0] = count + 1
        self.write(
            np.concatenate([numbers, *measured, reading.reference]), reading.stopped, reading.lost
        )

    def reading(self) -> RobotReading | None:
        """The newest reading, None before the first one; the last good one if its writer froze."""
        newest = self.read()
        if newest is None:
            return None
        floats, (stopped, lost) = newest
        return _unpack(floats, stopped, lost)

    def measured_at(self, stamp: float) -> Array | None:
        """Positions, velocities, torques and external torques (4, J) at robot time `stamp` [s].

        A straight line between the readings before and after it, which are a millisecond or two
        apart; None where they are not known, no longer, or not yet.
        """
        copied = self.whole(lambda: (int(self._count[0]), self._table.reshape(_KEPT, _ROW).copy()))
        if copied is None:
            return None
        count, table = copied
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
        self._signs.set("life")

    @property
    def last_life(self) -> float:
        """When the other side showed life last, monotonic clock, [s]."""
        return self._signs["life"]


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


class Channel(wire.Channel):
    """Whole messages in both directions, in order: requests, answers, references."""

    def send_reference(self, reference: Reference) -> None:
        """Send a reference.

        Raises:
            OSError: The other side is gone.
        """
        samples = np.concatenate([reference.position, reference.velocity], axis=1)
        head = np.array([reference.stamp, reference.first], dtype=np.float64)
        self.send_bytes(b"R" + head.tobytes() + samples.tobytes())

    def unpack(self, data: bytes) -> Reference:
        """The reference that was sent as `data`."""
        stamp, first = np.frombuffer(data, np.float64, 2, 1)
        samples = np.frombuffer(data, np.float64, offset=17).reshape(-1, 2 * JOINTS)
        return Reference(
            stamp=float(stamp),
            position=samples[:, :JOINTS],
            velocity=samples[:, JOINTS:],
            first=int(first),
        )
