"""What launch/excite.launch.xml comes to."""

from pathlib import Path

import pytest

from robot_meta.launching.evaluator import resolve

FILE = Path(__file__).parents[2] / "launch/excite.launch.xml"


@pytest.fixture(autouse=True)
def no_ros(monkeypatch):
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)


def parameters(**arguments):
    """What the launch file itself sets, by node."""
    made = resolve(FILE, arguments).processes
    return {process.node.name: process.node.parameters[-1] for process in made}


def test_the_exciter_takes_the_place_of_controller_and_task_and_all_of_it_is_recorded():
    processes = resolve(FILE, {}).processes
    assert [p.node.name for p in processes] == ["robot", "exciter", "recorder"]
    assert all(p.required for p in processes), "no motion without a recording"


def test_a_real_arm_waits_to_be_armed_and_goes_at_a_fifth_of_its_speed(beginning):
    backend, moves_at_once, speed = beginning
    made = parameters(backend=backend, robot_ip="172.16.0.2")
    assert made["robot"]["arm_on_start"] is moves_at_once
    assert made["robot"]["speed_scale"] == made["exciter"]["speed_scale"] == speed


def test_every_argument_reaches_its_node():
    made = parameters(
        robot="fr3", cell="mine.yaml", duration="30", slow_time="2", growth_time="3", seed="4",
        record="runs/1", lockstep="true",
    )  # fmt: skip
    wanted = {"duration": 30.0, "slow_time": 2.0, "growth_time": 3.0}
    assert (
        wanted.items()
        <= {
            name.removeprefix("excitation."): value for name, value in made["exciter"].items()
        }.items()
    )
    assert made["exciter"]["seed"] == 4
    assert made["recorder"]["folder"] == "runs/1"
    assert made["robot"]["cell"] == made["exciter"]["cell"] == "mine.yaml"
    assert made["robot"]["lockstep"] is made["exciter"]["lockstep"] is True
    assert made["robot"]["wait_for"] == ["recorder"]
