"""The hand of the driver, besides what every hand does (test_gripper_contract.py)."""

import time

import pytest

from robot_meta.errors import NotConnected

pytestmark = pytest.mark.franka
PATIENCE_S = 120.0


def finished(gripper):
    """The reading once nothing is left to do."""
    end = time.monotonic() + PATIENCE_S
    while (state := gripper.state()).busy:
        assert time.monotonic() < end, state
        time.sleep(0.02)
    return state


@pytest.fixture
def robot(open_franka):
    with open_franka(gripper=True) as robot:
        yield robot


def test_the_hand_homes_and_moves_to_a_width_while_the_arm_is_held(robot):
    robot.gripper.homing()
    homed = finished(robot.gripper)
    assert homed.succeeded and homed.max_width > 0.05
    robot.gripper.move(0.03)
    before = robot.observe().stamp
    moved = finished(robot.gripper)
    assert moved.succeeded and abs(moved.width - 0.03) < 0.002
    assert robot.observe().stamp > before and robot.reading().in_control


def test_without_a_hand_in_the_settings_there_is_none(open_franka):
    with open_franka() as robot, pytest.raises(NotConnected, match=r"franka\.gripper"):
        robot.gripper.homing()
