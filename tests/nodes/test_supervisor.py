import numpy as np
import pytest

from robot_meta.nodes.mailbox import Mailbox
from robot_meta.nodes.stop_devices import StopDevices
from robot_meta.nodes.supervisor import Supervisor
from robot_meta.robots.description import arm_description
from robot_meta.robots.fake import FakeRobot
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard
from robot_meta.safety.state import State
from robot_meta.types import Command

FR3 = arm_description("fr3")


@pytest.fixture
def robot():
    with GuardedRobot(FakeRobot(FR3.spec), Guard(FR3.spec, FR3.chain)) as robot:
        robot.tick(None)
        yield robot


def supervise(robot, timeout=None):
    mailbox = Mailbox()
    return Supervisor(robot, mailbox, StopDevices(timeout)), mailbox


def test_without_trouble_it_arms(robot):
    supervisor, _ = supervise(robot)
    assert supervisor.arm(0.0) == "" and supervisor.text() == "RUNNING"
    supervisor.look(0.1, clock_jumped=False)
    assert robot.state is State.RUNNING


def test_the_guards_own_refusal_is_passed_on(robot):
    supervisor, _ = supervise(robot)
    supervisor.stop()
    assert "recover" in supervisor.arm(0.0)


@pytest.mark.parametrize("commanders", [["/a", "/b"], ["/a", "/a", "/b"]])
def test_two_commanders_mean_hold_and_no_arming(robot, commanders):
    supervisor, _ = supervise(robot)
    supervisor.arm(0.0)
    supervisor.commanders = commanders
    supervisor.look(0.1, clock_jumped=False)
    assert supervisor.text() == "HOLD SECOND_COMMANDER"
    assert "/a, /b" in supervisor.arm(0.2)


def test_one_commander_that_is_listed_twice_after_a_restart_is_one(robot):
    supervisor, _ = supervise(robot)
    supervisor.commanders = ["/controller", "/controller"]
    assert supervisor.arm(0.0) == ""
    supervisor.look(0.1, clock_jumped=False)
    assert robot.state is State.RUNNING


def test_contradicting_commands_mean_hold(robot):
    supervisor, mailbox = supervise(robot)
    supervisor.arm(0.0)
    mailbox.expect(0.0)
    for value in (0.0, 0.1):
        command = Command(stamp=0.0, position=np.full(7, value), velocity=np.zeros(7))
        mailbox.put(0.0, command)
    supervisor.look(0.1, clock_jumped=False)
    assert supervisor.text() == "HOLD SECOND_COMMANDER"


def test_a_clock_jump_means_hold(robot):
    supervisor, _ = supervise(robot)
    supervisor.arm(0.0)
    supervisor.look(0.1, clock_jumped=True)
    assert supervisor.text() == "HOLD CLOCK_JUMP"


def test_a_lost_heartbeat_is_a_stop_that_only_a_heartbeat_lets_recover(robot):
    device = StopDevices(0.3)
    supervisor = Supervisor(robot, Mailbox(), device)
    assert "estop_heartbeat" in supervisor.arm(0.0)
    device.beat(1, 0.0)
    assert supervisor.arm(0.1) == ""
    supervisor.look(0.5, clock_jumped=False)
    assert supervisor.text() == "ESTOP HEARTBEAT_LOST"
    assert "estop_heartbeat" in supervisor.recover(0.6)
    device.beat(2, 0.7)
    assert supervisor.recover(0.8) == "" and robot.state is State.HOLD


def test_a_pressed_button_stands_against_recovering(robot):
    device = StopDevices(None)
    supervisor = Supervisor(robot, Mailbox(), device)
    device.say("estop", True)
    supervisor.stop()
    assert "release" in supervisor.recover(0.0) and robot.state is State.ESTOP
    device.say("estop", False)
    assert supervisor.recover(0.0) == ""


def test_a_pressed_button_stands_against_the_ways_back_too(robot):
    device = StopDevices(None)
    supervisor = Supervisor(robot, Mailbox(), device)
    device.say("estop", True)
    assert "release" in supervisor.maneuver(0.0, robot.retreat)
    device.say("estop", False)
    assert supervisor.maneuver(0.0, robot.home) == "" and supervisor.text() == "RECOVERY HOME"


def test_rivals_do_not_end_a_way_home_on_which_no_command_counts(robot):
    supervisor, _ = supervise(robot)
    assert supervisor.maneuver(0.0, robot.home) == ""
    supervisor.commanders = ["/a", "/b"]
    supervisor.look(0.1, clock_jumped=False)
    assert supervisor.text() == "RECOVERY HOME"
    supervisor.look(0.2, clock_jumped=True)
    assert supervisor.text() == "HOLD CLOCK_JUMP"
