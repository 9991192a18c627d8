"""A device that is unplugged and plugged in again."""

import pytest

from robot_meta.errors import DeviceUnavailable
from robot_meta.teleoperation.device import Reading
from robot_meta.teleoperation.plugging import Plugged


class Socket:
    """Where a device may be plugged in; counts how often it is looked for."""

    def __init__(self, plugged=True):
        self.plugged, self.searches, self.closed = plugged, 0, 0

    def find(self):
        self.searches += 1
        if not self.plugged:
            raise DeviceUnavailable("nothing is plugged in")
        return self

    def read(self, now):
        if not self.plugged:
            raise DeviceUnavailable("it was unplugged")
        return Reading(engaged=True)

    def close(self):
        self.closed += 1


def test_a_lost_device_is_held_by_nobody_and_looked_for_once_a_second():
    socket = Socket()
    device = Plugged(socket.find)
    assert device.read(0.0).engaged
    socket.plugged = False
    for k in range(200):
        assert not device.read(0.02 * k).engaged
    assert device.trouble == "nothing is plugged in"
    assert socket.closed == 1
    assert 3 <= socket.searches <= 6
    socket.plugged = True
    assert device.read(10.0).engaged
    assert device.trouble == ""
    device.close(), device.close()
    assert socket.closed == 2


def test_a_device_that_is_not_there_to_begin_with_is_an_error():
    with pytest.raises(DeviceUnavailable, match="nothing is plugged in"):
        Plugged(Socket(plugged=False).find)
