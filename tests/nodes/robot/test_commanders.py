"""Who commands the robot node, and commands that are none."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from trajectory_msgs.msg import JointTrajectory  # noqa: E402

pytestmark = pytest.mark.ros


@pytest.mark.parametrize(
    ("mode", "reason"), [("nan:100", "HOLD NOT_FINITE"), ("names:100", "HOLD WRONG_NAMES")]
)
def test_a_command_that_is_none_is_refused_and_the_robot_holds(start_robot, mode, reason):
    robot = start_robot(backend="fake", guard__max_silence=2.0)
    robot.run_with(mode)
    robot.wait_for_state(reason)
    assert all(np.isfinite(c.position).all() for c in robot.sent())
    assert robot.process.poll() is None


def test_a_second_publisher_of_commands_means_hold_and_is_named(start_robot, client):
    robot = start_robot(backend="fake")
    robot.run_with("sine")
    intruder = client.node.create_publisher(JointTrajectory, "command", 1)
    robot.wait_for_state("HOLD SECOND_COMMANDER")
    refused = robot.call("arm")
    assert not refused.success
    assert "/client" in refused.message and "/commander" in refused.message
    client.node.destroy_publisher(intruder)
    robot.spin_until(lambda: robot.call("arm").success, "arming without the intruder")


def test_two_controllers_of_the_same_name_are_told_by_what_they_say(start_robot):
    robot = start_robot(backend="fake")
    robot.run_with("sine")
    robot.command_with("still", name="commander")
    robot.wait_for_state("HOLD SECOND_COMMANDER")
