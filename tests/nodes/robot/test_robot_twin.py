"""The robot node with the twin: a body changed live, and lockstep bit for bit."""

import signal

import numpy as np
import pytest

pytest.importorskip("rclpy")

from robot_meta.collection.decoding import stamp_from  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402

pytestmark = pytest.mark.ros
SPEC = arm_description("fr3").spec


@pytest.mark.sim
def test_a_perturbation_set_live_changes_the_body(start_robot, processes):
    robot = start_robot(backend="twin")
    robot.wait_for_state("HOLD")
    robot.spin(0.5)
    before = np.array(robot.joint_states[-1].position)
    set_it = "import sys; from robot_meta.nodes.twin_client import main; sys.exit(main())"
    command = processes.python("-c", set_it, "set", "payload_mass", "3", name="set")
    robot.spin_until(lambda: command.poll() is not None, "the twin command")
    assert command.returncode == 0, command.log.read_text()
    robot.spin(1.0)
    after = np.array(robot.joint_states[-1].position)
    assert np.abs(after - before).max() > 0.01

    refused = robot.set("twin.perturbations.payload_mass", -1.0)
    assert not refused.successful and "payload_mass" in refused.reason
    wrong = processes.python("-c", set_it, "set", "payload_mas", "3", name="wrong")
    robot.spin_until(lambda: wrong.poll() is not None, "the wrong twin command")
    text = wrong.log.read_text()
    assert wrong.returncode != 0 and "did you mean 'payload_mass'" in text


def lockstep_run(start_robot, ticks):
    robot = start_robot(
        backend="twin",
        lockstep=True,
        arm_on_start=True,
        twin__seed=5,
        twin__schedule="0.5 payload_mass 2.0",
    )
    robot.spin_until(lambda: robot.joint_states and robot.commanded, "the first state")
    commander = robot.command_with("sine")
    robot.spin_until(
        lambda: min(len(robot.commanded), len(robot.joint_states)) > ticks + 20, "ticks"
    )
    for process in (commander, robot.process):
        process.send_signal(signal.SIGINT)
        process.wait(timeout=120)
    states = {}
    for msg in robot.joint_states:
        states[stamp_from(msg.header.stamp)] = [*msg.position, *msg.velocity, *msg.effort]
    commanded = {c.stamp: c for c in robot.sent()}
    stamps = [k * 20 / 1000 for k in range(ticks)]
    return (
        np.array([states[s] for s in stamps]),
        np.array([commanded[s].position for s in stamps]),
        [commanded[s].reason for s in stamps],
    )


@pytest.mark.sim
def test_two_lockstep_runs_with_one_seed_are_equal_bit_for_bit(start_robot):
    first = lockstep_run(start_robot, 120)
    second = lockstep_run(start_robot, 120)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert np.abs(first[1][-1, 1] - SPEC.home).max() > 1e-3


@pytest.mark.sim
def test_lockstep_over_topics_is_lockstep_in_one_process_bit_for_bit(start_robot):
    from robot_meta.benchmarks.guard.commander import swing
    from robot_meta.collection.lockstep import lockstep
    from robot_meta.robots.guarded import GuardedRobot
    from robot_meta.safety.guard import Guard, GuardConfig
    from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
    from robot_meta.twin.perturbations import ScheduledChange

    over_topics = lockstep_run(start_robot, 120)
    description = arm_description("fr3")
    change = ScheduledChange(stamp=0.5, name="payload_mass", value=2.0)
    twin = MujocoRobot(description, TwinConfig(seed=5, schedule=(change,)))
    guarded = GuardedRobot(twin, Guard(description.spec, description.chain, GuardConfig()))
    guarded.arm()
    here = list(lockstep(guarded, lambda observation, commanded: swing(commanded), 120))
    np.testing.assert_array_equal(
        over_topics[1], np.array([tick.commanded.position for tick in here])
    )
    np.testing.assert_array_equal(
        over_topics[0][:, :7], np.array([tick.observation.position for tick in here])
    )
