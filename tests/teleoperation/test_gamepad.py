"""A gamepad, by the bytes that the kernel sends for one."""

import os
import struct

import numpy as np
import pytest

from robot_meta.errors import DeviceUnavailable
from robot_meta.teleoperation import input_events
from robot_meta.teleoperation.clutch import Hold
from robot_meta.teleoperation.device import Button
from robot_meta.teleoperation.gamepad import Gamepad, open_gamepad
from robot_meta.teleoperation.input_events import Range

# What an Xbox pad sends when its left shoulder is pressed, and its stick pushed away a little more
# than halfway: struct input_event of linux/input.h on a 64-bit machine, one event a line.
SENT = bytes.fromhex(
    "7b6b2069 00000000 a1070c00 00000000 0400 0400 01000900"  # MSC_SCAN
    "7b6b2069 00000000 a1070c00 00000000 0100 3601 01000000"  # BTN_TL pressed
    "7b6b2069 00000000 a1070c00 00000000 0000 0000 00000000"  # SYN_REPORT
    "7b6b2069 00000000 1f4b0d00 00000000 0300 0100 33b3ffff"  # ABS_Y -19661
    "7b6b2069 00000000 1f4b0d00 00000000 0300 0000 a0000000"  # ABS_X 160, not quite in its middle
    "7b6b2069 00000000 1f4b0d00 00000000 0000 0000 00000000"  # SYN_REPORT
)
STICK, CROSS = Range(-32768, 32767, 128), Range(-1, 1)
RANGES = {0: STICK, 1: STICK, 2: Range(0, 255), 3: STICK, 4: STICK, 5: Range(0, 255),
          0x10: CROSS, 0x11: CROSS}  # fmt: skip
KEY, AXIS = 1, 3
TL, SOUTH, START, WEST = 0x136, 0x130, 0x13B, 0x134


def event(kind, code, value):
    return struct.pack("<qqHHi", 1763732347, 788385, kind, code, value)


SYN = event(0, 0, 0)


class Pad:
    """A gamepad at the end of a pipe."""

    def __init__(self, ranges=RANGES):
        reading, self._writing = os.pipe()
        os.set_blocking(reading, False)
        self.device = Gamepad(reading, ranges)

    def says(self, *events):
        os.write(self._writing, b"".join(events))
        return self.device.read(0.0)

    def unplug(self):
        os.close(self._writing)


@pytest.fixture
def pad():
    pad = Pad()
    yield pad
    pad.device.close()


def test_what_a_pad_sends_is_understood(pad):
    reading = pad.says(SENT)
    assert reading.engaged
    share = (19661 / 32767.5 - 0.1) / 0.9
    np.testing.assert_allclose(reading.velocity, [share, 0, 0, 0, 0, 0], atol=1e-4)


@pytest.mark.parametrize(
    ("axis", "value", "velocity"),
    [
        (0, 32767, [0, -1, 0, 0, 0, 0]),
        (0, -32768, [0, 1, 0, 0, 0, 0]),
        (1, -32768, [1, 0, 0, 0, 0, 0]),
        (4, -32768, [0, 0, 1, 0, 0, 0]),
        (3, 32767, [0, 0, 0, 0, 0, -1]),
        (0x10, 1, [0, 0, 0, 1, 0, 0]),
        (0x11, -1, [0, 0, 0, 0, 1, 0]),
        (0, 3000, [0, 0, 0, 0, 0, 0]),  # a stick that does not quite come back to its middle
    ],
)
def test_each_axis_moves_the_tool_its_way(pad, axis, value, velocity):
    reading = pad.says(event(KEY, TL, 1), event(AXIS, axis, value), SYN)
    np.testing.assert_allclose(reading.velocity, velocity, atol=1e-4)


