"""What keeps a Go2 from being driven, each in one line that says what to do."""

import pytest

from robot_meta.benchmarks.domains import own_domain
from robot_meta.errors import (
    MissingAsset,
    NotConnected,
    RobotNotReady,
    RobotUnreachable,
    UnsupportedRobot,
)
from robot_meta.robots.description import legged_description
from robot_meta.robots.go2 import sdk
from robot_meta.robots.go2.config import Go2Config
from robot_meta.robots.go2.driver import Go2Robot
from robot_meta.robots.go2.state import require_model

GO2 = legged_description("go2")


def one_line(caught, *words):
    text = str(caught.value)
    assert "\n" not in text and all(word in text for word in words), text


@pytest.mark.go2
def test_an_interface_that_is_not_there_is_named_beside_those_that_are(go2_server):
    with pytest.raises(NotConnected) as caught:
        Go2Robot(GO2, Go2Config(interface="eth77"))
    one_line(caught, "eth77", "'lo'", "go2.interface")


@pytest.mark.go2
def test_where_no_robot_is_it_says_where_it_listened(go2_server):
    with own_domain() as empty, pytest.raises(RobotUnreachable) as caught:
        Go2Robot(GO2, Go2Config(interface="lo", domain=empty, connect_timeout=3.0))
    one_line(caught, "rt/lowstate", "'lo'", "is the robot on", "192.168.123.x")


@pytest.mark.go2
def test_a_robot_whose_motion_service_was_released_does_not_walk(open_go2, go2_server):
    go2_server.say("service")
    try:
        with pytest.raises(RobotNotReady) as caught:
            open_go2()
        one_line(caught, "no motion service runs", "released")
    finally:
        go2_server.say("service", "normal")


def test_a_library_that_is_not_installed_is_asked_for_by_its_command(monkeypatch):
    monkeypatch.setattr(sdk.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingAsset, match="make setup-go2"):
        Go2Robot(GO2, Go2Config(interface="lo"))


def test_joints_in_another_order_are_another_robot():
    stand = GO2.spec.stand
    require_model(stand, GO2.spec)
    by_kind = stand.reshape(4, 3).T.reshape(-1)  # all hips, all thighs, all calves
    with pytest.raises(UnsupportedRobot) as caught:
        require_model(by_kind, GO2.spec)
    one_line(caught, "FR_calf_joint", "another order")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"level": "middle"}, "level"),
        ({"dead_man": "R9"}, "dead_man"),
        ({"level": "low"}, "pose_source"),
        ({"domain": 300}, "domain"),
        ({"silence": 0.0}, "silence"),
    ],
)
def test_a_wrong_setting_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        Go2Config(**wrong)
