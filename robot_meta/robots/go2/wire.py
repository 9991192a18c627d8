"""The memory that driver, driver process and watchdog of a Go2 share."""

from __future__ import annotations

import mmap
import os
import socket
from dataclasses import dataclass

import numpy as np

from robot_meta.legged_types import LeggedObservation, Vitals
from robot_meta.robots import wire

LEGS, JOINTS = 4, 12
_HEAD = 5
_SIZES = (3, 3, 2, 2, LEGS, JOINTS, JOINTS, JOINTS, JOINTS)
_SIZE = 1 << 14
# commanded: the driver got a velocity. acted: the process looked for requests. moved: it sent a
# velocity that moves the robot, 0 while it stands. lowcmd: it sent a motor command. watched: the
# watchdog looked. cleared: a stop was cleared.
_SIGNS = ("commanded", "acted", "moved", "lowcmd", "watched", "cleared")


@dataclass(frozen=True, kw_only=True)
class Go2Reading:
    """What the driver process knows of the robot.

    Attributes:
        observation: Means over the newest control period.
        written: When this was written, monotonic clock of this machine, [s].
        stopped: Why the process stopped the robot, "" where it did not.
        lost: Why the robot is lost, "" where it is not.
    """

    observation: LeggedObservation
    written: float
    stopped: str
    lost: str


class Go2Memory:
    """What the processes tell each other without waiting.

    Attributes:
        signs: Moments.
    """

    def __init__(self, descriptor: int) -> None:
        memory = mmap.mmap(descriptor, _SIZE)
        self._state = wire.SharedRecord(memory, _HEAD + sum(_SIZES), texts=2)
        self._trip = wire.SharedRecord(memory, 1, texts=1, offset=self._state.end)
        self.signs = wire.Signs(memory, _SIGNS, self._trip.end)

    @staticmethod
    def descriptor() -> int:
        """A fresh piece of memory that other processes can inherit."""
        return wire.shared_memory("robot_meta_go2", _SIZE)

    def write(self, reading: Go2Reading) -> None:
        """Replace the reading; the driver process does so."""
        seen = reading.observation
        vitals = seen.vitals
        assert vitals is not None
        dead_man = -1.0 if vitals.dead_man is None else float(vitals.dead_man)
        head = [seen.stamp, reading.written, vitals.charge, vitals.voltage, dead_man]
        arrays = (
            seen.pose,
            seen.velocity,
            seen.attitude,
            seen.rates,
            seen.feet,
            seen.joint_position,
            seen.joint_velocity,
            seen.joint_torque,
            vitals.temperature,
        )
        self._state.write(np.concatenate([head, *arrays]), reading.stopped, reading.lost)

    def reading(self) -> Go2Reading | None:
        """The newest reading, None before the first one."""
        newest = self._state.read()
        if newest is None:
            return None
        floats, (stopped, lost) = newest
        stamp, written, charge, voltage, dead_man = map(float, floats[:_HEAD])
        parts = np.split(floats[_HEAD:], np.cumsum(_SIZES)[:-1])
        observation = LeggedObservation(
            stamp=stamp,
            pose=parts[0],
            velocity=parts[1],
            attitude=parts[2],
            rates=parts[3],
            feet=parts[4],
            joint_position=parts[5],
            joint_velocity=parts[6],
            joint_torque=parts[7],
            vitals=Vitals(
                charge=charge,
                voltage=voltage,
                temperature=parts[8],
                dead_man=None if dead_man < 0.0 else bool(dead_man),
            ),
        )
        return Go2Reading(observation=observation, written=written, stopped=stopped, lost=lost)

    def trip(self, moment: float, reason: str) -> None:
        """Tell that the robot had to be stopped; the watchdog does so."""
        self._trip.write([moment], reason)

    @property
    def tripped(self) -> str:
        """Why the watchdog stopped the robot, "" where it did not or that was cleared since."""
        newest = self._trip.read()
        if newest is None or self.signs["cleared"] > newest[0][0]:
            return ""
        return newest[1][0]


def connect(argv: list[str]) -> tuple[wire.Channel, Go2Memory]:
    """What a process was given: the way to the driver, and the memory."""
    channel, memory = wire.Channel(socket.socket(fileno=int(argv[0]))), Go2Memory(int(argv[1]))
    os.close(int(argv[1]))
    return channel, memory
