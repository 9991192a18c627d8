"""A stop in the midst of a period: braking begins there, inside every limit, or not at all."""

import numpy as np
import pytest

from robot_meta.benchmarks.guard.adversary import NO_TROUBLE, Adversary
from robot_meta.benchmarks.guard.arena import FR3, arenas
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.early import AHEAD, SHORTEST
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.twin.collision import SelfCollision
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.types import Observation

SPEC = FR3.spec
T, N, DT = SPEC.control_dt, SPEC.samples_per_tick, SPEC.reference_dt
ARENAS = arenas()


def seen(stamp, position):
    zero = np.zeros(7)
    return Observation(
        stamp=stamp, position=position, velocity=zero, torque=zero, external_torque=zero
    )


def stopped(place, seed, *, early=True):
    """A random stream that is stopped at a random instant, until it rests.

    Returns:
        Samples (t, J), [rad]; index of the first that early braking could change, 0 for none;
        the sample at which the stop came.
    """
    lab, rng = ARENAS[place], np.random.default_rng(seed)
    adversary = Adversary(SPEC, FR3.chain, rng, trouble=NO_TROUBLE, robot="follows")
    guard = Guard(lab.arm.spec, FR3.chain, lab.config, lab.clearance)
    position = lab.starts[seed % len(lab.starts)]
    guard.start(seen(0.0, position))
    assert guard.arm()
    periods, instant = int(rng.integers(3, 25)), int(rng.integers(N))
    samples, command, first = [position[None]], None, 0
    for k in range(periods):
        reference, commanded = guard.tick(seen(k * T, position), command)
        samples.append(reference.position)
        command, position = adversary.answer(k * T, commanded), commanded.position[1]
    guard.stop()
    came = 1 + (periods - 1) * N + instant
    braked = guard.brake_early((periods - 1) * T + instant * DT) if early else None
    if braked is not None:
        reference, commanded = braked
        first = 1 + (periods - 1) * N + reference.first
        np.testing.assert_array_equal(
            reference.position[: reference.first], samples[-1][: reference.first]
        )
        samples[-1], position = reference.position, commanded.position[1]
    while not guard.at_rest:
        reference, commanded = guard.tick(seen(periods * T, position), None)
        samples.append(reference.position)
        position, periods = commanded.position[1], periods + 1
    return np.concatenate(samples), first, came


@pytest.mark.parametrize("place", sorted(ARENAS))
def test_no_sample_leaves_any_limit_wherever_the_stop_comes(place):
    changed = 0
    for seed in range(30):
        stream, first, _ = stopped(place, seed)
        assert ARENAS[place].judge.violations(stream) == [], seed
        changed += first > 0
    assert changed > 5


def test_joints_brake_at_once_go_less_far_and_none_turns_around():
    for seed in range(30):
        stream, first, came = stopped("calm", seed)
        if not first:
            continue
        usual, _, _ = stopped("calm", seed, early=False)
        longest = max(len(stream), len(usual))
        stream, usual = (
            np.pad(s, [(0, longest - len(s)), (0, 0)], "edge") for s in (stream, usual)
        )
        assert AHEAD / DT <= first - came <= AHEAD / DT + 1
        np.testing.assert_array_equal(stream[:first], usual[:first])
        at = stream[first - 1]
        gone, would = stream[first:] - at, usual[first:] - at
        low, high = would.min(axis=0).clip(None, 0.0), would.max(axis=0).clip(0.0)
        inside = (gone >= low - 1e-12) & (gone <= high + 1e-12)
        assert inside.all(), seed
        assert np.abs(gone[-1]).sum() < np.abs(would[-1]).sum()


def test_too_late_in_the_period_nothing_changes(make_bench):
    bench = make_bench().run()
    bench.guard.hold()
    begin = (bench.k - 1) * T
    assert bench.guard.brake_early(begin + T - AHEAD - SHORTEST + 0.5 * DT) is None
    bench = make_bench().run()
    bench.guard.hold()
    assert bench.guard.brake_early(begin + T - AHEAD - SHORTEST) is not None
    assert bench.guard.brake_early(begin) is None  # once only


def test_a_robot_that_runs_is_not_slowed(make_bench):
    bench = make_bench().run()
    assert bench.guard.brake_early((bench.k - 1) * T) is None


@pytest.mark.sim
@pytest.mark.parametrize("instant", [0, 7, 12])
def test_the_arm_that_enforces_its_limits_follows_without_a_reflex_and_stops_sooner(instant):
    ends = {}
    for early in (True, False):
        robot = MujocoRobot(FR3, TwinConfig(limits="enforce"))
        guard = Guard(SPEC, FR3.chain, GuardConfig(), SelfCollision(FR3))
        guarded = GuardedRobot(robot, guard)
        adversary = Adversary(
            SPEC, FR3.chain, np.random.default_rng(3), push="tool", trouble=NO_TROUBLE
        )
        assert guarded.arm()
        command = None
        for _ in range(20):
            tick = guarded.tick(command)
            command = adversary.answer(tick.observation.stamp, tick.commanded)
            robot.step()
        tick = guarded.tick(command)
        robot.advance(instant)
        robot.measure()
        (guarded.stop if early else guard.stop)()
        robot.advance(N - instant)
        robot.measure()
        tick = guarded.tick(None)
        assert (tick.braked is not None) == early
        if early:
            assert tick.braked.reason == "ESTOP"
            assert tick.braked.stamp == pytest.approx(
                tick.observation.stamp - T + (instant + round(AHEAD / DT)) * DT
            )
            np.testing.assert_array_equal(tick.braked.velocity[1], tick.commanded.velocity[0])
        for _ in range(40):
            robot.step()
            guarded.tick(None)
        assert robot.stopped == "ESTOP"  # by the guard, at rest; no reflex before
        ends[early] = np.abs(robot.observe().position - tick.observation.position).max()
    assert ends[True] < ends[False]
