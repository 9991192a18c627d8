"""What stops an FR3 by itself: reflexes and a lost server; nothing moves until `recover`."""

import os
import signal
import time

import numpy as np
import pytest

from robot_meta.errors import NotConnected
from robot_meta.robots.description import arm_description
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard
from robot_meta.safety.reasons import Reason
from robot_meta.safety.state import State
from robot_meta.types import Reference

pytestmark = pytest.mark.franka

TORQUE_RATE = "controller_torque_discontinuity"
PATIENCE_S = 120.0


def still(robot, position):
    n = robot.spec.samples_per_tick
    return Reference(
        stamp=robot.observe().stamp,
        position=np.tile(position, (n, 1)),
        velocity=np.zeros((n, robot.spec.num_joints)),
    )


def pass_time(robot, seconds):
    end = robot.observe().stamp + seconds
    while robot.observe().stamp < end:
        time.sleep(0.001)


def wait(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def provoke(robot):
    """A torque step that the law does not soften; libfranka's limit is 1 Nm per millisecond."""
    robot.command(still(robot, robot.observe().position + 0.1))
    wait(lambda: robot.stopped)


def test_a_reflex_has_its_name_and_nothing_moves_until_recovery(open_franka_at_home):
    with open_franka_at_home(max_delta_tau=5.0) as robot:
        provoke(robot)
        assert robot.stopped == TORQUE_RATE
        pass_time(robot, 0.2)
        there = robot.observe().position
        robot.command(still(robot, there + 0.1))
        pass_time(robot, 0.3)
        np.testing.assert_allclose(robot.observe().position, there, atol=0.002)
        assert robot.recover() is True
        assert robot.stopped == ""
        pass_time(robot, 0.3)
        np.testing.assert_allclose(robot.observe().position, there, atol=0.01)


def test_the_guard_stops_with_the_name_of_the_reflex_and_recovers_where_the_arm_stands(
    open_franka_at_home,
):
    driver = open_franka_at_home(max_delta_tau=5.0)
    chain = arm_description("fr3").chain
    with GuardedRobot(driver, Guard(driver.spec, chain)) as robot:
        assert robot.arm()
        robot.tick(None)
        provoke(driver)
        robot.tick(None)
        assert (robot.state, robot.reason) == (State.INACTIVE, TORQUE_RATE)
        assert not robot.arm()
        assert robot.recover()
        assert robot.state is State.HOLD
        standing = driver.observe().position
        tick = robot.tick(None)
        np.testing.assert_allclose(tick.commanded.position[1], standing, atol=0.02)


def test_a_frozen_server_is_seen_by_the_age_of_the_robots_own_time(
    open_franka_at_home, franka_servers
):
    server = franka_servers.use("franka-sim")
    driver = open_franka_at_home()
    with GuardedRobot(driver, Guard(driver.spec, arm_description("fr3").chain)) as robot:
        assert robot.arm()
        robot.tick(None)
        os.killpg(server.pid, signal.SIGSTOP)
        try:
            wait(lambda: driver.reading().written - driver.reading().seen > 0.05)
            for _ in range(robot.config.max_repeats + 2):  # ticks, as the node makes them
                robot.tick(None)
        finally:
            os.killpg(server.pid, signal.SIGCONT)
        assert (robot.state, robot.reason) == (State.HOLD, Reason.STALE_OBSERVATION)


def test_a_killed_server_is_lost_and_recovering_connects_to_its_successor(
    open_franka_at_home, franka_servers
):
    with open_franka_at_home() as robot:
        franka_servers.stop()
        with pytest.raises(NotConnected, match="lost"):
            wait(lambda: robot.observe() and False)
        assert robot.recover() is False  # nobody is there yet
        franka_servers.use("franka-sim")
        assert robot.recover() is True
        there = robot.observe().position
        pass_time(robot, 0.3)
        np.testing.assert_allclose(robot.observe().position, there, atol=0.002)
