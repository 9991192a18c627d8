"""What a person can let befall the twin."""

import numpy as np
import pytest

from robot_meta.robots.description import arm_description
from robot_meta.twin.incidents import INCIDENTS, REFLEXES, IncidentConfig
from robot_meta.twin.mujoco_robot import MujocoRobot

pytestmark = pytest.mark.sim
FR3 = arm_description("fr3")


@pytest.fixture
def twin():
    with MujocoRobot(FR3) as robot:
        robot.step()
        yield robot


@pytest.mark.parametrize("name", REFLEXES)
def test_a_reflex_stops_it_until_it_recovers(twin, name):
    twin.befall(name)
    assert twin.stopped == name
    assert twin.recover() and twin.stopped == ""


def test_a_user_stop_cannot_be_cleared_while_it_is_pressed(twin):
    twin.befall("user_stopped")
    assert not twin.recover() and twin.stopped == "user_stopped"
    twin.befall("")
    assert twin.stopped == "user_stopped"
    assert twin.recover() and twin.stopped == ""


def test_a_silent_twin_repeats_its_last_measurement_until_it_speaks_again(twin):
    before = twin.observe()
    twin.befall("silence")
    after = twin.step()
    assert after.stamp == before.stamp and twin.stopped == ""
    np.testing.assert_array_equal(after.position, before.position)
    twin.befall("")
    assert twin.step().stamp > before.stamp


def test_an_incident_that_does_not_exist_is_refused_with_those_that_do(twin):
    with pytest.raises(ValueError) as error:
        twin.befall("earthquake")
    assert all(name in str(error.value) for name in INCIDENTS)


def test_the_meaning_of_the_parameter_names_every_reflex():
    assert all(name in str(IncidentConfig.__doc__) for name in INCIDENTS)
