"""The driver behind its guard: who is called when, and that nobody else calls it."""

import ast
from pathlib import Path

import numpy as np
import pytest

from robot_meta.errors import NotConnected
from robot_meta.reference import advance
from robot_meta.robots.description import arm_description
from robot_meta.robots.fake import FakeRobot
from robot_meta.robots.gripper import SimulatedGripper
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.robots.robot import USER_STOPPED
from robot_meta.safety.guard import Guard
from robot_meta.safety.state import State
from robot_meta.types import Command

ARM = arm_description("fr3")
PACKAGE = Path(__file__).resolve().parents[2] / "robot_meta"


@pytest.fixture
def robot():
    driver = FakeRobot(ARM.spec)
    with GuardedRobot(driver, Guard(ARM.spec, ARM.chain)) as guarded:
        yield guarded


def moving(robot, periods=5):
    """Armed, and going at 0.1 rad/s."""
    assert robot.arm()
    tick = robot.tick(None)
    for _ in range(periods):
        robot.step()
        tick = robot.tick(answer(tick))
    return tick


def answer(tick, velocity=0.1):
    period = ARM.spec.control_dt
    position, before = tick.commanded.position[1], tick.commanded.velocity[1]
    after = np.full(7, velocity)
    return Command(
        stamp=tick.observation.stamp,
        position=advance(position, before, after, period),
        velocity=after,
    )


def test_what_the_guard_decides_is_where_the_robot_goes(robot):
    tick = moving(robot)
    assert (tick.commanded.velocity[1] == 0.1).all() and not tick.commanded.altered
    robot.step()
    robot.hold()
    for _ in range(20):
        tick = robot.tick(None)
        robot.step()
    np.testing.assert_allclose(robot.tick(None).observation.position, tick.reference.position[-1])


def test_a_stop_brakes_first_and_then_stops_the_driver_for_good(robot):
    tick = moving(robot)
    robot.stop("ESTOP")
    robot.step()
    tick = robot.tick(answer(tick))
    assert (tick.commanded.velocity[1] == 0.0).all() and tick.commanded.reason == "ESTOP"
    rest = tick.commanded.position[1]
    assert robot._robot.stops == []  # it still has to play the period that brakes
    assert not robot.arm()
    for _ in range(20):
        robot.step()
        tick = robot.tick(answer(tick))
    np.testing.assert_allclose(tick.observation.position, rest, atol=1e-6)
    np.testing.assert_array_equal(tick.commanded.position[1], rest)
    assert robot._robot.stops == ["ESTOP"]
    assert robot.recover() and robot.state is State.HOLD
    moving(robot)


def test_nothing_resumes_by_itself_after_recover(robot):
    tick = moving(robot)
    robot.stop("ESTOP")
    for _ in range(5):
        robot.step()
        tick = robot.tick(None)
    robot.recover()
    for _ in range(5):
        robot.step()
        tick = robot.tick(answer(tick))
        assert (tick.commanded.velocity == 0.0).all()
    assert (robot.state, robot.reason) == (State.HOLD, "RECOVERED")


def test_a_lost_driver_is_a_stop(robot):
    tick = moving(robot)
    robot._robot.close()
    with pytest.raises(NotConnected):
        robot.tick(answer(tick))
    assert (robot.state, robot.reason) == (State.INACTIVE, "DRIVER_LOST")


def test_a_refused_request_says_why(robot):
    moving(robot)
    robot.stop("ESTOP")
    assert "recover first" in robot.arm().message
    assert robot.recover().granted is True


def driver_calls(source):
    """Lines that call `.command(...)` on anything but the module `qos`."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "command"
        and not (isinstance(node.func.value, ast.Name) and node.func.value.id == "qos")
    ]


def test_references_reach_a_driver_in_one_place_only():
    callers = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if driver_calls(path.read_text())
    }
    # The pace of a real-time twin hands on to the twin inside it what its own guard gave it;
    # planners of another library, which no robot is near, call their answer `command` too.
    others = {"twin/pace.py", "benchmarks/planner/contestants.py"}
    assert callers - others == {"robots/guarded.py"}


def test_the_search_for_callers_finds_one():
    assert driver_calls("x = 1\nself._robot.command(reference)\n") == [2]


def test_a_robot_that_stops_itself_stops_the_guard_until_both_recover(robot):
    moving(robot)
    robot._robot.stop("joint_reflex")  # as a driver does when its robot has a reflex
    robot.tick(None)
    assert (robot.state, robot.reason) == (State.INACTIVE, "joint_reflex")
    assert not robot.arm()
    assert robot.recover()
    assert robot.state is State.HOLD and robot._robot.stopped == ""


def test_a_user_stop_is_latched_like_a_stop_of_ours(robot):
    moving(robot)
    robot._robot.stop(USER_STOPPED)
    robot.tick(None)
    assert (robot.state, robot.reason) == (State.ESTOP, USER_STOPPED)


def test_repeated_reflexes_are_not_even_cleared_before_a_person_acknowledges(robot):
    for _ in range(3):
        robot.tick(None)
        robot._robot.stop("joint_reflex")
        robot.tick(None)
        answer = robot.recover()
        robot.step()
    assert not answer and "acknowledge" in answer.message
    assert (robot.state, robot.reason) == (State.INACTIVE, "REPEATED_REFLEXES")
    assert robot._robot.stopped == "joint_reflex"
    assert robot.acknowledge() and robot.recover()
    assert robot._robot.stopped == "" and robot.state is State.HOLD


@pytest.mark.parametrize(
    "trouble",
    [
        lambda robot: robot.hold(),
        lambda robot: robot.stop(),
        lambda robot: robot._robot.stop("joint_reflex"),  # the driver's own
        lambda robot: [
            robot.step() or robot.tick(None) for _ in range(10)
        ],  # commands fall silent
    ],
    ids=["hold", "e-stop", "reflex", "silence"],
)
def test_whatever_stops_the_arm_stops_its_fingers(trouble):
    driver = FakeRobot(ARM.spec)
    hand = SimulatedGripper(lambda: driver.time)
    with GuardedRobot(driver, Guard(ARM.spec, ARM.chain), hand) as robot:
        tick = moving(robot)
        hand.move(0.0, speed=0.01)  # 4 s
        robot.step()
        tick = robot.tick(answer(tick))
        assert hand.state().busy
        trouble(robot)
        robot.step()
        robot.tick(None)
        state = hand.state()
        assert not state.busy and state.succeeded is False and 0.03 < state.width < 0.04
        for _ in range(50):
            robot.step()
            robot.tick(None)
        assert hand.state().width == state.width


def test_a_hand_that_holds_something_goes_on_holding_it():
    driver = FakeRobot(ARM.spec)
    hand = SimulatedGripper(lambda: driver.time, object_width=0.03)
    with GuardedRobot(driver, Guard(ARM.spec, ARM.chain), hand) as robot:
        hand.grasp(0.03)
        tick = moving(robot, periods=30)
        assert hand.state().grasped
        robot.stop()
        robot.step()
        robot.tick(answer(tick))
        assert hand.state().grasped
