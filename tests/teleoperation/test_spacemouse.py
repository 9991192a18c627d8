"""A SpaceMouse, by the reports that it sends."""

import os
import socket
import struct

import numpy as np
import pytest

from robot_meta.errors import DeviceUnavailable
from robot_meta.teleoperation.device import Button
from robot_meta.teleoperation.spacemouse import SpaceMouse, find_spacemouse, open_spacemouse

# What a SpaceNavigator was seen to send on the USB: its first report, one as its cap is tilted
# a little about its second axis, and its buttons being pressed and let go.
REST = bytes.fromhex("01 0000 0000 0000")
TILTED = bytes.fromhex("02 0000 e2ff 0000")
LEFT, NONE, RIGHT, BOTH = (bytes.fromhex(f"03 0{bits} 00") for bits in (1, 0, 2, 3))
# The first bytes of two descriptors: of a multi-axis controller and of a mouse.
DESCRIPTOR = bytes.fromhex("0501 0908 a101 a100 8501 1600 8026 ff7f")
MOUSE = bytes.fromhex("0501 0902 a101 0901 a100 0509 1901 2903")


class Cap:
    """A SpaceMouse at the end of a socket that keeps reports apart, as the kernel does."""

    def __init__(self):
        self._theirs, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        self.device = SpaceMouse(ours.detach())

    def says(self, *reports, now=0.0):
        for report in reports:
            self._theirs.send(report)
        return self.device.read(now)

    def unplug(self):
        self._theirs.close()


def report(kind, *numbers):
    return struct.pack(f"<B{len(numbers)}h", kind, *numbers)


@pytest.fixture
def cap():
    cap = Cap()
    yield cap
    cap.device.close()
    cap.unplug()


def test_what_a_device_at_rest_sends_moves_nothing(cap):
    reading = cap.says(REST)
    assert not reading.engaged and not reading.velocity.any()


def test_what_a_device_sent_when_its_cap_was_tilted_turns_the_tool_about_the_same_axis(cap):
    reading = cap.says(REST, TILTED)
    assert reading.engaged
    share = (30 / 350 - 0.08) / 0.92  # 0xffe2 is −30: away from the person, about x of the base
    np.testing.assert_allclose(reading.velocity, [0, 0, 0, share, 0, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("numbers", "velocity"),
    [
        ((350, 0, 0), [0, -1, 0]),  # to the right
        ((0, -350, 0), [1, 0, 0]),  # away from the person
        ((0, 0, -350), [0, 0, 1]),  # up
        ((0, 0, 400), [0, 0, -1]),  # further than usual
        ((20, -20, 20), [0, 0, 0]),  # a cap that does not quite come back
    ],
)
def test_the_tool_goes_and_turns_the_way_the_cap_is_pushed_and_turned(cap, numbers, velocity):
    reading = cap.says(report(1, *numbers), report(2, 0, 0, 0))
    np.testing.assert_allclose(reading.velocity, [*velocity, 0, 0, 0], atol=1e-6)
    reading = cap.says(report(1, 0, 0, 0), report(2, *numbers))
    np.testing.assert_allclose(reading.velocity, [0, 0, 0, *velocity], atol=1e-6)
    newer = cap.says(report(1, 0, -350, 0, *numbers))  # one report for all six
    np.testing.assert_allclose(newer.velocity, [1, 0, 0, *velocity], atol=1e-6)


def test_buttons_count_when_they_are_pressed(cap):
    assert cap.says(LEFT).buttons == (Button.GRIPPER,)
    assert cap.says(BOTH).buttons == (Button.RECORD,)
    assert cap.says(LEFT, NONE).buttons == ()
    assert cap.says(RIGHT, NONE, RIGHT).buttons == (Button.RECORD, Button.RECORD)


def test_a_pushed_cap_that_falls_silent_was_let_go(cap):
    assert cap.says(report(1, 0, -350, 0), now=1.0).engaged
    assert cap.device.read(1.09).engaged
    assert not cap.device.read(1.11).engaged


@pytest.mark.parametrize("odd", [b"\x01", b"\x01\x00\x00", b"\x17\x64", b"\x03", b"\x02\xff"])
def test_a_report_that_is_cut_short_or_of_another_kind_says_nothing(cap, odd):
    before = cap.says(report(1, 0, -350, 0))
    after = cap.says(odd)
    np.testing.assert_array_equal(after.velocity, before.velocity)
    assert after.buttons == ()


@pytest.mark.sim
def test_a_cap_that_springs_back_brings_the_tool_to_rest_within_100_ms(cap, driven):
    person = driven()
    for k in range(30):
        person.period(cap.says(report(1, 200, -300, 100), now=0.02 * k))
    assert person.commanded[-1].velocity.any()
    begin = len(person.commanded)
    for k in range(30, 38):
        person.period(cap.says(REST, now=0.02 * k))
    assert not any(c.velocity[1].any() for c in person.commanded[begin + 3 :])
    assert person.reasons(2) == set()


@pytest.mark.sim
@pytest.mark.parametrize("late", np.linspace(0.0, 0.0199, 6))
def test_a_pushed_cap_that_is_not_heard_any_more_brings_the_tool_to_rest_within_100_ms(
    cap, driven, late
):
    """Its last report comes `late` after a reading; the next reading takes it in."""
    person, push = driven(), report(1, 200, -300, 100)
    for k in range(30):
        person.period(cap.says(push, now=0.02 * k))
    word = 0.02 * 29 + late
    begin = len(person.commanded)
    person.period(cap.says(push, now=0.02 * 30))
    for k in range(31, 38):
        person.period(cap.device.read(0.02 * k))
    moving = [n for n, sent in enumerate(person.commanded[begin:]) if sent.velocity[1].any()]
    assert 0.02 * (30 + max(moving) + 2) - word <= 0.1 + 1e-9


def test_a_device_that_is_unplugged_is_said(cap):
    cap.says(report(1, 0, -350, 0))
    cap.unplug()
    with pytest.raises(DeviceUnavailable, match="the SpaceMouse was unplugged"):
        cap.device.read(0.0)


def test_it_is_found_among_other_devices_by_what_it_is(tmp_path):
    kinds = {"hidraw2": ("Logitech USB Mouse", MOUSE), "hidraw10": ("SpaceMouse", DESCRIPTOR)}
    for name, (title, descriptor) in kinds.items():
        folder = tmp_path / name / "device"
        folder.mkdir(parents=True)
        (folder / "report_descriptor").write_bytes(descriptor)
        (folder / "uevent").write_text(f"DRIVER=hid-generic\nHID_NAME={title}\n")
    found = find_spacemouse(raw=tmp_path)
    assert found is not None
    assert (str(found[0]), found[1]) == ("/dev/hidraw10", "SpaceMouse")
    assert find_spacemouse(raw=tmp_path / "nothing") is None


def test_a_device_without_permission_is_said_with_the_remedy(tmp_path, nobody):
    node = tmp_path / "hidraw0"
    node.write_bytes(b"")
    os.chmod(node, 0)
    with nobody(), pytest.raises(DeviceUnavailable, match="may not be read by this user: write '"):
        open_spacemouse(str(node))
