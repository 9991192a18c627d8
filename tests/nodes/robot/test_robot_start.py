"""A robot node that cannot start says so in one line."""

import pytest

pytest.importorskip("rclpy")

pytestmark = pytest.mark.ros


@pytest.mark.parametrize(
    ("parameters", "parts"),
    [
        ({"backend": "go"}, ["no backend 'go'", "twin", "fake", "franka", "ros2_control"]),
        ({"backend": "ros2_control"}, ["/joint_states", "namespace:=meta"]),
        (
            {"backend": "ros2_control", "ros2_control__controller": "position"},
            ["no controller 'position'", "joint_trajectory", "target_joint"],
        ),
        ({"backend": "franka"}, ["backend 'franka' needs robot_ip"]),
        (
            {"backend": "franka", "robot_ip": "127.0.0.1", "lockstep": True},
            ["moves a real robot"],
        ),
        (
            {"backend": "franka", "robot_ip": "127.0.0.1", "arm_on_start": True},
            ["arm_on_start is for simulation"],
        ),
        ({"backend": "fake", "robot": "fr4"}, ["no robot 'fr4'", "fr3"]),
        ({"backend": "fake", "guard__tool_sped": 0.1}, ["guard.tool_sped", "guard.tool_speed"]),
        ({"backend": "fake", "speed_scale": 7.0}, ["speed_scale must be in [0, 1], got 7.0"]),
        ({"backend": "fake", "lockstep": 3}, ["'lockstep'", "want bool, got 3"]),
        ({"twin__schedule": "9.0 payload 1"}, ["no perturbation 'payload'"]),
    ],
)
def test_a_wrong_start_is_one_line_and_a_code_of_its_own(processes, parameters, parts):
    node = processes.node("robot_node", **parameters)
    assert node.wait(timeout=120) == (16 if "robot" in parameters else 20)
    (line,) = node.log.read_text().splitlines()
    assert line.startswith("robot: error: ")
    assert all(part in line for part in parts), line


def test_a_parameter_file_with_a_syntax_error_is_one_line(processes, tmp_path):
    path = tmp_path / "arm.yaml"
    path.write_text("/**:\n  ros__parameters:\n    a: [1, two\n")
    node = processes.node("robot_node", ros_args=["--params-file", path])
    assert node.wait(timeout=120) == 20
    line = node.log.read_text().splitlines()[-1]
    assert line.startswith("robot: error: ") and str(path) in line
