"""A robot that is blocked, pushed or loaded."""

import numpy as np
import pytest

from robot_meta.benchmarks.guard.arena import FR3
from robot_meta.reference import velocity_step
from robot_meta.safety.guard import GuardConfig
from robot_meta.safety.reasons import Reason
from robot_meta.safety.state import State

SPEC = FR3.spec
T = FR3.spec.control_dt
HOME = FR3.spec.home
STEP = velocity_step(SPEC.limits, SPEC.control_dt)
SLOW = 0.3 * STEP


def test_a_blocked_robot_is_pressed_no_harder_than_the_lead_allows(make_bench):
    bench, lead = make_bench(GuardConfig(lead_limit=(0.05,) * 7)), 0.0
    bench.tick()
    for _ in range(100):
        bench.tick(bench.ask(bench.velocity + 0.05), measured=HOME)
        lead = max(lead, np.abs(bench.position - HOME).max())
    assert 0.049 < lead <= 0.05 * (1 + 1e-6)
    assert bench.guard.counts["LEAD"] > 50


def test_without_the_lead_rule_a_blocked_robot_is_pressed_harder_and_harder(make_bench):
    bench = make_bench(GuardConfig(lead_limit=(0.05,) * 7), disabled={Reason.LEAD})
    bench.tick()
    for _ in range(60):
        bench.tick(bench.ask(bench.velocity + 0.01), measured=HOME)
    assert np.abs(bench.position - HOME).max() > 0.1


def test_a_robot_that_is_pushed_away_is_followed_slowly(make_bench):
    bench = make_bench().run(velocity=0.0)
    pushed = HOME - 0.25
    for _ in range(100):
        bench.tick(bench.ask(0.0), measured=pushed)
        assert np.abs(bench.velocity).max() <= bench.guard.config.yield_speed
    np.testing.assert_allclose(bench.position - pushed, 0.15, atol=1e-3)


def test_a_held_reference_does_not_follow_so_that_a_load_does_not_sink(make_bench):
    bench = make_bench().run(velocity=0.0)
    bench.guard.hold()
    for k in range(50):
        bench.tick(measured=HOME - 0.01 * k)
    np.testing.assert_array_equal(bench.position, HOME)


@pytest.mark.parametrize(
    ("rule", "torque"),
    [
        (Reason.EXTERNAL_TORQUE, 36.0 * np.eye(7)[0]),
        (Reason.EXTERNAL_FORCE, FR3.chain.tool_jacobian(HOME)[:3].T @ [0.0, 0.0, 45.0]),
    ],
)
def test_too_much_from_outside_holds_and_only_its_rule_sees_to_that(make_bench, rule, torque):
    disabled = {Reason.EXTERNAL_FORCE} if rule is Reason.EXTERNAL_TORQUE else set()
    bench = make_bench(disabled=disabled).run()
    bench.tick(bench.ask(SLOW), external_torque=torque)
    assert (bench.guard.state, bench.guard.reason) == (State.HOLD, rule)
    assert bench.guard.contact == (rule is Reason.EXTERNAL_TORQUE)
    assert not bench.guard.arm()
    without = make_bench(disabled={rule, *disabled}).run()
    without.tick(without.ask(SLOW), external_torque=torque)
    assert without.guard.state is State.RUNNING


def test_recover_lets_go_of_what_blocks_the_robot_without_a_jump(make_bench):
    bench = make_bench().run(velocity=0.0)
    while np.abs(bench.position - HOME).max() < 0.1:
        bench.tick(bench.ask(np.minimum(bench.velocity + 0.01, 0.1)), measured=HOME)
    bench.guard.hold()
    while not bench.guard.at_rest:
        bench.tick(measured=HOME)
    assert bench.guard.recover()
    for _ in range(200):
        before = bench.velocity
        bench.tick(measured=HOME)
        assert (np.abs(bench.velocity - before) <= STEP * (1 + 1e-12)).all()
    np.testing.assert_allclose(bench.position, HOME, atol=1e-6)
    assert bench.guard.at_rest and bench.guard.arm()
