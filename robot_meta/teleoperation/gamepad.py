"""A gamepad: sticks move the tool while a shoulder button is held, which is the dead-man.

Left stick: away and aside. Right stick: up and down, yaw. Cross: roll and pitch. Names of buttons
are the kernel's; on an Xbox pad SOUTH, EAST, NORTH, WEST are A, B, X and Y.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from robot_meta.errors import DeviceUnavailable
from robot_meta.teleoperation import input_events
from robot_meta.teleoperation.device import Button, Reading
from robot_meta.teleoperation.input_events import EV_ABS, EV_KEY, EV_SYN, SYN_DROPPED, Range

BTN_SOUTH, BTN_EAST, BTN_NORTH, BTN_WEST, BTN_TL = 0x130, 0x131, 0x133, 0x134, 0x136
BTN_SELECT, BTN_START, BTN_THUMBL, BTN_THUMBR = 0x13A, 0x13B, 0x13D, 0x13E
ABS_X, ABS_Y, ABS_Z, ABS_RX, ABS_RY, ABS_RZ = range(6)
ABS_HAT0X, ABS_HAT0Y = 0x10, 0x11

DEAD_MAN = BTN_TL
BUTTONS = {
    BTN_SOUTH: Button.GRIPPER,
    BTN_EAST: Button.HOLD,
    BTN_NORTH: Button.MARK,
    BTN_WEST: Button.RESUME,
    BTN_START: Button.RECORD,
    BTN_SELECT: Button.DISCARD,
    BTN_THUMBL: Button.SLOWER,
    BTN_THUMBR: Button.FASTER,
}
_DEAD = 0.1  # share of an axis about its middle that means nothing
_RULE = "add the user to the group `input` and log in again"


class Gamepad:
    """Reads the events of a gamepad.

    Args:
        fd: The device, not blocking; closed by `close`.
        ranges: Of its axes, by code.
        name: What to call it.
    """

    def __init__(self, fd: int, ranges: dict[int, Range], name: str = "the gamepad") -> None:
        self._fd, self._ranges, self._name = fd, ranges, name
        self._axes: dict[int, float] = {}
        self._held = False
        right = (ABS_RX, ABS_RY) if {ABS_RX, ABS_RY} <= ranges.keys() else (ABS_Z, ABS_RZ)
        # Entry of the velocity and its sign; sticks count to the right and to the person.
        self._motion = {
            ABS_Y: (0, -1.0),
            ABS_X: (1, -1.0),
            right[1]: (2, -1.0),
            right[0]: (5, -1.0),
            ABS_HAT0X: (3, 1.0),
            ABS_HAT0Y: (4, -1.0),
        }

    def read(self, now: float) -> Reading:
        """How sticks and buttons stand."""
        buttons: list[Button] = []
        for event in input_events.read_events(self._fd, self._name):
            if (event.kind, event.code) == (EV_SYN, SYN_DROPPED):
                self._axes, self._held = {}, False  # nobody knows what was missed
                buttons.clear()
            elif event.kind == EV_ABS and event.code in self._ranges:
                self._axes[event.code] = self._ranges[event.code].share(event.value, _DEAD)
            elif event.kind == EV_KEY and event.code == DEAD_MAN:
                self._held = event.value != 0
            elif event.kind == EV_KEY and event.code in BUTTONS and event.value == 1:
                buttons.append(BUTTONS[event.code])
        velocity = np.zeros(6)
        for axis, (entry, sign) in self._motion.items():
            velocity[entry] = sign * self._axes.get(axis, 0.0)
        return Reading(engaged=self._held, velocity=velocity, buttons=tuple(buttons))

    def close(self) -> None:
        """Let go of the device; safe to call twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def open_gamepad(path: str = "") -> Gamepad:
    """The gamepad at `path`, or the first that is plugged in.

    Raises:
        DeviceUnavailable: There is none, or it may not be read.
    """
    found = (Path(path), "the gamepad") if path else input_events.find_input(_is_gamepad)
    if found is None:
        raise DeviceUnavailable(
            "no gamepad is plugged in: none of /dev/input/event* has its buttons. Plug one in, or "
            "choose another device"
        )
    node, name = found
    fd = input_events.open_node(node, name, _RULE)
    axes = (*range(ABS_X, ABS_RZ + 1), ABS_HAT0X, ABS_HAT0Y)
    ranges = {axis: input_events.axis_range(fd, axis) for axis in axes}
    known = {axis: range_ for axis, range_ in ranges.items() if range_ is not None}
    if ABS_X not in known:
        os.close(fd)
        raise DeviceUnavailable(f"{name} at {node} is no gamepad: it has no stick")
    return Gamepad(fd, known, name)


def _is_gamepad(keys: set[int]) -> bool:
    return {BTN_SOUTH, DEAD_MAN} <= keys
