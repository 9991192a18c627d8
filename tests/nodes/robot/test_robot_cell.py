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
