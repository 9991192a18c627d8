"""What a cell file says is what the guard enforces and tells; a parameter wins over it."""

import pytest

pytest.importorskip("rclpy")

from rcl_interfaces.srv import GetParameters  # noqa: E402
from rclpy.parameter import parameter_value_to_python  # noqa: E402

pytestmark = pytest.mark.ros

CELL = """
tool: {tcp: [0.0, 0.0, 0.2]}
table: {height: 0.1}
workspace: {lower: [0.1, -0.5, 0.0], upper: [0.8, 0.5, 1.0]}
"""


def test_the_guard_enforces_the_cell_unless_a_parameter_says_otherwise(
    start_robot, client, tmp_path
):
    cell = tmp_path / "cell.yaml"
    cell.write_text(CELL)
    robot = start_robot(backend="fake", cell=cell, guard__table_height=0.05)
    robot.wait_for_state("HOLD")
    names = ["guard.workspace_lower", "guard.table_height", "guard.tool_speed"]
    answer = client.call(GetParameters, "robot/get_parameters", GetParameters.Request(names=names))
    lower, height, speed = map(parameter_value_to_python, answer.values)
    assert list(lower) == [0.1, -0.5, 0.0] and height == 0.05 and speed == 0.25


def test_a_typo_in_it_keeps_the_robot_from_starting(processes, tmp_path):
    cell = tmp_path / "cell.yaml"
    cell.write_text("tabel: {height: 0.1}")
    node = processes.node("robot_node", backend="fake", cell=cell)
    assert node.wait(timeout=120) == 20
    (line,) = node.log.read_text().splitlines()
    assert line == f"robot: error: cell {cell}: a cell has no 'tabel'; did you mean 'table'?"


def test_a_fixture_where_the_arm_stands_keeps_it_from_being_armed(start_robot, tmp_path):
    cell = tmp_path / "cell.yaml"
    box = "{name: box, size: [0.2, 0.2, 0.4], position: [0.31, 0.0, 0.29]}"
    cell.write_text(f"fixtures: [{box}]")
    robot = start_robot(backend="fake", cell=cell, self_collision=True)
    robot.wait_for_state("HOLD")
    answer = robot.call("arm")
    assert not answer.success and "SELF_COLLISION" in answer.message


def test_fixtures_without_anything_that_measures_distances_are_refused(processes, tmp_path):
    cell = tmp_path / "cell.yaml"
    cell.write_text("fixtures: [{name: box, size: [1, 1, 1], position: [2, 0, 0]}]")
    node = processes.node("robot_node", backend="fake", cell=cell, self_collision=False)
    assert node.wait(timeout=60) == 20
    (line,) = node.log.read_text().splitlines()
    assert line == f"robot: error: cell {cell} has fixtures, which need self_collision"
