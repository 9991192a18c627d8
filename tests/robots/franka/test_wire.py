"""What two processes exchange: whole, in order, and never waited for."""

import os
import socket

import numpy as np
import pytest

from robot_meta.robots.franka.wire import Channel, RobotReading, SharedState
from robot_meta.types import Reference


@pytest.fixture
def sides():
    """Two views of one memory."""
    descriptor = SharedState.descriptor()
    yield SharedState(descriptor), SharedState(descriptor)
    os.close(descriptor)


@pytest.fixture
def channels():
    pair = [Channel(end) for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)]
    yield pair
    for channel in pair:
        channel.close()


def reading(number, **changes):
    arrays = {
        name: np.arange(7.0) + 10 * i + number
        for i, name in enumerate(
            ("position", "velocity", "torque", "external_torque", "reference")
        )
    }
    numbers = {"stamp": number, "seen": number + 0.1, "written": number + 0.2, "slipped": 3}
    fields = {**arrays, **numbers, "success_rate": 0.5, "in_control": True, **changes}
    return RobotReading(**fields)


def assert_same(a, b):
    for name in vars(a):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


def test_there_is_nothing_before_the_first_reading(sides):
    assert sides[1].reading() is None


def test_the_newest_reading_is_seen_whole_on_the_other_side(sides):
    writer, reader = sides
    for number in (1.0, 2.0):
        writer.write_reading(
            reading(number, stopped="joint_reflex", lost="gone" if number > 1 else "")
        )
        assert_same(
            reader.reading(), reading(number, stopped="joint_reflex", lost="gone" * (number > 1))
        )


def test_a_writer_that_froze_half_way_leaves_the_last_good_reading(sides):
    writer, reader = sides
    writer.write_reading(reading(1.0))
    assert_same(reader.reading(), reading(1.0))
    writer._counter[0] += 1  # as in the middle of a write
    writer._floats[:9] = -1.0
    assert_same(reader.reading(), reading(1.0))


def test_a_sign_of_life_crosses(sides):
    assert sides[0].last_life == 0.0
    sides[1].show_life()
    assert sides[0].last_life > 0.0


def test_messages_arrive_whole_and_in_order(channels):
    here, there = channels
    reference = Reference(
        stamp=1.5,
        position=np.random.default_rng(0).normal(size=(20, 7)),
        velocity=np.ones((20, 7)),
        first=8,
    )
    here.send({"do": "stop", "reason": "TEST"})
    here.send_reference(reference)
    assert there.receive(0.0) == {"do": "stop", "reason": "TEST"}
    got = there.receive(0.0)
    assert (got.stamp, got.first) == (1.5, 8)
    np.testing.assert_array_equal(got.position, reference.position)
    np.testing.assert_array_equal(got.velocity, reference.velocity)
    assert there.receive(0.0) is None


def test_a_side_that_is_gone_is_told_apart_from_silence(channels):
    here, there = channels
    assert there.receive(0.01) is None
    here.close()
    with pytest.raises(EOFError):
        there.receive(0.0)


def line(t):
    """A measurement whose values grow with time."""
    arrays = {
        name: np.full(7, 100.0 * i + t)
        for i, name in enumerate(("position", "velocity", "torque", "external_torque"))
    }
    return reading(t, **arrays)


def test_what_was_measured_at_a_moment_is_read_between_its_neighbours(sides):
    writer, reader = sides
    assert reader.measured_at(1.0) is None
    for millisecond in (1000, 1001, 1001, 1003):  # one is written twice, one is missing
        writer.write_reading(line(millisecond / 1000))
    for moment in (1.0, 1.001, 1.0017, 1.002, 1.003):
        measured = reader.measured_at(moment)
        np.testing.assert_allclose(measured[:, 0], [moment + 100.0 * i for i in range(4)])
    assert reader.measured_at(0.999) is None
    assert reader.measured_at(1.0031) is None


def test_only_the_last_moments_are_kept(sides):
    writer, reader = sides
    for millisecond in range(200):
        writer.write_reading(line(millisecond / 1000))
    assert reader.measured_at(0.135) is None
    np.testing.assert_allclose(reader.measured_at(0.136)[0], 0.136)
    np.testing.assert_allclose(reader.measured_at(0.1985)[3], 300.1985)
