"""What launch/legged.launch.xml comes to, beside launch/arm.launch.xml."""

from pathlib import Path

import pytest

from robot_meta.errors import LaunchError
from robot_meta.launching.evaluator import resolve

FOLDER = Path(__file__).parents[2] / "launch"
LEGS, ARM = FOLDER / "legged.launch.xml", FOLDER / "arm.launch.xml"


@pytest.fixture(autouse=True)
def no_ros(monkeypatch):
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)


def nodes(file, **arguments):
    return {process.node.name: process for process in resolve(file, arguments).processes}


def test_it_runs_the_nodes_of_the_arm_with_another_robot():
    asked = {
        "record": "x", "store": "y", "view": "true", "page": "true", "lockstep": "true",
        "adapt": "false",
    }  # fmt: skip
    legs, arm = nodes(LEGS, **asked), nodes(ARM, **asked)
    assert list(legs) == list(arm)
    for name, process in legs.items():
        assert process.node.executable == arm[name].node.executable
        assert process.required == arm[name].required
        own, others = process.node.parameters[-1], arm[name].node.parameters[-1]
        assert set(own) - {"interface"} <= set(others)
        changed = {key for key in own if own[key] != others.get(key, "")}
        assert changed <= {"robot", "path"}, name


@pytest.mark.parametrize("target", ["line", "square", "figure_eight", "pose", "hold"])
def test_the_path_reaches_the_task(target):
    assert nodes(LEGS, target=target)["task"].node.parameters[-1]["path"] == target


def test_robot_and_brain_may_run_on_two_machines():
    assert list(nodes(LEGS, machine="robot")) == ["robot"]
    assert list(nodes(LEGS, machine="brain")) == ["controller", "task"]


@pytest.mark.parametrize("device", ["gamepad", "spacemouse", "keyboard"])
def test_a_device_takes_the_place_of_controller_and_task(device):
    made = nodes(LEGS, device=device, device_path="/dev/input/event5", lockstep="true")
    assert list(made) == ["robot", "teleop"]
    own = made["teleop"].node.parameters[-1]
    assert (own["robot"], own["device"], own["device_path"]) == (
        "go2", device, "/dev/input/event5",
    )  # fmt: skip
    assert made["robot"].node.parameters[-1]["wait_for"] == ["teleop"]


def test_a_backend_of_an_arm_is_refused_with_those_there_are():
    with pytest.raises(LaunchError, match="must be one of twin, go2, cmd_vel"):
        nodes(LEGS, backend="franka")


def test_a_real_robot_is_slow_and_is_not_armed_and_is_told_where_it_is():
    robot = nodes(LEGS, backend="go2", interface="eth0")["robot"].node.parameters[-1]
    assert robot["speed_scale"] == 0.2 and robot["arm_on_start"] is False
    assert (robot["backend"], robot["interface"]) == ("go2", "eth0")


def test_episodes_of_walks_are_recorded_where_a_store_is_named():
    made = nodes(LEGS, device="keyboard", store="out/walks", who="ada", task="door")
    assert list(made) == ["robot", "teleop", "episodes"]
    own = made["episodes"].node.parameters[-1]
    assert (own["robot"], own["store"]) == ("go2", "out/walks")
    assert (own["who"], own["task"]) == ("ada", "door")
    assert made["robot"].node.parameters[-1]["wait_for"] == ["teleop", "episodes"]
