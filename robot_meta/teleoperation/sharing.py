"""Several devices for one robot: first come, first served, and no robot goes from hand to hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from robot_meta.teleoperation.device import Device, Reading


class Shared:
    """Devices of which the one that is held first moves the robot, until it is let go.

    Whoever takes hold meanwhile has to let go once: a robot that one hand lets go of stands still
    until another takes hold anew. Buttons and fingers count whoever holds.

    Args:
        devices: Each of a person of its own.
    """

    def __init__(self, devices: Sequence[Device]) -> None:
        self._devices = tuple(devices)
        self._holder: int | None = None
        self._late: set[int] = set()  # held while another moved the robot

    def read(self, now: float) -> Reading:
        """What the holder says at `now` [s]; between two holders, nobody's hand is there once."""
        readings = [device.read(now) for device in self._devices]
        held = {number for number, reading in enumerate(readings) if reading.engaged}
        self._late &= held
        if self._holder is not None and self._holder not in held:
            self._holder, self._late = None, held
        elif self._holder is None and held - self._late:
            self._holder = min(held - self._late)
        if self._holder is not None:
            self._late = held - {self._holder}
        reading = readings[self._holder] if self._holder is not None else Reading()
        buttons = tuple(button for reading in readings for button in reading.buttons)
        width, grip = (_first(getattr(r, name) for r in readings) for name in ("width", "grip"))
        return dataclasses.replace(reading, buttons=buttons, width=width, grip=grip)

    def close(self) -> None:
        """Let go of all; safe to call twice."""
        for device in self._devices:
            device.close()


def _first(values: Iterable[float | None]) -> float | None:
    return next((value for value in values if value is not None), None)
