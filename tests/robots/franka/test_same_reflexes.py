"""The twin with `limits:=enforce` and a server that enforces them name the same violations."""

import importlib.util
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from robot_meta.robots.description import arm_description
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.types import Reference

FR3 = arm_description("fr3")
RAW_CLIENT = Path(__file__).with_name("raw_client.py")
SIM_PYTHON = Path(__file__).parents[3] / ".venv-franka-sim" / "bin" / "python"


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


raw = loaded(RAW_CLIENT)
MOTIONS = list(raw.MOTIONS.items())


def references(robot, name):
    """The motion `name` of the raw client as references of one period each."""
    spec = robot.spec
    start, offsets = robot.observe().position, raw.offsets(name)
    position = np.tile(spec.home, (len(offsets), 1))
    position[:, raw.JOINT] += offsets
    assert np.abs(start - spec.home).max() < 1e-3
    velocity = np.gradient(position, spec.reference_dt, axis=0)
    n = spec.samples_per_tick
    for k in range(0, len(position), n):
        yield Reference(
            stamp=robot.observe().stamp, position=position[k : k + n], velocity=velocity[k : k + n]
        )


def drive(robot, name):
    for reference in references(robot, name):
        robot.command(reference)
        robot.step()


@pytest.fixture
def twin():
    with MujocoRobot(FR3, TwinConfig(limits="enforce")) as robot:
        yield robot


@pytest.mark.sim
@pytest.mark.parametrize(("name", "error"), MOTIONS)
def test_the_twin_names_the_limit_that_a_motion_breaks(twin, name, error):
    drive(twin, name)
    assert twin.stopped == error


@pytest.mark.sim
@pytest.mark.parametrize(("name", "error"), [motion for motion in MOTIONS if motion[1]])
def test_in_reflex_the_twin_stops_and_moves_only_after_recovery(twin, name, error):
    drive(twin, name)
    held = twin.snapshot().reference
    for _ in range(25):
        twin.command(next(references_here(twin, 50.0)))
        twin.step()
    np.testing.assert_array_equal(twin.snapshot().reference, held)
    assert np.abs(twin.observe().velocity).max() < 0.03
    assert np.abs(twin.observe().position - held).max() < 0.012
    assert twin.recover()
    assert twin.stopped == ""
    twin.step()
    for reference in references_here(twin, 0.5):
        twin.command(reference)
        twin.step()
    assert twin.stopped == ""


def references_here(robot, distance):
    """One smooth period from where the reference stands, `distance` [mrad] on at its end."""
    spec, n = robot.spec, robot.spec.samples_per_tick
    ease = np.arange(1, n + 1)[:, None] / n
    start = robot.snapshot().reference
    yield Reference(
        stamp=robot.observe().stamp,
        position=start + distance * 1e-3 * ease**3,
        velocity=np.zeros((n, spec.num_joints)),
    )


@pytest.mark.sim
def test_a_twin_that_ignores_limits_follows_everything():
    with MujocoRobot(FR3) as robot:
        drive(robot, "position jump")
        assert robot.stopped == ""


def on_server(name):
    done = subprocess.run(
        [SIM_PYTHON, RAW_CLIENT, name],
        env={"PATH": "/usr/bin:/bin"},  # nothing of this environment
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture
def server(franka_servers):
    franka_servers.use("franka-sim")


@pytest.mark.franka
@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(("name", "error"), [*MOTIONS, ("torque rate", raw.TORQUE_RATE)])
def test_the_server_names_it_alike_and_stands_still_until_recovery(name, error):
    outcome = on_server(name)
    assert outcome["reflex"] == bool(error), outcome
    assert error in outcome["text"]
    assert outcome["moved"] < 0.01
    assert outcome["recovered"]
