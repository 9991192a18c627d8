"""A wall and a held tool: forces that are bounded by the impedance, felt, and let go again."""

from __future__ import annotations

import numpy as np
import pytest

from robot_meta.robots.description import arm_description
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.scenes import SceneConfig
from robot_meta.twin.surroundings import TIP_RADIUS
from robot_meta.types import Array, Reference

pytestmark = pytest.mark.sim
ARM = arm_description("fr3")
SPEC = ARM.spec
TOOL = ARM.chain.tool_position_in_base(SPEC.home)
GAP = 0.01  # between tip and wall at first, [m]


def lean(robot: MujocoRobot, push: Array, periods: int = 100) -> None:
    """Let the reference go to home + push and stay there."""
    n = SPEC.samples_per_tick
    for k in range(periods):
        goal = SPEC.home + push * min(1.0, k / 50)
        robot.command(
            Reference(
                stamp=robot.time,
                position=np.tile(goal, (n, 1)),
                velocity=np.zeros((n, SPEC.num_joints)),
            )
        )
        robot.step()


def into_the_wall(distance: float) -> Array:
    """Joint motion that would move the tool by `distance` along x."""
    jacobian = ARM.chain.tool_jacobian(SPEC.home)[:3]
    return np.linalg.pinv(jacobian) @ np.array([distance, 0.0, 0.0])


@pytest.fixture
def walled() -> MujocoRobot:
    point = (float(TOOL[0]) + TIP_RADIUS + GAP, 0.0, 0.0)
    return MujocoRobot(ARM, TwinConfig(scene=SceneConfig(wall_point=point)))


def test_the_wall_stops_the_tool_and_is_felt_as_its_force(walled: MujocoRobot) -> None:
    lean(walled, into_the_wall(0.05))
    observation = walled.observe()
    assert walled.tool_position()[0] - TOOL[0] == pytest.approx(GAP, abs=1e-3)
    force = walled.contact_force()
    assert force[0] < -5.0
    felt = ARM.chain.tool_jacobian(observation.position)[:3].T @ force
    np.testing.assert_allclose(observation.external_torque, felt, rtol=0.05, atol=0.1)


def test_the_force_grows_with_the_lead_of_the_reference(walled: MujocoRobot) -> None:
    forces = []
    for distance in (0.03, 0.05):
        walled.reset()
        lean(walled, into_the_wall(distance))
        forces.append(-walled.contact_force()[0])
    assert forces[1] > 1.5 * forces[0] > 0.0


def test_away_from_the_wall_nothing_is_touched(walled: MujocoRobot) -> None:
    lean(walled, into_the_wall(-0.05), periods=50)
    np.testing.assert_array_equal(walled.contact_force(), np.zeros(3))


def test_a_held_tool_stays_and_is_felt_until_it_is_let_go() -> None:
    robot = MujocoRobot(ARM, TwinConfig())
    robot.hold_tool(True)
    lean(robot, into_the_wall(0.05))
    assert np.linalg.norm(robot.tool_position() - TOOL) < 2e-3
    force = robot.contact_force()
    assert np.linalg.norm(force) > 5.0
    observation = robot.observe()
    felt = ARM.chain.tool_jacobian(observation.position)[:3].T @ force
    np.testing.assert_allclose(observation.external_torque, felt, rtol=0.05, atol=0.1)
    robot.hold_tool(False)
    lean(robot, into_the_wall(0.05))
    np.testing.assert_array_equal(robot.contact_force(), np.zeros(3))
    assert robot.tool_position()[0] - TOOL[0] > 0.04


def test_a_reset_lets_a_held_tool_go() -> None:
    robot = MujocoRobot(ARM, TwinConfig())
    robot.hold_tool(True)
    robot.reset()
    lean(robot, into_the_wall(0.05))
    assert robot.tool_position()[0] - TOOL[0] > 0.04
