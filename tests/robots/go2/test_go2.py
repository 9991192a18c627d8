"""What happens to a Go2 while it walks: falls, the remote, broken sensors, silence."""

import time

import numpy as np
import pytest

from robot_meta.errors import NotConnected
from robot_meta.legged_types import VelocityReference
from robot_meta.robots.guarded import GuardedDriver
from robot_meta.safety.reasons import Reason
from robot_meta.safety.state import State
from robot_meta.safety.walking import WalkingGuardConfig
from robot_meta.safety.walking_guard import WalkingGuard

pytestmark = pytest.mark.go2

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def connected(open_go2):
    with open_go2() as robot:
        yield robot


@pytest.fixture
def robot(connected, go2_server):
    """It stands, whatever happened before."""
    go2_server.calm_down()
    let_run(connected, 0.5)
    if connected.stopped:
        assert connected.recover()
        let_run(connected, 3.5)
    return connected


def wait(condition, robot, velocity=None):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        if velocity is not None:
            go(robot, velocity)
        time.sleep(0.05)


def let_run(robot, seconds):
    end = robot.time + seconds
    wait(lambda: robot.time >= end, robot)


def go(robot, velocity):
    robot.command(VelocityReference(stamp=robot.time, velocity=np.array(velocity)))


def guarded(robot, **config):
    """A guard that does not mind a busy machine, which leaves out periods."""
    patient = {"max_gap": 100, "max_silent": 100}
    guard = WalkingGuard(robot.spec, WalkingGuardConfig(**patient, **config))
    driver = GuardedDriver(robot, guard)
    driver.tick(None)
    return driver


def test_one_that_fell_is_damped_and_gets_up_only_when_it_lies_well_and_somebody_says_so(
    robot, go2_server
):
    rises = go2_server.report()["rises"]
    for _ in range(10):
        if robot.stopped:
            break
        go2_server.say("push", -30, 25, 0)
        let_run(robot, 0.6)
    assert robot.stopped == Reason.FALLEN
    wait(lambda: go2_server.report()["damps"], robot)
    let_run(robot, 3.0)  # it would get up by itself after 2 s, had it not been told not to
    report = go2_server.report()
    assert report["rises"] == rises and report["damps"]
    go(robot, [0.3, 0.0, 0.0])
    if report["tilt"] > 0.6:
        assert not robot.recover()
    go2_server.say("set_down")
    let_run(robot, 0.5)
    assert go2_server.report()["damps"]
    assert robot.recover()
    let_run(robot, 3.5)
    assert go2_server.report()["tilt"] < 0.2 and not go2_server.report()["damps"]


def test_the_remotes_damp_buttons_pass_through_and_are_latched(robot, go2_server):
    go(robot, [0.3, 0.0, 0.0])
    go2_server.say("remote", "L2", "B")
    wait(lambda: robot.stopped, robot)
    assert robot.stopped == Reason.REMOTE_DAMP
    assert not robot.recover()  # still pressed
    go2_server.say("remote")
    let_run(robot, 0.3)
    assert robot.stopped == Reason.REMOTE_DAMP
    assert robot.recover()
    let_run(robot, 3.5)


def test_the_dead_man_button_is_asked_for_and_its_release_holds(robot, go2_server):
    driver = guarded(robot, dead_man=True)
    assert driver.arm().message.startswith("DEAD_MAN")
    go2_server.say("remote", "R2")
    let_run(robot, 0.5)
    driver.tick(None)
    assert driver.arm()
    go2_server.say("remote", "off")
    let_run(robot, 0.5)
    driver.tick(None)
    assert (driver.state, driver.reason) == (State.HOLD, Reason.REMOTE_LOST)
    driver.tick(None)
    assert driver.arm().message.startswith("REMOTE_LOST")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("battery", 0.05, 29.0), Reason.BATTERY),
        (("heat", 3, 95), Reason.MOTOR_HEAT),
        (("feel", "nan"), Reason.BAD_OBSERVATION),
    ],
)
def test_what_the_robot_tells_of_itself_holds_it(robot, go2_server, words, reason):
    driver = guarded(robot)
    assert driver.arm()
    go2_server.say(*words)
    let_run(robot, 0.5)
    driver.tick(None)
    assert (driver.state, driver.reason) == (State.HOLD, reason)
    driver.tick(None)
    assert not driver.arm()


def test_a_stop_through_the_guard_damps_the_robot(robot, go2_server):
    driver = guarded(robot)
    driver.stop()
    driver.tick(None)
    assert robot.stopped == Reason.ESTOP
    wait(lambda: go2_server.report()["damps"], robot)
    assert driver.recover()


def test_a_robot_that_says_nothing_more_is_lost_and_comes_back_as_it_was(open_go2, go2_server):
    with open_go2(lost_after=1.0) as robot:
        go2_server.say("mute", 4)

        def is_lost():
            try:
                robot.observe()
            except NotConnected as error:
                assert "no message for" in str(error) and "'lo'" in str(error)
                return True
            return False

        wait(is_lost, robot)
        wait(lambda: not is_lost(), robot)
