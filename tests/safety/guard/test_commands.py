"""Commands, one at a time: what passes, what does not count, and silence."""

import dataclasses

import numpy as np
import pytest

from robot_meta.benchmarks.guard.arena import FR3
from robot_meta.reference import advance, velocity_step
from robot_meta.safety.guard import GuardConfig
from robot_meta.safety.reasons import Reason
from robot_meta.safety.state import State
from robot_meta.types import Command

SPEC = FR3.spec
T = FR3.spec.control_dt
HOME = FR3.spec.home
STEP = velocity_step(SPEC.limits, SPEC.control_dt)
SLOW = 0.3 * STEP
PERIODS = 5  # without a command before HOLD: 100 ms


def test_what_may_pass_is_sent_bit_for_bit(make_bench):
    bench, rng = make_bench(), np.random.default_rng(0)
    bench.tick()
    for _ in range(100):
        velocity = np.clip(bench.velocity + rng.uniform(-0.02, 0.02, 7), -0.1, 0.1)
        command = bench.ask(velocity)
        reference, commanded = bench.tick(command)
        assert not commanded.altered and commanded.reason == ""
        np.testing.assert_array_equal(commanded.velocity[1], command.velocity)
        np.testing.assert_array_equal(commanded.position[1], command.position)
        np.testing.assert_array_equal(reference.position[-1], command.position)
    assert bench.guard.altered_share == 0.0


def test_what_is_commanded_is_reported_with_its_start_and_its_end(make_bench):
    bench = make_bench().run()
    before = bench.position, bench.velocity
    _, commanded = bench.tick(bench.ask(2 * SLOW))
    np.testing.assert_array_equal(commanded.position[0], before[0])
    np.testing.assert_array_equal(commanded.velocity[0], before[1])


def test_too_large_a_change_is_cut_to_the_largest_and_named(make_bench):
    bench = make_bench()
    bench.tick()
    command = dataclasses.replace(bench.ask(STEP), velocity=np.full(7, 0.5) * np.eye(7)[6])
    command = dataclasses.replace(
        command, position=advance(bench.position, bench.velocity, command.velocity, T)
    )
    _, commanded = bench.tick(command)
    assert commanded.altered and commanded.reason == "ACCELERATION"
    assert commanded.velocity[1][6] == STEP[6]


def test_a_position_that_contradicts_its_velocity_is_approached_and_named(make_bench):
    bench = make_bench().run(velocity=0.0)
    goal = HOME + 0.01 * np.eye(7)[6]
    for _ in range(200):
        still = Command(stamp=(bench.k - 1) * T, position=goal, velocity=np.zeros(7))
        _, commanded = bench.tick(still)
    assert bench.guard.counts["CORRECTION"] > 5
    np.testing.assert_allclose(bench.position, goal, atol=1e-4)


@pytest.mark.parametrize(
    ("reason", "spoil"),
    [
        ("NOT_FINITE", lambda c: dataclasses.replace(c, velocity=c.velocity * np.nan)),
        ("NOT_FINITE", lambda c: dataclasses.replace(c, position=c.position + np.inf)),
        ("FUTURE_COMMAND", lambda c: dataclasses.replace(c, stamp=c.stamp + T)),
        ("FUTURE_COMMAND", lambda c: dataclasses.replace(c, stamp=np.nan)),
        ("TIME_REVERSED", lambda c: dataclasses.replace(c, stamp=2 * T)),
        ("STALE_COMMAND", lambda c: dataclasses.replace(c, stamp=c.stamp - 1.0)),
        ("WRONG_LENGTH", lambda c: dataclasses.replace(c, position=c.position[:6])),
        ("WRONG_LENGTH", lambda c: dataclasses.replace(c, velocity=np.zeros((1, 7)))),
        ("JUMP", lambda c: dataclasses.replace(c, position=c.position + 0.06)),
    ],
)
def test_a_bad_command_is_ignored_named_and_in_the_end_holds(make_bench, reason, spoil):
    bench = make_bench(GuardConfig(max_command_age=10)).run()
    for period in range(PERIODS):
        assert bench.guard.state is State.RUNNING
        _, commanded = bench.tick(spoil(bench.ask(bench.velocity + 0.01)))
        assert commanded.altered and commanded.reason == reason
        assert (np.abs(commanded.velocity[1]) <= np.abs(commanded.velocity[0])).all(), period
    assert (bench.guard.state, bench.guard.reason) == (State.HOLD, reason)
    assert bench.freezes()


@pytest.mark.parametrize("rule", ["FUTURE_COMMAND", "TIME_REVERSED", "STALE_COMMAND", "JUMP"])
def test_with_its_rule_switched_off_the_same_bad_command_is_followed(make_bench, rule):
    spoil = {
        "FUTURE_COMMAND": lambda c: dataclasses.replace(c, stamp=c.stamp + T),
        "TIME_REVERSED": lambda c: dataclasses.replace(c, stamp=c.stamp - T),
        "STALE_COMMAND": lambda c: dataclasses.replace(c, stamp=c.stamp - 0.1),
        "JUMP": lambda c: dataclasses.replace(c, position=c.position + 0.06),
    }[rule]
    others = {"STALE_COMMAND": {Reason.TIME_REVERSED}}.get(rule, set())
    bench = make_bench(disabled={Reason(rule), *others}).run()
    bench.tick(spoil(bench.ask(bench.velocity + 0.01)))
    assert (bench.velocity > SLOW).any()


def test_a_first_command_far_from_the_robot_holds_at_once(make_bench):
    bench = make_bench()
    bench.tick()
    far = dataclasses.replace(bench.ask(0.0), position=HOME + 0.06)
    bench.tick(far)
    assert (bench.guard.state, bench.guard.reason) == (State.HOLD, "JUMP")
    np.testing.assert_array_equal(bench.position, HOME)


def test_a_late_answer_still_counts_for_its_velocity(make_bench):
    bench = make_bench().run()
    late = dataclasses.replace(
        bench.ask(1.1 * SLOW, periods_ago=2), position=bench.position.copy()
    )
    bench.tick()
    late = dataclasses.replace(late, stamp=(bench.k - 2) * T)
    _, commanded = bench.tick(late)
    assert commanded.reason in ("", "CORRECTION")
    np.testing.assert_allclose(commanded.velocity[1], 1.1 * SLOW, atol=0.03)


def test_silence_coasts_one_period_brakes_and_holds_after_a_tenth_of_a_second(make_bench):
    bench = make_bench().run(velocity=2.5 * SLOW, periods=6)
    going = bench.velocity
    bench.tick()
    np.testing.assert_array_equal(bench.velocity, going)
    for period in range(2, PERIODS + 1):
        assert bench.guard.state is State.RUNNING
        bench.tick()
        np.testing.assert_allclose(bench.velocity, np.maximum(going - (period - 1) * STEP, 0.0))
    assert (bench.guard.state, bench.guard.reason) == (State.HOLD, "COMMAND_SILENCE")
    assert bench.freezes()


def test_without_the_rule_of_silence_the_guard_waits_for_ever(make_bench):
    bench = make_bench(disabled={Reason.COMMAND_SILENCE}).run()
    for _ in range(100):
        bench.tick()
    assert bench.guard.state is State.RUNNING


def test_a_single_missing_command_changes_nothing_but_that_period(make_bench):
    bench = make_bench().run()
    bench.tick()
    _, commanded = bench.tick(bench.ask(SLOW))
    assert not commanded.altered
