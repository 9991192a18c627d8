"""The guard's manners, one at a time, with commands and measurements made by hand."""

import dataclasses

import numpy as np
import pytest

from robot_meta.benchmarks.guard.arena import FR3
from robot_meta.reference import advance, velocity_step
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.safety.reasons import Reason
from robot_meta.safety.state import State
from robot_meta.types import Command, Observation

SPEC, T = FR3.spec, FR3.spec.control_dt
HOME, STEP = SPEC.home, velocity_step(SPEC.limits, SPEC.control_dt)
SLOW = 0.3 * STEP
PERIODS = 5  # without a command before HOLD: 100 ms


def seen(stamp, position=HOME, external_torque=None):
    zero = np.zeros(7)
    outside = zero if external_torque is None else external_torque
    return Observation(
        stamp=stamp, position=position, velocity=zero, torque=zero, external_torque=outside
    )


class Bench:
    """A guard, the clock of its robot, and a robot that is where the reference ends."""

    def __init__(self, config=None, *, disabled=(), armed=True):
        self.guard = Guard(SPEC, FR3.chain, config, disabled=disabled)
        self.k, self.position, self.velocity = 0, HOME, np.zeros(7)
        self.guard.start(seen(0.0))
        if armed:
            assert self.guard.arm()

    @property
    def stamp(self):
        return self.k * T

    def tick(self, command=None, *, measured=None, stamp=None, external_torque=None):
        measured = self.position if measured is None else measured
        stamp = self.stamp if stamp is None else stamp
        reference, commanded = self.guard.tick(seen(stamp, measured, external_torque), command)
        self.k += 1
        self.position, self.velocity = commanded.position[1], commanded.velocity[1]
        return reference, commanded

    def ask(self, velocity, *, periods_ago=1):
        """A command that answers the newest measurement and leads to `velocity`."""
        velocity = np.broadcast_to(np.asarray(velocity, float), 7)
        return Command(
            stamp=(self.k - periods_ago) * T,
            position=advance(self.position, self.velocity, velocity, T),
            velocity=velocity,
        )

    def run(self, velocity=SLOW, periods=3):
        """Begin to move as asked."""
        self.tick()
        for _ in range(periods):
            self.tick(self.ask(velocity))
        return self


def frozen(bench, periods=40):
    """Whether the reference brakes and then stays where it is."""
    for _ in range(periods):
        before = np.abs(bench.velocity)
        bench.tick(bench.ask(SLOW))
        np.testing.assert_allclose(
            np.abs(bench.velocity), np.maximum(before - STEP, 0.0), atol=1e-12
        )
    at = bench.position
    bench.tick(bench.ask(SLOW))
    return (bench.position == at).all() and not bench.velocity.any()


# What may pass, passes as it is.


def test_what_may_pass_is_sent_bit_for_bit():
    bench, rng = Bench(), np.random.default_rng(0)
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


def test_what_is_commanded_is_reported_with_its_start_and_its_end():
    bench = Bench().run()
    before = bench.position, bench.velocity
    _, commanded = bench.tick(bench.ask(2 * SLOW))
    np.testing.assert_array_equal(commanded.position[0], before[0])
    np.testing.assert_array_equal(commanded.velocity[0], before[1])


def test_too_large_a_change_is_cut_to_the_largest_and_named():
    bench = Bench()
    bench.tick()
    command = dataclasses.replace(bench.ask(STEP), velocity=np.full(7, 0.5) * np.eye(7)[6])
    command = dataclasses.replace(
        command, position=advance(bench.position, bench.velocity, command.velocity, T)
    )
    _, commanded = bench.tick(command)
    assert commanded.altered and commanded.reason == "ACCELERATION"
    assert commanded.velocity[1][6] == STEP[6]


def test_a_position_that_contradicts_its_velocity_is_approached_and_named():
    bench = Bench().run(velocity=0.0)
    goal = HOME + 0.01 * np.eye(7)[6]
    for _ in range(200):
        still = Command(stamp=(bench.k - 1) * T, position=goal, velocity=np.zeros(7))
        _, commanded = bench.tick(still)
    assert bench.guard.counts["CORRECTION"] > 5
    np.testing.assert_allclose(bench.position, goal, atol=1e-4)


# Commands that do not count.


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
def test_a_bad_command_is_ignored_named_and_in_the_end_holds(reason, spoil):
    bench = Bench(GuardConfig(max_command_age=10)).run()
    for period in range(PERIODS):
        assert bench.guard.state is State.RUNNING
        _, commanded = bench.tick(spoil(bench.ask(bench.velocity + 0.01)))
        assert commanded.altered and commanded.reason == reason
        assert (np.abs(commanded.velocity[1]) <= np.abs(commanded.velocity[0])).all(), period
    assert (bench.guard.state, bench.guard.reason) == (State.HOLD, reason)
    assert frozen(bench)


