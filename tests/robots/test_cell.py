"""One file says what is around the arm; a typo in it is an error, not ignored."""

import numpy as np
import pytest

from robot_meta.errors import BadConfig
from robot_meta.resources import resource
from robot_meta.robots.cell import Cell, arm_in_cell, read_cell
from robot_meta.robots.description import arm_description
from robot_meta.robots.fixture import Fixture
from robot_meta.robots.franka.config import FrankaConfig
from robot_meta.safety.config import GuardConfig


def cell_file(tmp_path, text):
    path = tmp_path / "cell.yaml"
    path.write_text(text)
    return path


def test_the_shipped_file_says_what_holds_without_one():
    assert read_cell(resource("config/cell.yaml")) == read_cell("") == Cell()
    assert Cell().guard() == GuardConfig()
    assert Cell().franka() == FrankaConfig()


def test_everything_in_it_reaches_guard_driver_and_kinematics(tmp_path):
    cell = read_cell(
        cell_file(
            tmp_path,
            """
            tool: {tcp: [0.0, 0.01, 0.2]}
            load: {mass: 0.4, center: [0, 0, 0.05], inertia: [1, 0, 0, 0, 1, 0, 0, 0, 1]}
            gripper: franka_hand
            table: {height: 0.1, distance: 0.02}
            workspace: {lower: [0.2, -0.3, 0.0], upper: [0.7, 0.3, 0.9]}
            fixtures:
              - {name: post, size: [0.1, 0.1, 0.5], position: [0.2, 0.6, 0.25]}
              - {name: tray, size: [0.3, 0.2, 0.1], position: [0.5, 0.1, 0.05],
                 rotation: [0.0, 0.0, 0.3], touchable: true}
            """,
        )
    )
    guard, franka = cell.guard(), cell.franka()
    assert guard.floor == pytest.approx(0.12)
    assert guard.workspace_lower == (0.2, -0.3, 0.0) and guard.workspace_upper == (0.7, 0.3, 0.9)
    assert (franka.load_mass, franka.load_center) == (0.4, (0.0, 0.0, 0.05))
    assert franka.load_inertia[::4] == (1.0, 1.0, 1.0) and franka.gripper
    post, tray = cell.fixtures
    assert post == Fixture(name="post", size=(0.1, 0.1, 0.5), position=(0.2, 0.6, 0.25))
    assert tray.touchable and tray.rotation == (0.0, 0.0, 0.3)
    assert cell.tool.rod == 0.01 and Cell().tool.rod == 0.0
    usual, arm = arm_description("fr3"), arm_in_cell("fr3", cell, speed=0.5)
    np.testing.assert_allclose(arm.chain.tool_position, usual.flange_position + [0, 0.01, 0.2])
    np.testing.assert_allclose(arm.spec.limits.velocity, 0.5 * usual.spec.limits.velocity)
    assert arm_in_cell("fr3", Cell()).chain.tool_position is not None
    np.testing.assert_array_equal(
        arm_in_cell("fr3", Cell()).chain.tool_position, usual.chain.tool_position
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("tabel: {height: 0.1}", ["a cell has no 'tabel'", "did you mean 'table'?"]),
        ("table: {hight: 0.1}", ["table has no 'hight'", "'height'"]),
        ("fence: {}", ["a cell has no 'fence'", "it has tool, load, gripper"]),
        ("fixtures: {}", ["fixtures: want a list of sections", "{}"]),
        ("fixtures: [{name: a, size: [1, 1, 1]}]", ["fixtures[0] lacks position"]),
        (
            "fixtures: [{name: a, size: [1, 1], position: [0, 0, 0]}]",
            ["fixtures[0].size", "got 2"],
        ),
        ("fixtures: [{name: a, size: [1, 1, 0], position: [0, 0, 0]}]", ["'a': size must be > 0"]),
        ("fixtures: [{nmae: a}]", ["fixtures[0] has no 'nmae'", "did you mean 'name'?"]),
        (
            "fixtures: [{name: a, size: [1, 1, 1], position: [0, 0, 0], touchable: 1}]",
            ["fixtures[0].touchable", "true or false"],
        ),
        (
            "fixtures: [{name: a, size: [1, 1, 1], position: [0, 0, 0]},"
            " {name: a, size: [1, 1, 1], position: [0, 0, 2]}]",
            ["several fixtures are called a"],
        ),
        ("tool: {radius: -0.1}", ["tool.radius must be >= 0"]),
        ("table: {height: low}", ["table.height", "want a number", "'low'"]),
        ("table: {height: yes}", ["table.height", "want a number", "True"]),
        ("tool: {tcp: [0.0, 0.1]}", ["tool.tcp", "want x, y and z, got 2"]),
        ("tool: {tcp: 0.1}", ["tool.tcp", "want a list"]),
        ("load: {mass: -1.0}", ["load_mass must be >= 0"]),
        ("load: {inertia: [1, 0, 0]}", ["load_inertia must have 9 values"]),
        ("gripper: robotiq", ["'none' or 'franka_hand'", "'robotiq'"]),
        ("workspace: {lower: [1, 0, 0], upper: [0, 1, 1]}", ["workspace_lower must be below"]),
        ("table: 0.1", ["want a section", "table"]),
        ("- table", ["want a section", "the file"]),
        ("table: {height", ["no YAML"]),
    ],
)
def test_what_is_wrong_with_it_is_one_line_that_names_the_file(tmp_path, text, parts):
    path = cell_file(tmp_path, text)
    with pytest.raises(BadConfig) as caught:
        read_cell(path)
    message = str(caught.value)
    assert all(part in message for part in [str(path), *parts]), message
    assert "\n" not in message


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(BadConfig, match="No such file"):
        read_cell(tmp_path / "none.yaml")
