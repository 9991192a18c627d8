"""What makes the robot node hold, and that nothing resumes by itself."""

import signal

import numpy as np
import pytest

pytest.importorskip("rclpy")

from sensor_msgs.msg import JointState  # noqa: E402

from robot_meta.collection.decoding import stamp_from  # noqa: E402
from robot_meta.nodes import qos  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402

pytestmark = pytest.mark.ros
SPEC = arm_description("fr3").spec


def test_it_starts_in_hold_and_stands_still_until_it_is_armed(start_robot):
    robot = start_robot(backend="fake")
    robot.wait_for_state("HOLD")
    robot.command_with("sine")
    robot.spin_until(lambda: len(robot.commands) > 20, "commands")
    assert all(np.array_equal(c.position[1], SPEC.home) for c in robot.sent())

    robot.arm()
    count = len(robot.commanded)
    robot.spin_until(lambda: len(robot.commanded) > count + 20, "motion")
    assert np.abs(robot.sent()[-1].position[1] - SPEC.home).max() > 1e-3


@pytest.mark.realtime
def test_after_kill_9_of_the_controller_it_holds_within_100_ms_and_one_period(start_robot):
    robot = start_robot(backend="fake", guard__max_silence=0.1)
    commander = robot.run_with("sine")
    robot.run_steadily()
    commander.send_signal(signal.SIGKILL)
    robot.wait_for_state("HOLD COMMAND_SILENCE")
    robot.spin(0.5)

    last = stamp_from(robot.commands[-1].header.stamp)  # decides the period from last + T on
    waited = robot.periods(robot.begin_of_silence() - (last + SPEC.control_dt))
    assert 1 <= waited <= robot.periods(0.1) + 1
    assert np.array_equal(robot.sent()[-1].velocity, np.zeros((2, 7)))
    assert robot.states[-1].data == "HOLD COMMAND_SILENCE"


@pytest.mark.realtime
def test_when_joint_states_no_longer_reach_the_controller_the_robot_holds(
    start_robot, processes, client, weights
):
    robot = start_robot(
        backend="fake",
        guard__max_silence=0.1,
        ros_args=["-r", "joint_states:=measured"],
    )
    relay = client.node.create_publisher(JointState, "joint_states", qos.state())
    connected = True
    client.node.create_subscription(
        JointState, "measured", lambda msg: connected and relay.publish(msg), qos.state()
    )
    small = {"planner__sampling__num_samples": 16, "planner__sampling__horizon": 4}
    controller = processes.node("controller_node", model=weights, **small)
    robot.spin_until(lambda: len(robot.commands) > 20, "the controller")
    robot.run_steadily()
    connected = False
    robot.wait_for_state("HOLD COMMAND_SILENCE")
    robot.spin(0.3)
    last = stamp_from(robot.commands[-1].header.stamp)
    waited = robot.periods(robot.begin_of_silence() - (last + SPEC.control_dt))
    assert waited <= robot.periods(0.1) + 1
    assert controller.poll() is None


def test_nothing_resumes_by_itself_when_commands_come_back(start_robot):
    robot = start_robot(backend="fake", guard__max_silence=0.5)
    commander = robot.run_with("sine")
    commander.send_signal(signal.SIGKILL)
    robot.wait_for_state("HOLD COMMAND_SILENCE")
    robot.command_with("sine")
    count = len(robot.commands)
    robot.spin_until(lambda: len(robot.commands) > count + 20, "commands again")
    assert robot.states[-1].data == "HOLD COMMAND_SILENCE"
    robot.arm()


def test_limits_are_read_only_while_armed(start_robot):
    robot = start_robot(backend="fake")
    robot.run_with("sine")
    refused = robot.set("guard.tool_speed", 0.5)
    assert not refused.successful and "read-only while the robot is armed" in refused.reason
    assert robot.call("hold").success
    robot.spin_until(lambda: robot.set("guard.tool_speed", 0.2).successful, "rest")
    assert not robot.set("guard.tool_speed", -1.0).successful
