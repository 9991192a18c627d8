"""Fingers that are physics: they take hold of a block, lift it, let it go, and lose it."""

import numpy as np
import pytest

from robot_meta.collection.cartesian import CartesianAction, CartesianConfig
from robot_meta.robots.description import arm_description
from robot_meta.twin.desk.layout import DeskLayout
from robot_meta.twin.desk.model import GRIP_FORCE
from robot_meta.twin.desk.state import STATE
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.scenes import SceneConfig
from robot_meta.types import Reference

ARM = arm_description("fr3")
BLOCK = np.array(DeskLayout().blocks["red_block"][:2])
HEIGHT = 0.03  # of the tool around a block, [m]
pytestmark = pytest.mark.sim


@pytest.fixture(scope="module")
def robot():
    with MujocoRobot(ARM, TwinConfig(scene=SceneConfig(desk=True))) as twin:
        yield twin


@pytest.fixture(scope="module")
def posture():
    action = CartesianAction(ARM, CartesianConfig())
    return lambda height: action.posture(np.array([*BLOCK, height]))


def go(robot, start, goal, periods=50):
    """From one posture to the other, evenly."""
    n = ARM.spec.samples_per_tick
    way = np.linspace(start, goal, periods * n + 1)[1:].reshape(periods, n, -1)
    for part in way:
        speed = np.tile((goal - start) / (periods * ARM.spec.control_dt), (n, 1))
        robot.command(Reference(stamp=robot.time, position=part, velocity=speed))
        robot.step()


def wait(robot, periods=200):
    for _ in range(periods):
        robot.step()
        if not robot.fingers.state().busy:
            return robot.fingers.state()
    raise AssertionError("the fingers never came to rest")


@pytest.fixture
def around(robot, posture):
    """Open fingers around the red block."""
    robot.reset(posture(0.12), layout=DeskLayout())
    robot.fingers.move(0.08, 0.1)
    assert wait(robot).succeeded
    go(robot, posture(0.12), posture(HEIGHT))
    return robot


def height(robot):
    return robot.furniture.state[STATE.index("red_block_z")]


def test_a_grasped_block_is_lifted_and_falls_when_the_hand_opens(around, posture):
    robot = around
    robot.fingers.grasp(0.04, 20.0)
    held = wait(robot)
    assert held.grasped and held.succeeded and held.width == pytest.approx(0.04, abs=0.002)
    go(robot, posture(HEIGHT), posture(0.12))
    assert height(robot) > 0.09 and robot.fingers.state().grasped
    robot.fingers.move(0.08)
    assert not wait(robot).grasped
    assert height(robot) == pytest.approx(0.022, abs=0.005)


@pytest.mark.parametrize("force", [10.0, 40.0])
def test_a_grasp_presses_with_the_force_that_was_asked_for(around, force):
    robot = around
    robot.fingers.grasp(0.04, force)
    assert wait(robot).grasped
    pressed = np.abs(robot._plant._data.actuator_force[robot.fingers._drives])
    np.testing.assert_allclose(pressed, force, rtol=0.05)
    robot.fingers.move(0.06)
    wait(robot)
    limits = robot._plant._model.actuator_forcerange[robot.fingers._drives]
    np.testing.assert_array_equal(limits, [[-GRIP_FORCE, GRIP_FORCE]] * 2)


def test_a_block_of_another_width_is_no_success_and_a_lost_one_is_not_held(around):
    robot = around
    robot.fingers.grasp(0.06, 20.0)
    state = wait(robot)
    assert state.succeeded is False and not state.grasped
    robot.fingers.move(0.08)
    robot.fingers.grasp(0.04, 20.0)
    assert wait(robot).grasped
    data = robot._plant._data
    data.joint("desk/red_block").qpos[:3] = (0.6, 0.0, 0.3)  # somebody takes it away
    for _ in range(20):
        robot.step()
    assert not robot.fingers.state().grasped


def test_a_move_that_is_blocked_ends_without_success(around):
    robot = around
    robot.fingers.move(0.02)
    state = wait(robot)
    assert state.succeeded is False and state.width == pytest.approx(0.04, abs=0.002)


def test_a_stopped_robot_ends_what_its_fingers_do_and_keeps_what_they_hold(around):
    robot = around
    robot.fingers.grasp(0.04, 20.0)
    assert wait(robot).grasped
    robot.stop("TEST")
    robot.step()
    assert robot.fingers.state().grasped
    robot.recover()
    robot.fingers.move(0.08, 0.02)
    for _ in range(10):
        robot.step()
    robot.stop("TEST")
    robot.step()
    width = robot.fingers.state().width
    assert not robot.fingers.state().busy and width < 0.06
    for _ in range(25):
        robot.step()
    assert robot.fingers.state().width == pytest.approx(width, abs=0.003)
