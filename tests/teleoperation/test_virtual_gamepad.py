"""A gamepad that the kernel makes, where it offers to (uinput): found, read, unplugged."""

import fcntl
import os
import struct
import time
from pathlib import Path

import pytest

from robot_meta.errors import DeviceUnavailable
from robot_meta.teleoperation.gamepad import open_gamepad

UINPUT = "/dev/uinput"
pytestmark = pytest.mark.skipif(
    not os.access(UINPUT, os.W_OK), reason=f"{UINPUT} is not there or may not be written"
)
# linux/uinput.h
CREATE, DESTROY, SETUP, ABS_SETUP, SYSNAME = 0x5501, 0x5502, 0x405C5503, 0x401C5504, 0x8040552C
SET_EVENT, SET_KEY, SET_AXIS = 0x40045564, 0x40045565, 0x40045567
KEY, AXIS, SOUTH, TL, STICKS = 1, 3, 0x130, 0x136, (0, 1, 3, 4)


class Pad:
    """A virtual gamepad of two sticks and two buttons."""

    def __init__(self):
        self._fd = os.open(UINPUT, os.O_WRONLY | os.O_NONBLOCK)
        for request, codes in ((SET_EVENT, (KEY, AXIS)), (SET_KEY, (SOUTH, TL))):
            for code in codes:
                fcntl.ioctl(self._fd, request, code)
        for axis in STICKS:
            fcntl.ioctl(self._fd, SET_AXIS, axis)
            limits = struct.pack("=HH6i", axis, 0, 0, -32768, 32767, 16, 128, 0)
            fcntl.ioctl(self._fd, ABS_SETUP, limits)
        about = struct.pack("=4H80sI", 3, 0x045E, 0x028E, 1, b"virtual pad of a test", 0)
        fcntl.ioctl(self._fd, SETUP, about)
        fcntl.ioctl(self._fd, CREATE)
        self._name = fcntl.ioctl(self._fd, SYSNAME, bytes(64)).rstrip(b"\0").decode()

    def node(self):
        """Its node, once there is one that can be read."""
        end = time.monotonic() + 20.0
        while time.monotonic() < end:
            for entry in Path("/sys/class/input", self._name).glob("event*"):
                if os.access(path := f"/dev/input/{entry.name}", os.R_OK):
                    return path
            time.sleep(0.05)
        pytest.skip("the kernel made a device, but nobody made a node for it")

    def says(self, *events):
        for kind, code, value in (*events, (0, 0, 0)):
            os.write(self._fd, struct.pack("@llHHi", 0, 0, kind, code, value))

    def unplug(self):
        if self._fd >= 0:
            fcntl.ioctl(self._fd, DESTROY)
            os.close(self._fd)
            self._fd = -1


@pytest.fixture
def pad():
    pad = Pad()
    yield pad
    pad.unplug()


def until(condition, device):
    """The first reading that satisfies something."""
    end = time.monotonic() + 20.0
    while not condition(reading := device.read(time.monotonic())):
        assert time.monotonic() < end, reading
        time.sleep(0.01)
    return reading


def test_a_pad_that_the_kernel_makes_drives_and_is_missed_when_it_is_unplugged(pad):
    device = open_gamepad(pad.node())
    pad.says((KEY, TL, 1), (AXIS, 1, -32768))
    reading = until(lambda reading: reading.engaged, device)
    assert reading.velocity[0] == pytest.approx(1.0, abs=1e-3)
    pad.says((KEY, TL, 0))
    until(lambda reading: not reading.engaged, device)
    pad.unplug()
    with pytest.raises(DeviceUnavailable, match="was unplugged"):
        until(lambda reading: False, device)
    device.close()
