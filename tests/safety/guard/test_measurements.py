"""Measurements that cannot be trusted."""

import numpy as np
import pytest

from robot_meta.benchmarks.guard.arena import FR3
from robot_meta.reference import velocity_step
from robot_meta.safety.reasons import Reason
from robot_meta.safety.state import State

SPEC = FR3.spec
T = FR3.spec.control_dt
HOME = FR3.spec.home
STEP = velocity_step(SPEC.limits, SPEC.control_dt)
SLOW = 0.3 * STEP


@pytest.mark.parametrize(
    ("reason", "spoil"),
    [
        ("BAD_OBSERVATION", lambda bench: {"measured": HOME * np.nan}),
        ("BAD_OBSERVATION", lambda bench: {"measured": HOME[:6]}),
        ("BAD_OBSERVATION", lambda bench: {"stamp": np.nan}),
        ("BAD_OBSERVATION", lambda bench: {"external_torque": np.full(7, np.inf)}),
        ("CLOCK_JUMP", lambda bench: {"stamp": bench.stamp - 3 * T}),
        ("CLOCK_JUMP", lambda bench: {"stamp": bench.stamp + 0.2}),
    ],
)
def test_a_bad_measurement_holds_at_once(make_bench, reason, spoil):
    bench = make_bench().run()
    reference, commanded = bench.tick(bench.ask(SLOW), **spoil(bench))
    assert (bench.guard.state, bench.guard.reason) == (State.HOLD, reason)
    assert commanded.altered and commanded.reason == reason
    assert np.isfinite(reference.position).all() and np.isfinite(reference.stamp)


@pytest.mark.parametrize("shift", [-3 * T, 0.2])
def test_without_its_rule_a_clock_jump_goes_unnoticed(make_bench, shift):
    bench = make_bench(disabled={Reason.CLOCK_JUMP}).run()
    bench.tick(bench.ask(SLOW), stamp=bench.stamp + shift)
    assert bench.guard.state is State.RUNNING


@pytest.mark.parametrize(
    ("disabled", "state"), [((), "HOLD"), ({Reason.STALE_OBSERVATION}, "RUNNING")]
)
def test_a_measurement_that_is_repeated_again_and_again_holds(make_bench, disabled, state):
    bench = make_bench(disabled=disabled).run()
    stamp = (bench.k - 1) * T
    for _ in range(4):
        bench.tick(bench.ask(SLOW), stamp=stamp)
    assert bench.guard.state.value == state