@pytest.mark.parametrize("rule", ["FUTURE_COMMAND", "TIME_REVERSED", "STALE_COMMAND", "JUMP"])
def test_with_its_rule_switched_off_the_same_bad_command_is_followed(rule):
    spoil = {
        "FUTURE_COMMAND": lambda c: dataclasses.replace(c, stamp=c.stamp + T),
        "TIME_REVERSED": lambda c: dataclasses.replace(c, stamp=c.stamp - T),
        "STALE_COMMAND": lambda c: dataclasses.replace(c, stamp=c.stamp - 0.1),
        "JUMP": lambda c: dataclasses.replace(c, position=c.position + 0.06),
    }[rule]
    others = {"STALE_COMMAND": {Reason.TIME_REVERSED}}.get(rule, set())
    bench = Bench(disabled={Reason(rule), *others}).run()
    bench.tick(spoil(bench.ask(bench.velocity + 0.01)))
    assert (bench.velocity > SLOW).any()


def test_a_first_command_far_from_the_robot_holds_at_once():
    bench = Bench()
    bench.tick()
    far = dataclasses.replace(bench.ask(0.0), position=HOME + 0.06)
    bench.tick(far)
    assert (bench.guard.state, bench.guard.reason) == (State.HOLD, "JUMP")
    np.testing.assert_array_equal(bench.position, HOME)


def test_a_late_answer_still_counts_for_its_velocity():
    bench = Bench().run()
    late = dataclasses.replace(
        bench.ask(1.1 * SLOW, periods_ago=2), position=bench.position.copy()
    )
    bench.tick()
    late = dataclasses.replace(late, stamp=(bench.k - 2) * T)
    _, commanded = bench.tick(late)
    assert commanded.reason in ("", "CORRECTION")
    np.testing.assert_allclose(commanded.velocity[1], 1.1 * SLOW, atol=0.03)


# Silence.


def test_silence_coasts_one_period_brakes_and_holds_after_a_tenth_of_a_second():
    bench = Bench().run(velocity=2.5 * SLOW, periods=6)
    going = bench.velocity
    bench.tick()
    np.testing.assert_array_equal(bench.velocity, going)
    for period in range(2, PERIODS + 1):
        assert bench.guard.state is State.RUNNING
        bench.tick()
        np.testing.assert_allclose(bench.velocity, np.maximum(going - (period - 1) * STEP, 0.0))
    assert (bench.guard.state, bench.guard.reason) == (State.HOLD, "COMMAND_SILENCE")
    assert frozen(bench)


def test_without_the_rule_of_silence_the_guard_waits_for_ever():
    bench = Bench(disabled={Reason.COMMAND_SILENCE}).run()
    for _ in range(100):
        bench.tick()
    assert bench.guard.state is State.RUNNING


def test_a_single_missing_command_changes_nothing_but_that_period():
    bench = Bench().run()
    bench.tick()
    _, commanded = bench.tick(bench.ask(SLOW))
    assert not commanded.altered


# Measurements that cannot be trusted.


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
def test_a_bad_measurement_holds_at_once(reason, spoil):
    bench = Bench().run()
    reference, commanded = bench.tick(bench.ask(SLOW), **spoil(bench))
    assert (bench.guard.state, bench.guard.reason) == (State.HOLD, reason)
    assert commanded.altered and commanded.reason == reason
    assert np.isfinite(reference.position).all() and np.isfinite(reference.stamp)


@pytest.mark.parametrize("shift", [-3 * T, 0.2])
def test_without_its_rule_a_clock_jump_goes_unnoticed(shift):
    bench = Bench(disabled={Reason.CLOCK_JUMP}).run()
    bench.tick(bench.ask(SLOW), stamp=bench.stamp + shift)
    assert bench.guard.state is State.RUNNING


@pytest.mark.parametrize(
    ("disabled", "state"), [((), "HOLD"), ({Reason.STALE_OBSERVATION}, "RUNNING")]
)
def test_a_measurement_that_is_repeated_again_and_again_holds(disabled, state):
    bench = Bench(disabled=disabled).run()
    stamp = (bench.k - 1) * T
    for _ in range(4):
        bench.tick(bench.ask(SLOW), stamp=stamp)
    assert bench.guard.state.value == state


# Touch.


def test_a_blocked_robot_is_pressed_no_harder_than_the_lead_allows():
    bench, lead = Bench(GuardConfig(lead_limit=(0.05,) * 7)), 0.0
    bench.tick()
    for _ in range(100):
        bench.tick(bench.ask(bench.velocity + 0.05), measured=HOME)
        lead = max(lead, np.abs(bench.position - HOME).max())
    assert 0.049 < lead <= 0.05 * (1 + 1e-6)
    assert bench.guard.counts["LEAD"] > 50