def test_a_pad_whose_right_stick_has_other_axes_is_understood():
    pad = Pad({axis: RANGES[axis] for axis in (0, 1, 2, 5)})
    reading = pad.says(event(AXIS, 5, 0), SYN)
    np.testing.assert_allclose(reading.velocity, [0, 0, 1, 0, 0, 0], atol=1e-4)


def test_buttons_count_when_they_are_pressed_and_not_while_they_repeat(pad):
    pressed = event(KEY, SOUTH, 1), event(KEY, START, 1), SYN
    assert pad.says(*pressed).buttons == (Button.GRIPPER, Button.RECORD)
    assert pad.says(event(KEY, SOUTH, 2), event(KEY, SOUTH, 0), SYN).buttons == ()
    assert pad.says(event(KEY, WEST, 1), SYN).buttons == (Button.RESUME,)


def test_where_events_were_dropped_the_dead_man_has_to_be_pressed_again(pad):
    assert pad.says(event(KEY, TL, 1), event(AXIS, 1, -32768), SYN).engaged
    reading = pad.says(event(0, 3, 0), SYN)
    assert not reading.engaged and not reading.velocity.any()
    assert pad.says(event(KEY, TL, 0), event(KEY, TL, 1), SYN).engaged


@pytest.mark.sim
def test_letting_go_of_the_dead_man_brings_the_tool_to_rest_although_the_stick_is_pushed(
    pad, driven
):
    person = driven()
    reading = pad.says(event(KEY, TL, 1), event(AXIS, 1, -32768), SYN)
    person.periods(reading, 30)
    assert person.commanded[-1].velocity.any()
    begin = len(person.commanded)
    person.periods(pad.says(event(KEY, TL, 0), SYN), 8)
    assert not any(c.velocity[1].any() for c in person.commanded[begin + 4 :])
    assert person.teleoperator.clutch.hold is Hold.OPEN


def test_a_pad_that_is_unplugged_is_said(pad):
    pad.says(SENT)
    pad.unplug()
    with pytest.raises(DeviceUnavailable, match="the gamepad was unplugged"):
        pad.device.read(0.0)


def test_no_gamepad_and_something_else_are_said(tmp_path):
    with pytest.raises(DeviceUnavailable, match="No such file"):
        open_gamepad(str(tmp_path / "event0"))
    (tmp_path / "file").write_bytes(SENT)
    with pytest.raises(DeviceUnavailable, match="is no gamepad: it has no stick"):
        open_gamepad(str(tmp_path / "file"))


def test_a_pad_without_permission_is_said_with_the_remedy(tmp_path, nobody):
    node = tmp_path / "event0"
    node.write_bytes(b"")
    node.chmod(0)
    with nobody(), pytest.raises(DeviceUnavailable, match="may not be read by this user: add the"):
        open_gamepad(str(node))


def test_it_is_found_among_other_devices_by_its_buttons(tmp_path):
    keys = {SOUTH, 0x131, 0x133, WEST, TL, 0x137, START}
    kinds = {"event3": ("AT keyboard", {30, 31}), "event12": ("Xbox Wireless Controller", keys)}
    for name, (title, codes) in kinds.items():
        folder = tmp_path / name / "device/capabilities"
        folder.mkdir(parents=True)
        (folder.parent / "name").write_text(title + "\n")
        (folder / "key").write_text(bitmap(codes) + "\n")
    found = input_events.find_input(lambda has: {SOUTH, TL} <= has, inputs=tmp_path)
    assert found is not None
    assert (str(found[0]), found[1]) == ("/dev/input/event12", "Xbox Wireless Controller")
    assert input_events.find_input(lambda has: 999 in has, inputs=tmp_path) is None


def bitmap(codes):
    """As sysfs shows it: 64-bit words in hexadecimal, the highest first, no leading zeros."""
    words = [sum(1 << code % 64 for code in codes if code // 64 == word) for word in range(12)]
    while words and not words[-1]:
        words.pop()
    return " ".join(f"{word:x}" for word in reversed(words))
