"""What a device says, as velocities of a walking robot."""

import dataclasses

import numpy as np
import pytest

from robot_meta.legged_types import VelocityReference
from robot_meta.robots.description import legged_description
from robot_meta.teleoperation.device import Reading
from robot_meta.teleoperation.walking import WalkingTeleoperator

SPEC = legged_description("go2").spec
NOW = VelocityReference(stamp=2.5, velocity=np.zeros(3))


def pushed(*velocity, engaged=True):
    return Reading(engaged=engaged, velocity=np.array(velocity, dtype=float))


@pytest.fixture
def operator():
    return WalkingTeleoperator(SPEC, 1.0)


def test_full_sticks_are_the_limits_of_the_robot_and_answer_the_period(operator):
    ahead = operator.command_for(NOW, pushed(1, 1, 1, 1, 1, 1), following=True)
    assert ahead.stamp == NOW.stamp
    np.testing.assert_allclose(ahead.velocity, SPEC.command_upper)
    back = operator.command_for(NOW, pushed(-1, -1, 0, 0, 0, -1), following=True)
    np.testing.assert_allclose(back.velocity, SPEC.command_lower)


def test_speed_levels_scale_it(operator):
    operator.faster(-1)
    half = operator.command_for(NOW, pushed(1, 0, 0, 0, 0, 0), following=True)
    np.testing.assert_allclose(half.velocity, [0.5 * SPEC.command_upper[0], 0.0, 0.0])


def test_who_lets_go_stands_and_who_held_on_before_it_was_armed_has_to_let_go_first(operator):
    full = (1, 0, 0, 0, 0, 0)
    assert not operator.command_for(NOW, pushed(*full), following=False).velocity.any()
    assert not operator.command_for(NOW, pushed(*full), following=True).velocity.any()
    assert not operator.command_for(NOW, pushed(*full, engaged=False), True).velocity.any()
    assert operator.command_for(NOW, pushed(*full), following=True).velocity.any()
    assert not operator.command_for(NOW, pushed(*full, engaged=False), True).velocity.any()


def test_a_device_that_says_nothing_for_a_moment_has_the_robot_stand(operator):
    full = pushed(1, 0, 0, 0, 0, 0)
    assert operator.command_for(NOW, full, following=True).velocity.any()
    quiet = dataclasses.replace(full, silent=True)
    assert not operator.command_for(NOW, quiet, following=True).velocity.any()
    assert operator.command_for(NOW, full, following=True).velocity.any()