def test_without_the_lead_rule_a_blocked_robot_is_pressed_harder_and_harder():
    bench = Bench(GuardConfig(lead_limit=(0.05,) * 7), disabled={Reason.LEAD})
    bench.tick()
    for _ in range(60):
        bench.tick(bench.ask(bench.velocity + 0.01), measured=HOME)
    assert np.abs(bench.position - HOME).max() > 0.1


def test_a_robot_that_is_pushed_away_is_followed_slowly():
    bench = Bench().run(velocity=0.0)
    pushed = HOME - 0.25
    for _ in range(100):
        bench.tick(bench.ask(0.0), measured=pushed)
        assert np.abs(bench.velocity).max() <= bench.guard.config.yield_speed
    np.testing.assert_allclose(bench.position - pushed, 0.15, atol=1e-3)


def test_a_held_reference_does_not_follow_so_that_a_load_does_not_sink():
    bench = Bench().run(velocity=0.0)
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
def test_too_much_from_outside_holds_and_only_its_rule_sees_to_that(rule, torque):
    disabled = {Reason.EXTERNAL_FORCE} if rule is Reason.EXTERNAL_TORQUE else set()
    bench = Bench(disabled=disabled).run()
    bench.tick(bench.ask(SLOW), external_torque=torque)
    assert (bench.guard.state, bench.guard.reason) == (State.HOLD, rule)
    assert bench.guard.contact == (rule is Reason.EXTERNAL_TORQUE)
    assert not bench.guard.arm()
    without = Bench(disabled={rule, *disabled}).run()
    without.tick(without.ask(SLOW), external_torque=torque)
    assert without.guard.state is State.RUNNING


def test_recover_lets_go_of_what_blocks_the_robot_without_a_jump():
    bench = Bench().run(velocity=0.0)
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


# Who may do what, when.


def test_it_begins_in_hold_and_ignores_commands_until_armed():
    bench = Bench(armed=False)
    bench.tick()
    _, commanded = bench.tick(bench.ask(SLOW))
    assert (bench.guard.state, commanded.reason) == (State.HOLD, "START")
    np.testing.assert_array_equal(bench.position, HOME)


def test_a_stop_brakes_is_latched_and_keeps_its_first_reason():
    bench = Bench().run()
    bench.guard.stop("ESTOP")
    bench.guard.stop("HEARTBEAT_LOST")
    bench.guard.hold("OPERATOR")
    assert not bench.guard.arm()
    assert (bench.guard.state, bench.guard.reason) == (State.STOPPED, "ESTOP")
    assert frozen(bench)
    assert bench.guard.recover() and bench.guard.state is State.HOLD
    assert bench.guard.arm()


def test_it_does_not_arm_while_it_still_brakes():
    bench = Bench().run(velocity=SLOW * np.eye(7)[6], periods=1)
    bench.guard.hold()
    assert "braking" in bench.guard.arm().message


@pytest.mark.parametrize(
    ("position", "word"),
    [
        (HOME + 3.0 * np.eye(7)[0], "fr3_joint1"),
        (HOME + 2.0 * np.eye(7)[0], "WORKSPACE"),
    ],
)
def test_it_does_not_arm_where_it_must_not_be_and_says_what_to_do(position, word):
    guard = Guard(SPEC, FR3.chain)
    guard.start(seen(0.0, position))
    answer = guard.arm()
    assert not answer and word in answer.message and "guide" in answer.message


def test_limits_are_read_only_while_armed():
    bench = Bench()
    with pytest.raises(ValueError, match="read-only"):
        bench.guard.configure(GuardConfig(tool_speed=0.1))
    bench.guard.hold()
    bench.guard.configure(GuardConfig(tool_speed=0.1))
    assert bench.guard.config.tool_speed == 0.1


@pytest.mark.parametrize(
    "wrong",
    [
        {"tool_speed": 0.0},
        {"tool_speed": float("nan")},
        {"workspace_lower": (0.0, 0.0)},
        {"workspace_lower": (1.0, 0.0, 0.0)},
        {"lead_limit": (0.1, -0.1)},
        {"max_command_age": 0},
        {"position_gain": 2.0},
        {"table_height": 5.0},
    ],
)
def test_a_wrong_setting_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        GuardConfig(**wrong)


def test_settings_for_another_number_of_joints_are_refused():
    with pytest.raises(ValueError, match="lead_limit must have 7 values"):
        Guard(SPEC, FR3.chain, GuardConfig(lead_limit=(0.1,) * 6))


def test_the_share_of_altered_periods_is_counted_from_the_first_command_on():
    bench = Bench()
    for _ in range(3):
        bench.tick()
    for _ in range(9):
        bench.tick(bench.ask(SLOW / 3))
    bench.tick()
    assert bench.guard.altered_share == pytest.approx(0.1)
    assert bench.guard.counts == {"NO_COMMAND": 1}
