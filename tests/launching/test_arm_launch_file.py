"""What launch/arm.launch.xml comes to."""

import re
from pathlib import Path

import pytest

from robot_meta.errors import LaunchError
from robot_meta.launching import packages
from robot_meta.launching.evaluator import resolve
from robot_meta.perception.frames import TOOL, load_frames

FILE = Path(__file__).parents[2] / "launch/arm.launch.xml"


@pytest.fixture(autouse=True)
def no_ros(monkeypatch):
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)


def nodes(**arguments):
    return {process.node.name: process.node for process in resolve(FILE, arguments).processes}


def parameters(node):
    """What the launch file itself sets; the parameter file before it is weaker."""
    *files, own = node.parameters
    assert [type(file) for file in files] == [type(FILE)]
    return own


def test_robot_controller_and_task_run_in_the_twin_without_any_argument():
    made = nodes()
    assert list(made) == ["robot", "controller", "task"]
    assert parameters(made["robot"])["backend"] == "twin"
    assert [node.full_name for node in made.values()] == ["/robot", "/controller", "/task"]


def test_the_nodes_that_move_the_arm_are_required_and_the_recorder_is_not():
    required = {p.node.name: p.required for p in resolve(FILE, {"record": "x"}).processes}
    assert required == {"robot": True, "controller": True, "task": True, "recorder": False}


def test_backend_changes_the_robot_and_the_common_speed_and_nothing_else(beginning):
    backend, moves_at_once, speed = beginning
    made, usual = nodes(backend=backend), nodes()
    changed = {
        "backend": backend, "arm_on_start": moves_at_once, "speed_scale": speed,
    }  # fmt: skip
    assert parameters(made["robot"]) == {**parameters(usual["robot"]), **changed}
    assert parameters(made["controller"]) == {
        **parameters(usual["controller"]), "speed_scale": speed,
    }  # fmt: skip
    assert made["task"] == usual["task"]


def test_another_backend_is_refused_with_those_there_are():
    with pytest.raises(LaunchError, match="must be one of twin, fake, franka, ros2_control"):
        nodes(backend="gazebo")


def test_namespace_holds_for_every_node():
    made = nodes(namespace="left", record="x", view="true")
    assert {node.namespace for node in made.values()} == {"/left"}


def test_every_argument_reaches_its_node():
    made = nodes(
        robot_ip="172.16.0.2", robot="fr3", adapt="false", target="hold", record="runs/1",
        view="true", view_port="9000", page="true", page_port="9001", lockstep="true",
        log_level="debug", cell="mine.yaml",
    )  # fmt: skip
    for name in ("robot", "controller", "task"):
        assert parameters(made[name])["cell"] == "mine.yaml"
    assert parameters(made["robot"])["robot_ip"] == "172.16.0.2"
    assert parameters(made["controller"])["adapt"] is False
    assert parameters(made["task"])["path"] == "hold"
    assert parameters(made["recorder"])["folder"] == "runs/1"
    assert parameters(made["view"])["port"] == 9000
    assert parameters(made["web"])["port"] == 9001
    for name in ("robot", "controller"):
        assert parameters(made[name])["lockstep"] is True
    assert all(parameters(node)["use_sim_time"] is True for node in made.values())
    commands = [p.command for p in resolve(FILE, {"log_level": "debug"}).processes]
    assert all(command[-2:] == ("--log-level", "debug") for command in commands)


def test_a_desk_brings_its_own_cell_unless_another_is_given():
    usual, desk = nodes(), nodes(scene="desk", desk_seed="7", store="x")
    assert parameters(usual["robot"])["cell"].endswith("config/cell.yaml")
    assert parameters(usual["robot"])["scene"] == "table"
    for name in ("robot", "controller", "task"):
        assert parameters(desk[name])["cell"].endswith("config/desk_cell.yaml")
    assert parameters(desk["robot"])["scene"] == "desk"
    assert parameters(desk["robot"])["desk_seed"] == 7
    kept = parameters(desk["episodes"])
    assert (kept["scene"], kept["desk_seed"]) == ("desk", 7)
    mine = nodes(scene="desk", cell="mine.yaml")
    assert parameters(mine["robot"])["cell"] == "mine.yaml"


def test_a_camera_brings_what_makes_sense_of_its_pictures_and_delays_nobody():
    made = nodes(camera="twin", namespace="left", frames_file="mine.yaml")
    assert list(made) == ["robot", "controller", "task", "camera", "objects", "frames"]
    assert {node.namespace for node in made.values()} == {"/left"}
    assert parameters(made["camera"])["source"] == "twin"
    assert {parameters(made[name])["frames_file"] for name in ("camera", "objects", "frames")} == {
        "mine.yaml"
    }
    assert parameters(nodes(camera="realsense")["camera"])["source"] == "realsense"
    required = {p.node.name for p in resolve(FILE, {"camera": "twin"}).processes if p.required}
    assert required == {"robot", "controller", "task"}
    assert parameters(made["robot"])["wait_for"] == ["controller", "task"]


def test_a_second_camera_is_on_the_hand_under_a_name_of_its_own():
    made = nodes(wrist_camera="twin", scene="desk", desk_seed="7", view="true")
    assert list(made) == ["robot", "controller", "task", "view", "wrist_camera", "frames"]
    for name in ("view", "wrist_camera"):
        seen = parameters(made[name])
        assert (seen["scene"], seen["desk_seed"]) == ("desk", 7)
    wrist = parameters(made["wrist_camera"])
    assert (wrist["camera_name"], wrist["source"]) == ("wrist_camera", "twin")
    tree = load_frames(Path(wrist["frames_file"]))
    assert tree.place(wrist["frame"])[0] == TOOL
    usual = parameters(nodes(wrist_camera="realsense")["wrist_camera"])
    assert load_frames(Path(usual["frames_file"])).place(usual["frame"])[0] == TOOL
    assert "wrist_camera" in nodes(wrist_camera="twin", camera="twin")


@pytest.mark.parametrize(
    ("cameras", "filmed"),
    [
        ({"camera": "twin"}, ["camera"]),
        ({"wrist_camera": "twin"}, ["wrist_camera"]),
        ({"camera": "twin", "wrist_camera": "realsense"}, ["camera", "wrist_camera"]),
    ],
)
def test_episodes_are_filmed_by_the_cameras_there_are(cameras, filmed):
    made = nodes(store="x", video="true", **cameras)
    assert parameters(made["video"])["cameras"] == filmed
    assert parameters(made["video"])["store"] == "x"
    assert "video" not in nodes(store="x", **cameras)


def test_in_lockstep_time_waits_for_all_that_take_part():
    assert parameters(nodes()["robot"])["wait_for"] == ["controller", "task"]
    made = nodes(record="x")
    assert parameters(made["robot"])["wait_for"] == ["controller", "task", "recorder"]


def test_a_file_with_parameters_replaces_the_usual_one(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("/**/controller:\n  ros__parameters: {seed: 3}\n")
    made = nodes(params_file=str(own))
    assert {node.parameters[0] for node in made.values()} == {own}
    usual = FILE.parents[1] / "config/arm.yaml"
    assert {node.parameters[0] for node in nodes().values()} == {usual}


def test_nodes_found_in_the_source_tree_are_those_that_get_installed():
    text = (FILE.parents[1] / "setup.py").read_text()
    installed = dict(re.findall(r'"(\w+) = (robot_meta\.nodes\.\w+:main)"', text))
    assert packages.entry_points("robot_meta") == installed
