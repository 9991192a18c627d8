"""The driver of robots behind `cmd_vel` and `odom`, against one in another process."""

import time

import numpy as np
import pytest

pytest.importorskip("rclpy")

from robot_meta.errors import NotConnected  # noqa: E402
from robot_meta.legged_types import VelocityReference  # noqa: E402
from robot_meta.robots.cmd_vel.config import CmdVelConfig  # noqa: E402
from robot_meta.robots.cmd_vel.driver import LISTENER_LOST  # noqa: E402


def until(condition, timeout_s=120.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def go(robot, velocity):
    stamp = robot.observe().stamp
    robot.command(VelocityReference(stamp=stamp, velocity=np.array(velocity)))


@pytest.mark.ros
def test_stamped_velocities_move_it_and_its_heading_counts_turns(open_topic_base):
    with open_topic_base("TwistStamped") as robot:
        start = robot.observe().pose[2]
        assert start == pytest.approx(3.0, abs=0.01)

        def turned_past_the_leap():
            go(robot, (0.0, 0.0, 1.0))
            return robot.observe().pose[2] > np.pi + 0.2

        until(turned_past_the_leap)
        assert robot.observe().velocity[2] > 0.3


@pytest.mark.ros
def test_odometry_that_ends_is_a_robot_that_is_lost(open_topic_base):
    with open_topic_base(mode="dying", max_odom_age=2.0) as robot:

        def is_lost():
            try:
                robot.observe()
            except NotConnected as error:
                assert "/base/odom" in str(error)
                return True
            return False

        until(is_lost)
        with pytest.raises(NotConnected):
            robot.command(VelocityReference(stamp=0.0, velocity=np.zeros(3)))


@pytest.mark.ros
def test_a_listener_that_is_gone_stops_the_robot_for_good(open_topic_base, topic_peers):
    with open_topic_base(max_odom_age=60.0) as robot:
        assert robot.stopped == ""
        topic_peers.end()
        until(lambda: robot.stopped)
        assert robot.stopped == LISTENER_LOST and not robot.recover()


@pytest.mark.ros
@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("mute", ["no odometry", "/base/odom"]),
        ("deaf", ["nobody listened", "/base/cmd_vel", "cmd_vel.stamped"]),
        ("twisted", ["no odometry", "not turned by a unit"]),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(open_topic_base, mode, words):
    with pytest.raises(NotConnected) as caught:
        open_topic_base(mode=mode, connect_timeout=5.0)
    text = str(caught.value)
    assert all(word in text for word in words) and "\n" not in text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"command_topic": ""}, "named"),
        ({"command_topic": "/odom"}, "both"),
        ({"rate": 0.0}, "rate"),
        ({"max_odom_age": -1.0}, "max_odom_age"),
    ],
)
def test_a_wrong_setting_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        CmdVelConfig(**wrong)
