"""The robot node in front of an arm that speaks topics; the arm is a process (topic_arm.py)."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

pytestmark = pytest.mark.ros
ARM = Path(__file__).parents[2] / "robots/topic_arm.py"
TOPICS = {
    "backend": "ros2_control",
    "ros2_control__controller": "joint_trajectory",
    "ros2_control__command_topic": "/arm/command",
    "ros2_control__state_topic": "/arm/joint_states",
    "ros2_control__external_torque_topic": "/arm/external",
    "ros2_control__connect_timeout": 60.0,
    "estop_proof": False,
    "guard__contact_torque": "[25.0, 25.0, 25.0, 25.0, 25.0, 25.0, 25.0]",
}


def test_commands_reach_an_arm_through_its_topics_and_nothing_is_altered(processes, start_robot):
    processes.python(ARM, "joint_trajectory", "reliable", name="arm")
    robot = start_robot(**TOPICS, guard__max_repeats=500)
    robot.run_with("sine")
    begin = len(robot.commanded)
    robot.spin_until(lambda: len(robot.commanded) > begin + 150, "three seconds of motion")
    assert robot.states[-1].data == "RUNNING"
    references = np.array([c.position[0] for c in robot.sent()[begin:]])
    measured = np.array([msg.position for msg in robot.joint_states[begin:]])
    assert np.ptp(references, axis=0).max() > 0.01
    lag = np.abs(references[: len(measured)] - measured[: len(references)])
    assert lag.max() < 0.5 * np.ptp(references, axis=0).max()


def test_an_arm_that_falls_silent_means_hold(processes, start_robot):
    arm = processes.python(ARM, "joint_trajectory", "reliable", name="arm")
    robot = start_robot(**TOPICS)
    robot.run_with("sine")
    arm.kill()
    robot.spin_until(lambda: robot.states[-1].data != "RUNNING", "a hold")
    assert robot.states[-1].data in ("HOLD STALE_OBSERVATION", "INACTIVE TOUCH_LOST")
    robot.wait_for_state("INACTIVE TOUCH_LOST")
