"""The robot node as the launch file starts it, with one backend after the other."""

import signal
from pathlib import Path

import pytest

pytest.importorskip("rclpy")
pytestmark = pytest.mark.ros

CONFIG = Path(__file__).parents[2] / "config/arm.yaml"
PATIENCE_S = 120.0


@pytest.fixture
def robot(domain, launched, monkeypatch, tmp_path):
    """Starts the robot node alone, with the usual parameter file."""
    monkeypatch.setenv("ROS_DOMAIN_ID", str(domain))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path / "log"))

    def start(backend):
        return launched(f"""
            <node pkg="robot_meta" exec="robot" name="robot" namespace="left" on_exit="shutdown">
              <param from="{CONFIG}"/> <param name="backend" value="{backend}"/>
            </node>
        """)

    return start


@pytest.mark.parametrize("backend", ["fake", pytest.param("twin", marks=pytest.mark.sim)])
def test_a_simulated_robot_starts_in_hold_and_ends_on_ctrl_c(robot, backend):
    process = robot(backend)
    for line in process.stdout:
        if "HOLD START" in line:
            process.send_signal(signal.SIGINT)
            break
    rest, _ = process.communicate(timeout=PATIENCE_S)
    assert "left/robot ended with exit code" in rest
    assert process.returncode == 0


def test_an_arm_whose_topics_are_not_there_is_refused_in_one_line(robot):
    process = robot("ros2_control")
    text, _ = process.communicate(timeout=PATIENCE_S)
    (line,) = [line for line in text.splitlines() if line.startswith("[left/robot]")]
    assert "no joint states came on /joint_states for 10 s" in line
    assert process.returncode == 15
