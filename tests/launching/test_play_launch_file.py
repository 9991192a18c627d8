"""What launch/play.launch.xml comes to."""

from pathlib import Path

import pytest

from robot_meta.errors import LaunchError
from robot_meta.launching.evaluator import resolve

FILE = Path(__file__).parents[2] / "launch/play.launch.xml"


@pytest.fixture(autouse=True)
def no_ros(monkeypatch):
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)


def parameters(**arguments):
    """What the launch file itself sets, by node."""
    made = resolve(FILE, arguments).processes
    return {process.node.name: process.node.parameters[-1] for process in made}


def test_a_person_takes_the_place_of_controller_and_task_and_can_record():
    processes = resolve(FILE, {}).processes
    assert [p.node.name for p in processes] == ["robot", "teleop", "episodes"]
    required = {p.node.name for p in processes if p.required}
    assert required == {"robot", "teleop"}
    made = parameters()
    assert made["robot"]["wait_for"] == ["teleop", "episodes"]
    assert made["episodes"]["store"] == "out/store"
    assert made["teleop"]["device"] == "keyboard"


def test_a_real_arm_waits_to_be_armed_and_goes_at_a_fifth_of_its_speed(beginning):
    backend, moves_at_once, speed = beginning
    made = parameters(backend=backend, robot_ip="172.16.0.2")
    assert made["robot"]["arm_on_start"] is moves_at_once
    assert made["robot"]["speed_scale"] == made["teleop"]["speed_scale"] == speed


def test_the_twin_has_a_desk_to_play_at_and_a_real_arm_what_is_there():
    made = parameters(page="true")
    assert {made[name]["scene"] for name in ("robot", "episodes", "web")} == {"desk"}
    for name in ("robot", "teleop"):
        assert made[name]["cell"].endswith("config/desk_cell.yaml")
    assert parameters(scene="table")["robot"]["scene"] == "table"
    assert parameters(backend="fake")["robot"]["scene"] == "table"
    real = parameters(backend="franka", robot_ip="172.16.0.2")["robot"]
    assert real["scene"] == "table" and real["cell"].endswith("config/cell.yaml")


def test_every_argument_of_the_arm_holds_here_too():
    made = parameters(
        device="pose", robot="fr3", cell="mine.yaml", store="", view="true", camera="twin",
        record="runs/1", namespace="left",
    )  # fmt: skip
    assert set(made) == {
        "robot", "teleop", "recorder", "view", "camera", "objects", "frames",
    }  # fmt: skip
    assert made["teleop"]["device"] == "pose"
    assert made["robot"]["cell"] == made["teleop"]["cell"] == "mine.yaml"
    nodes = [p.node for p in resolve(FILE, {"namespace": "left"}).processes]
    assert {node.namespace for node in nodes} == {"/left"}


def test_episodes_know_who_plays_and_at_what(monkeypatch):
    monkeypatch.setenv("USER", "ada")
    made = parameters(task="drawer")["episodes"]
    assert (made["who"], made["task"]) == ("ada", "drawer")
    assert parameters(who="grace")["episodes"]["who"] == "grace"
    monkeypatch.delenv("USER")
    assert parameters()["episodes"]["who"] == ""


@pytest.mark.parametrize(("backend", "scene"), [("twin", "desk"), ("franka", "table")])
def test_there_is_a_desk_before_the_twin_and_the_cell_of_a_real_arm_is_its_own(backend, scene):
    made = parameters(backend=backend, robot_ip="172.16.0.2")
    assert made["robot"]["scene"] == scene
    assert made["teleop"]["cell"] == made["robot"]["cell"]
    assert made["robot"]["cell"].endswith("desk_cell.yaml") == (scene == "desk")


@pytest.mark.parametrize(("camera", "scene"), [("twin", "desk"), ("realsense", "table")])
def test_frames_are_of_the_desk_whose_pictures_are_seen(camera, scene):
    made = parameters(camera=camera, desk_seed="4")
    for name in ("frames", "objects"):
        assert (made[name]["scene"], made[name]["desk_seed"]) == (scene, 4)


def test_another_device_is_refused_with_those_there_are():
    with pytest.raises(LaunchError, match="'device' must be one of .*pose"):
        parameters(device="joystick")
