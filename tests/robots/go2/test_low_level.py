"""Motor commands from a walking policy, and whatever may become of them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from robot_meta.errors import BadModelFile, RobotBusy
from robot_meta.legged_types import VelocityReference
from robot_meta.robots.description import legged_description
from robot_meta.safety.reasons import Reason
from robot_meta.twin.assets import go2_policy_path

pytestmark = pytest.mark.go2

PATIENCE_S = 90.0
SPEC = legged_description("go2").spec
RAW = Path(__file__).with_name("raw_commands.py")
LOW = {
    "level": "low",
    "pose_source": "legs",
    "policy": str(go2_policy_path()),
    "lowcmd_rate": 100.0,  # a busy machine has no room for 500
    "lowcmd_silence": 2.0,
    "silence": 5.0,
}


@pytest.fixture
def service(go2_server):
    """The motion service, which runs again afterwards."""
    go2_server.say("service", "normal")
    yield go2_server
    go2_server.say("service", "normal")


def wait(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def go(robot, velocity, seconds):
    end = robot.time + seconds
    while robot.time < end:
        robot.command(VelocityReference(stamp=robot.time, velocity=velocity))
        time.sleep(0.05)


def stand_up(robot, server):
    assert robot.recover()
    wait(lambda: server.report()["position"][2] > 0.27)
    go(robot, [0.0, 0.0, 0.0], 1.0)


def test_the_policy_walks_it_and_a_stalled_process_has_its_motors_damped(open_go2, service):
    with open_go2(**LOW) as robot:
        assert robot.stopped == Reason.LYING and service.report()["service"] == ""
        stand_up(robot, service)
        start = robot.observe().pose
        go(robot, [0.5, 0.0, 0.0], 3.0)
        assert ((robot.observe().pose - start)[:2] ** 2).sum() > 0.3**2
        report = service.report()
        assert report["refused"] == report["fights"] == 0
        assert (report["torque"] <= SPEC.torque_limit + 1e-6).all()

        process = robot._processes["process"].pid
        os.kill(process, signal.SIGSTOP)
        wait(lambda: robot.stopped)
        assert robot.stopped == Reason.WATCHDOG
        wait(lambda: service.report()["position"][2] < 0.2)  # it sinks, motors damped
        assert not service.report()["damps"]  # by commands, which the watchdog sends
        os.kill(process, signal.SIGCONT)
        time.sleep(1.0)
        assert robot.stopped == Reason.WATCHDOG
        assert service.report()["position"][2] < 0.2
        service.say("set_down")  # it may have sunk to one side
        time.sleep(1.0)
        stand_up(robot, service)
    wait(lambda: service.report()["position"][2] < 0.2)  # it lies down before it is let go


@pytest.mark.slow
def test_motors_that_nobody_commands_any_more_are_damped_by_the_robot_itself(open_go2, service):
    with open_go2(**LOW) as robot:
        stand_up(robot, service)
        for process in robot._processes.values():
            os.kill(process.pid, signal.SIGKILL)
        wait(lambda: service.report()["damps"])
        wait(lambda: service.report()["position"][2] < 0.2)


@pytest.mark.slow
def test_a_motion_service_that_does_not_let_go_is_busy(open_go2, service):
    service.say("stubborn", "on")
    try:
        with pytest.raises(RobotBusy, match=r"'normal' did not let go .* app, and try again"):
            open_go2(**{**LOW, "connect_timeout": 3.0})
    finally:
        service.say("stubborn", "off")


def test_a_policy_that_is_none_is_told_before_anything_moves(open_go2, service, tmp_path):
    before = service.report()["requests"].get("StandDown", 0)
    damaged = tmp_path / "policy.onnx"
    damaged.write_bytes(go2_policy_path().read_bytes()[:1000])
    for path in (damaged, tmp_path / "missing.onnx"):
        with pytest.raises(BadModelFile, match=path.name):
            open_go2(**{**LOW, "policy": str(path)})
    assert service.report()["requests"].get("StandDown", 0) == before
    assert service.report()["service"] == "normal"


def test_the_twin_refuses_what_the_robot_would(service):
    service.say("service")
    before = service.report()["refused"]
    command = [sys.executable, str(RAW), str(service.domain)]
    sent = int(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    assert sent - 4 <= service.report()["refused"] - before <= sent  # one may be overtaken
    assert service.report()["damps"]
