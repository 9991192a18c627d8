"""The adversaries of the guard's own tests, live: whatever they command, the arm has no reflex."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from robot_meta.benchmarks.franka.home import bring_home, wait_until
from robot_meta.benchmarks.franka.judge import judge_of, worst
from robot_meta.benchmarks.guard.adversary import Adversary, Trouble
from robot_meta.robots.description import arm_description
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.safety.state import LATCHED, State
from robot_meta.twin.collision import SelfCollision

pytestmark = [pytest.mark.franka, pytest.mark.sim]

ARM = arm_description("fr3", speed=0.25)
PERIODS = 20  # of each stream
ROAM = 0.3  # a stream begins no further from home: the server has its own idea of self-collision
REAL = Trouble(measurement=0.0)  # what is measured comes from the server here
PATIENT = GuardConfig(max_gap=20.0, max_repeats=1000)  # of a busy machine, not of commands
CLOSE = SelfCollision(ARM)


class Recorded:
    """A robot, and what it was sent, in pieces that recoveries part."""

    def __init__(self, robot):
        self._robot, self.pieces = robot, [[]]

    def __getattr__(self, name):
        return getattr(self._robot, name)

    def command(self, reference):
        begin, piece = reference.first, self.pieces[-1]
        if begin:  # a stop in the midst of a period revises the rest of it
            piece[-1] = np.concatenate([piece[-1][:begin], reference.position[begin:]])
        else:
            piece.append(reference.position)
        self._robot.command(reference)


def play(robot, adversary):
    """One stream; its samples (t, J), anew after a recovery, and how often each rule counted."""
    robot = Recorded(robot)
    guarded = GuardedRobot(robot, Guard(robot.spec, ARM.chain, PATIENT, CLOSE))
    goal = robot.observe().stamp
    tick = guarded.tick(None, goal)
    assert guarded.arm()
    for _ in range(PERIODS):
        command = adversary.answer(tick.observation.stamp, tick.commanded)
        stopped = guarded.state in LATCHED
        adversary.meddle(guarded)
        if stopped and guarded.state not in LATCHED:  # it goes on where the arm stands
            robot.pieces.append([])
        goal = max(goal, robot.observe().stamp - robot.spec.control_dt) + robot.spec.control_dt
        wait_until(robot, goal)
        tick = guarded.tick(command, goal)
        assert not robot.stopped.islower(), robot.stopped
    while not guarded.guard.at_rest or guarded.state is State.RUNNING:
        guarded.hold()
        goal += robot.spec.control_dt
        wait_until(robot, goal)
        guarded.tick(None, goal)
    if guarded.state in LATCHED:
        assert guarded.recover()
    return [np.concatenate(piece) for piece in robot.pieces if piece], guarded.guard.counts


@pytest.mark.parametrize(
    "streams", [30, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(1500)])]
)
def test_no_stream_ends_in_a_reflex_and_none_leaves_a_limit(open_franka, streams):
    counts, travelled = Counter(), []
    with open_franka() as robot:
        limits = robot.spec.limits
        robot.spec = dataclasses.replace(
            robot.spec, limits=dataclasses.replace(limits, velocity=ARM.spec.limits.velocity)
        )
        judge = judge_of(dataclasses.replace(ARM, spec=robot.spec))
        for seed in range(streams):
            if np.abs(robot.observe().position - ARM.spec.home).max() > ROAM or seed == 0:
                bring_home(robot, ARM.chain, near=0.05)
            rng = np.random.default_rng(seed)
            adversary = Adversary(robot.spec, ARM.chain, rng, robot="follows", trouble=REAL)
            pieces, counted = play(robot, adversary)
            for piece in pieces:
                broken = judge.violations(piece)
                assert not broken, f"stream {seed}: {worst(broken)}"
            counts.update(counted)
            travelled.append(np.ptp(np.concatenate(pieces), axis=0).max())
    assert np.mean(travelled) > 0.02  # [rad]; some hold at once, as they should
    assert {"NOT_FINITE", "JUMP", "NO_COMMAND", "ACCELERATION"} <= set(counts)
