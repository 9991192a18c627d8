"""A server whose arm moves as its time passes, and whose payload has weight."""

from pathlib import Path

import numpy as np
import pytest

from robot_meta.benchmarks.franka.home import bring_home, wait_until
from robot_meta.benchmarks.franka.model import write_model
from robot_meta.benchmarks.franka.server import PYTHON, ProtocolServer, one_clock
from robot_meta.robots.description import arm_description
from robot_meta.robots.franka.config import FrankaConfig
from robot_meta.robots.franka.driver import FrankaRobot
from robot_meta.types import Reference

pytestmark = [pytest.mark.franka, pytest.mark.sim]

ROOT = Path(__file__).parents[3]
ARM = arm_description("fr3")
PATIENT = FrankaConfig(watchdog=20.0, lost_after=20.0, connect_timeout=60.0)
SHOULDER = 1  # the joint that carries most of a load


@pytest.fixture
def server(franka_servers, tmp_path):
    franka_servers.stop()
    franka_servers.require(str(ROOT / PYTHON), "make setup-franka-sim")
    model = write_model(ARM, tmp_path / "arm.xml")
    with ProtocolServer(one_clock(ROOT / PYTHON, model), tmp_path / "log") as running:
        yield running


def torques_after(robot, seconds):
    wait_until(robot, robot.observe().stamp + seconds)
    return robot.observe().torque


def test_a_payload_pulls_and_a_weak_joint_gives_way(server):
    with FrankaRobot(ARM, "127.0.0.1", PATIENT) as robot:
        bring_home(robot, ARM.chain)
        assert np.abs(torques_after(robot, 0.2)).max() < 0.5
        server.change({"payload_mass": 2.0, "payload_offset": [0.05, 0.0, 0.0]})
        loaded = torques_after(robot, 1.0)
        assert abs(loaded[SHOULDER]) > 5.0  # [Nm]; friction carries some
        before = robot.observe().position
        server.change({"joint_gain": [1.0, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0]})
        torques_after(robot, 1.0)
        gave_way = robot.observe().position - before
        assert np.abs(gave_way).argmax() == SHOULDER
        assert np.abs(gave_way).max() > 0.02


def test_the_arm_moves_as_far_as_its_velocity_and_its_time_say(server):
    with FrankaRobot(ARM, "127.0.0.1", PATIENT) as robot:
        bring_home(robot, ARM.chain)
        samples, spec = [], robot.spec
        position, goal = robot.observe().position, robot.observe().stamp
        for tick in range(40):
            speed = 0.2 * np.sin(np.pi * np.linspace(tick, tick + 1, spec.samples_per_tick) / 40)
            path = position[None, :].repeat(spec.samples_per_tick, axis=0)
            path[:, 0] += np.cumsum(speed) * spec.reference_dt
            velocity = np.zeros_like(path)
            velocity[:, 0] = speed
            robot.command(Reference(stamp=goal, position=path, velocity=velocity))
            position, goal = path[-1], goal + spec.control_dt
            wait_until(robot, goal)
            samples.append(robot.observe())
        told = np.array([(o.stamp, o.position[0], o.velocity[0]) for o in samples])
        went = told[-1, 1] - told[0, 1]
        summed = np.trapezoid(told[:, 2], told[:, 0])
        assert went > 0.05
        assert summed == pytest.approx(went, rel=0.02)
