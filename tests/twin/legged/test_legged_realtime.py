"""The real-time twin of a walking robot is the lockstep twin at the pace of a clock."""

import threading

import numpy as np
import pytest

from robot_meta.errors import NotConnected
from robot_meta.legged_types import VelocityReference
from robot_meta.robots.description import legged_description
from robot_meta.twin.legged.incidents import LEGGED_INCIDENTS, LeggedIncidentConfig
from robot_meta.twin.legged.realtime import RealtimeLeggedTwin
from robot_meta.twin.legged.robot import LeggedTwin, LeggedTwinConfig

GO2 = legged_description("go2")


def wait_for(twin, stamp):
    pause = threading.Event()
    for _ in range(6000):
        observation = twin.observe()
        if observation.stamp >= stamp:
            return observation
        pause.wait(0.01)
    raise AssertionError(f"{stamp} s of robot time never came")


def test_standing_in_real_time_is_standing_in_lockstep():
    config = LeggedTwinConfig(seed=3)
    with LeggedTwin(GO2, config) as slow:
        steps = [slow.step() for _ in range(40)]
    with RealtimeLeggedTwin(GO2, config) as twin:
        seen = wait_for(twin, 0.5)
        here = steps[round(10 * seen.stamp) - 1]
        assert here.stamp == seen.stamp
        np.testing.assert_array_equal(seen.pose, here.pose)
        np.testing.assert_array_equal(seen.joint_position, here.joint_position)
        twin.command(VelocityReference(stamp=seen.stamp, velocity=np.array([0.5, 0.0, 0.0])))
        later = wait_for(twin, seen.stamp + 3.0)
        assert later.pose[0] - seen.pose[0] > 0.5
        twin.change("payload_mass", 2.0)
        assert twin.body.payload_mass == 2.0
        twin.stop("ESTOP")
        assert twin.stopped == "ESTOP" and twin.recover()
    with pytest.raises(NotConnected, match="closed"):
        twin.observe()


def test_every_incident_says_what_it_is():
    with pytest.raises(ValueError, match="no incident 'rain'") as error:
        LeggedIncidentConfig(incident="rain")
    assert all(name in str(error.value) for name in LEGGED_INCIDENTS)
    assert all(name in str(LeggedIncidentConfig.__doc__) for name in LEGGED_INCIDENTS)
