"""The hand of the driver, besides what every hand does (test_gripper_contract.py)."""

import time
from pathlib import Path

import pytest

from robot_meta.errors import NotConnected
from robot_meta.robots.description import arm_description
from robot_meta.robots.franka.config import FrankaConfig
from robot_meta.robots.franka.driver import FrankaRobot

pytestmark = pytest.mark.franka
SIM_PYTHON = Path(__file__).parents[3] / ".venv-franka-sim" / "bin" / "python"
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


@pytest.fixture
def slow(franka_servers):
    """A robot whose hand takes its time."""
    franka_servers.start([str(SIM_PYTHON), str(Path(__file__).with_name("slow_hand.py"))])
    patient = {"watchdog": 20.0, "lost_after": 20.0, "connect_timeout": 60.0}
    config = FrankaConfig(gripper=True, **patient)
    with FrankaRobot(arm_description("fr3"), "127.0.0.1", config) as robot:
        yield robot


@pytest.mark.parametrize("by", ["the hand", "the robot"])
def test_fingers_are_stopped_on_their_way_and_stay(slow, by):
    hand = slow.gripper
    hand.move(0.07)
    finished(hand)
    hand.move(0.0, speed=0.005)  # 14 s
    hand.move(0.08)  # never begun
    deadline = time.monotonic() + PATIENCE_S
    while hand.state().width > 0.065:
        assert time.monotonic() < deadline, hand.state()
        time.sleep(0.02)
    hand.stop() if by == "the hand" else slow.stop("TEST")
    state = finished(hand)
    assert state.succeeded is False and 0.005 < state.width < 0.066
    time.sleep(0.5)
    assert hand.state().width == pytest.approx(state.width, abs=1e-6)
    assert slow.recover()
    hand.move(0.04)
    assert finished(hand).width == pytest.approx(0.04, abs=1e-6)


def test_a_hand_at_rest_is_told_nothing_by_a_stop(slow):
    slow.gripper.move(0.05)
    finished(slow.gripper)
    slow.gripper.stop()
    state = finished(slow.gripper)
    assert state.succeeded and not state.trouble
