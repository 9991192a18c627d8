"""A real robot is armed only where nobody else can command it, and after a stop was seen to work.

The arm is a process that speaks topics (topic_arm.py); to the robot node it is a real one.
"""

from pathlib import Path

import pytest

pytest.importorskip("rclpy")

pytestmark = pytest.mark.ros
ARM = Path(__file__).parents[2] / "robots/topic_arm.py"
TOPICS = {
    "backend": "ros2_control",
    "ros2_control__command_topic": "/arm/command",
    "ros2_control__state_topic": "/arm/joint_states",
    "ros2_control__connect_timeout": 60.0,
}


@pytest.fixture
def start_real(processes, start_robot):
    """Starts a robot node in front of an arm behind topics."""

    def start(**parameters):
        processes.python(ARM, "joint_trajectory", "reliable", name="arm")
        robot = start_robot(**TOPICS, **parameters)
        robot.wait_for_state("HOLD START")
        return robot

    return start


def test_a_stop_has_to_be_seen_to_work_before_a_real_robot_is_armed(start_real):
    robot = start_real()
    refused = robot.call("arm")
    assert not refused.success and "`estop`" in refused.message and "`recover`" in refused.message
    assert robot.call("estop").success
    robot.spin_until(lambda: robot.call("recover").success, "recovery")
    robot.arm()


def test_a_network_that_is_open_to_all_is_refused(start_real, processes, monkeypatch):
    usual = processes.environment
    open_to_all = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}
    monkeypatch.setattr(processes, "environment", lambda: {**usual(), **open_to_all})
    robot = start_real(estop_proof=False)
    refused = robot.call("arm")
    assert not refused.success and "ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST" in refused.message


def test_somebody_may_allow_it(start_real, processes, monkeypatch):
    usual = processes.environment
    open_to_all = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}
    monkeypatch.setattr(processes, "environment", lambda: {**usual(), **open_to_all})
    start_real(estop_proof=False, allow_open_network=True).arm()


def test_a_simulated_robot_needs_neither(start_robot):
    robot = start_robot(backend="fake")
    robot.wait_for_state("HOLD START")
    robot.arm()


def test_security_that_the_middleware_lacks_is_one_line(processes, monkeypatch):
    monkeypatch.setenv("ROS_SECURITY_ENABLE", "true")
    monkeypatch.setenv("ROS_SECURITY_STRATEGY", "Enforce")
    node = processes.node("robot_node", backend="fake")
    assert node.wait(timeout=120) == 20
    (line,) = [row for row in node.log.read_text().splitlines() if row.startswith("robot: error")]
    assert "ROS_SECURITY_ENABLE" in line and "DDS security" in line
