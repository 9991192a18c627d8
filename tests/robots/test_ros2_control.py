"""The driver of arms behind topics, against an arm in another process (topic_arm.py)."""

import time

import numpy as np
import pytest

pytest.importorskip("rclpy")

from sensor_msgs.msg import JointState  # noqa: E402

from robot_meta.errors import MissingJoint, NotConnected  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402
from robot_meta.robots.ros2_control.command_topics import (  # noqa: E402
    COMMAND_TOPICS,
    Naming,
    Sample,
)
from robot_meta.robots.ros2_control.config import CONTROLLERS, Ros2ControlConfig  # noqa: E402
from robot_meta.robots.ros2_control.driver import CONTROLLER_LOST, TOUCH_LOST  # noqa: E402
from robot_meta.types import Reference  # noqa: E402

ARM = arm_description("fr3")
SPEC = ARM.spec
NAMING = Naming(SPEC.joint_names, ARM.chain, "base")


def sample(velocity=0.2):
    return Sample(SPEC.home + 0.1, np.full(7, velocity), 0.01)


def until(condition, timeout_s=120.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def one_step(robot, distance=0.05):
    """Periods that lead all joints `distance` on, smoothly."""
    start, periods, n = robot.observe().position, 25, SPEC.samples_per_tick
    stamp = robot.observe().stamp
    s = np.arange(1, periods * n + 1)[:, None] / (periods * n)
    position = start + distance * (3 * s**2 - 2 * s**3)
    velocity = distance * (6 * s - 6 * s**2) / (periods * SPEC.control_dt) * np.ones(7)
    for k in range(periods):
        part = slice(k * n, (k + 1) * n)
        robot.command(
            Reference(
                stamp=stamp + k * SPEC.control_dt, position=position[part], velocity=velocity[part]
            )
        )
        until(lambda k=k: robot.observe().stamp >= stamp + (k + 1) * SPEC.control_dt)
    return start + distance


def test_every_controller_has_its_message():
    assert tuple(COMMAND_TOPICS) == CONTROLLERS


def test_a_trajectory_is_one_point_that_may_be_the_last():
    msg = COMMAND_TOPICS["joint_trajectory"].message(sample(), NAMING)
    (point,) = msg.points
    assert list(msg.joint_names) == list(SPEC.joint_names)
    np.testing.assert_array_equal(point.positions, SPEC.home + 0.1)
    assert len(point.velocities) == 0 and point.time_from_start.nanosec == 10_000_000
    assert msg.header.stamp.sec == msg.header.stamp.nanosec == 0  # at once


def test_the_tools_pose_is_that_of_the_posture():
    pose = COMMAND_TOPICS["target_pose"].message(sample(), NAMING).pose
    place = ARM.chain.tool_position_in_base(SPEC.home + 0.1)
    np.testing.assert_allclose([pose.position.x, pose.position.y, pose.position.z], place)
    q = pose.orientation
    assert np.linalg.norm([q.x, q.y, q.z, q.w]) == pytest.approx(1.0)


@pytest.mark.ros
@pytest.mark.parametrize("controller", ["forward_command", "target_joint"])
def test_a_reference_moves_the_arm_whatever_it_listens_to(open_topic_arm, controller):
    with open_topic_arm(controller, reliability="best_effort") as robot:
        goal = one_step(robot)
        until(lambda: np.abs(robot.observe().position - goal).max() < 1e-3)


@pytest.mark.ros
def test_joints_are_told_apart_by_name_and_external_torque_is_felt(open_topic_arm):
    with open_topic_arm("forward_command", external_torque_topic="/arm/external") as robot:
        until(lambda: robot.observe().external_torque.any())
        np.testing.assert_array_equal(robot.observe().external_torque, np.arange(7.0))


@pytest.mark.ros
def test_a_controller_that_is_gone_stops_the_robot_for_good(open_topic_arm, topic_peers):
    with open_topic_arm("target_joint") as robot:
        assert robot.stopped == ""
        topic_peers.end()
        until(lambda: robot.stopped)
        assert robot.stopped == CONTROLLER_LOST and not robot.recover()


@pytest.mark.ros
def test_an_arm_that_feels_nothing_any_more_stops_for_good(open_topic_arm):
    felt = {"external_torque_topic": "/arm/external"}
    with open_topic_arm("forward_command", "numb", **felt) as robot:
        until(lambda: robot.stopped)
        assert robot.stopped == TOUCH_LOST and not robot.recover()


@pytest.mark.ros
def test_an_arm_that_should_feel_and_never_does_is_not_connected(open_topic_arm):
    with pytest.raises(NotConnected, match=r"/arm/nothing.*/arm/external"):
        open_topic_arm(
            "forward_command", external_torque_topic="/arm/nothing", connect_timeout=5.0
        )


@pytest.mark.ros
@pytest.mark.parametrize(
    ("mode", "error", "words"),
    [
        ("no_controller", NotConnected, ["/arm/command", "Is the controller active?"]),
        ("other_joints", MissingJoint, ["fr3_joint1", "left_fr3_joint1", "prefix"]),
        ("no_velocity", ValueError, ["velocity"]),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(open_topic_arm, mode, error, words):
    with pytest.raises(error) as caught:
        open_topic_arm("forward_command", mode, connect_timeout=8.0)
    text = str(caught.value)
    assert all(word in text for word in words) and "\n" not in text


@pytest.mark.ros
def test_without_any_states_the_topics_that_exist_are_named(open_topic_arm):
    with open_topic_arm("forward_command"):
        pass
    with pytest.raises(
        NotConnected, match=r"/nowhere.*joint_state_broadcaster.*/arm/joint_states"
    ):
        open_topic_arm("forward_command", state_topic="/nowhere", connect_timeout=2.0)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"controller": "position"}, "joint_trajectory"),
        ({"rate": 300.0}, "divide"),
        ({"posture_topic": "/x"}, "target_pose"),
        ({"command_topic": "/joint_states"}, "both"),
        ({"connect_timeout": 0.0}, "connect_timeout"),
    ],
)
def test_a_wrong_setting_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        Ros2ControlConfig(**wrong)


def test_joint_states_have_no_stamp_of_their_own_before_they_are_sent():
    msg = COMMAND_TOPICS["target_joint"].message(sample(), NAMING)
    assert isinstance(msg, JointState) and list(msg.name) == list(SPEC.joint_names)
    np.testing.assert_array_equal(msg.velocity, np.full(7, 0.2))
