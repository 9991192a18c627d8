"""The guard of a walking robot: what it limits, what it ignores, and what makes it stand."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from robot_meta.legged_types import LeggedObservation, VelocityCommand, Vitals
from robot_meta.robots.description import legged_description
from robot_meta.safety.reasons import EXPLANATIONS, Reason
from robot_meta.safety.state import State
from robot_meta.safety.walking import WalkingGuardConfig, limited
from robot_meta.safety.walking_guard import WalkingGuard

SPEC = legged_description("go2").spec
T = SPEC.control_dt


def observation(period, **changes):
    """A robot that stands, a hair from where it was."""
    standing = LeggedObservation(
        stamp=period * T,
        pose=np.array([0.001 * period, 0.0, 0.0]),
        velocity=np.zeros(3),
        attitude=np.zeros(2),
        rates=np.zeros(2),
        feet=np.ones(4),
        joint_position=SPEC.stand,
        joint_velocity=np.zeros(12),
        joint_torque=np.zeros(12),
    )
    return dataclasses.replace(standing, **changes)


def command(period, velocity=(0.1, 0.0, 0.0)):
    """The answer to the measurement of a period."""
    return VelocityCommand(stamp=period * T, velocity=np.array(velocity))


@pytest.fixture
def guard():
    guard = WalkingGuard(SPEC)
    guard.start(observation(0))
    assert guard.arm()
    return guard


def run(guard, periods, *, begin=1, velocity=(0.1, 0.0, 0.0)):
    """What was decided in so many periods of a controller that answers each measurement."""
    decided = []
    for period in range(begin, begin + periods):
        _, commanded = guard.tick(observation(period), command(period - 1, velocity))
        decided.append(commanded)
    return decided


def test_a_command_inside_the_limits_passes_as_it_is(guard):
    decided = run(guard, 3)
    assert [d.reason for d in decided] == ["", "", ""]
    np.testing.assert_array_equal(decided[-1].velocity, [[0.1, 0.0, 0.0]] * 2)
    assert not any(d.altered for d in decided)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_no_command_leaves_the_box_or_changes_too_fast(guard, axis, sign):
    wish = np.zeros(3)
    wish[axis] = 100.0 * sign
    decided = run(guard, 20, velocity=tuple(wish))
    sent = np.array([d.velocity[1] for d in decided])
    assert (sent >= SPEC.command_lower).all() and (sent <= SPEC.command_upper).all()
    steps = np.abs(np.diff(sent, axis=0, prepend=0.0))
    assert (steps <= SPEC.command_acceleration * T + 1e-9).all()
    limit = SPEC.command_upper if sign > 0 else SPEC.command_lower
    assert sent[-1][axis] == limit[axis]
    assert decided[0].reason == Reason.ACCELERATION
    assert decided[-1].reason == Reason.VELOCITY


def test_random_streams_never_pass_the_limits():
    rng = np.random.default_rng(0)
    before = np.zeros(3)
    for _ in range(2000):
        wish = rng.normal(size=3) * 10.0 ** rng.uniform(-2, 2)
        after, _ = limited(wish, before, SPEC)
        assert (after >= SPEC.command_lower).all() and (after <= SPEC.command_upper).all()
        assert (np.abs(after - before) <= SPEC.command_acceleration * T + 1e-12).all()
        before = after


def test_nothing_moves_before_it_is_armed():
    guard = WalkingGuard(SPEC)
    assert guard.state is State.BOOT
    _, commanded = guard.tick(observation(0), command(-1))
    assert guard.state is State.HOLD
    assert not commanded.velocity.any()
    assert commanded.altered


def test_silence_coasts_brakes_and_holds_after_three_periods(guard):
    run(guard, 5, velocity=(0.5, 0.0, 0.0))
    seen = []
    for period in range(6, 12):
        _, commanded = guard.tick(observation(period), None)
        seen.append((commanded.velocity[1][0], commanded.reason, guard.state))
    assert seen[0] == (0.5, Reason.NO_COMMAND, State.RUNNING)  # one lost message is no stop
    assert seen[1][0] < 0.5
    assert [state for _, _, state in seen[:3]] == [State.RUNNING, State.RUNNING, State.HOLD]
    assert seen[2][1] == Reason.COMMAND_SILENCE
    assert seen[-1][0] == 0.0
    run(guard, 3, begin=12)
    assert guard.state is State.HOLD  # nothing resumes by itself
    assert guard.arm()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (VelocityCommand(stamp=5 * T, velocity=np.zeros(2)), Reason.WRONG_LENGTH),
        (VelocityCommand(stamp=5 * T, velocity=np.array([math.nan, 0, 0])), Reason.NOT_FINITE),
        (VelocityCommand(stamp=9 * T, velocity=np.zeros(3)), Reason.FUTURE_COMMAND),
        (VelocityCommand(stamp=1 * T, velocity=np.zeros(3)), Reason.STALE_COMMAND),
        (VelocityCommand(stamp=4 * T, velocity=np.zeros(3)), Reason.TIME_REVERSED),
    ],
)
def test_a_bad_command_is_ignored_and_named_and_many_hold(guard, bad, reason):
    run(guard, 5)
    _, commanded = guard.tick(observation(6), bad)
    assert commanded.reason == reason
    np.testing.assert_array_equal(commanded.velocity[1], [0.1, 0.0, 0.0])
    for period in (7, 8):
        guard.tick(observation(period), bad)
    assert guard.state is State.HOLD


def test_a_fall_stops_at_once_and_is_latched(guard):
    run(guard, 5, velocity=(0.5, 0.0, 0.0))
    _, commanded = guard.tick(observation(6, attitude=np.array([1.0, 0.0])), command(5))
    assert guard.state is State.INACTIVE
    assert commanded.reason == Reason.FALLEN
    assert not commanded.velocity[1].any()
    assert not guard.recover()  # it still lies
    assert not guard.arm()
    guard.tick(observation(7), command(6))
    assert guard.state is State.INACTIVE
    assert guard.recover()
    assert guard.state is State.HOLD
    assert guard.arm()


def test_leaning_makes_it_stand_and_refuses_to_arm(guard):
    run(guard, 3)
    guard.tick(observation(4, attitude=np.array([0.0, 0.7])), command(3))
    assert (guard.state, guard.reason) == (State.HOLD, Reason.TILT)
    assert not guard.arm()


@pytest.mark.parametrize("name", ["pose", "velocity", "attitude", "rates", "feet"])
def test_a_measurement_that_is_none_holds(guard, name):
    run(guard, 3)
    value = getattr(observation(4), name) * math.nan
    guard.tick(observation(4, **{name: value}), command(3))
    assert (guard.state, guard.reason) == (State.HOLD, Reason.BAD_OBSERVATION)
    assert not guard.arm()
    guard.tick(observation(5), None)
    for period in range(6, 9):
        guard.tick(observation(period), None)
    assert guard.arm()


def test_a_pose_that_leaps_or_freezes_holds(guard):
    run(guard, 3)
    guard.tick(observation(4, pose=np.array([0.8, 0.0, 0.0])), command(3))
    assert (guard.state, guard.reason) == (State.HOLD, Reason.POSE_JUMP)
    fresh = WalkingGuard(SPEC)
    fresh.start(observation(0))
    assert fresh.arm()
    for period in range(1, 12):
        fresh.tick(observation(period, pose=np.zeros(3)), command(period - 1))
    assert (fresh.state, fresh.reason) == (State.HOLD, Reason.POSE_FROZEN)


@pytest.mark.parametrize("stamp", [10.0, -1.0])
def test_a_clock_that_jumps_holds(guard, stamp):
    run(guard, 3)
    guard.tick(observation(4, stamp=stamp), command(3))
    assert (guard.state, guard.reason) == (State.HOLD, Reason.CLOCK_JUMP)


HEALTHY = Vitals(charge=0.8, voltage=29.0, temperature=np.full(12, 40.0), dead_man=True)
ONE_HOT = np.array([40.0] * 11 + [86.0])


@pytest.mark.parametrize(
    ("vitals", "reason"),
    [
        ({"charge": 0.1}, Reason.BATTERY),
        ({"voltage": 23.9}, Reason.BATTERY),
        ({"temperature": ONE_HOT}, Reason.MOTOR_HEAT),
        ({"dead_man": False}, Reason.DEAD_MAN),
        ({"dead_man": None}, Reason.REMOTE_LOST),
    ],
)
def test_what_a_robot_says_of_itself_holds_it_and_it_does_not_arm(vitals, reason):
    guard = WalkingGuard(SPEC, WalkingGuardConfig(dead_man=True))
    guard.start(observation(0, vitals=HEALTHY))
    assert guard.arm()
    bad = dataclasses.replace(HEALTHY, **vitals)
    guard.tick(observation(1, vitals=HEALTHY), command(0, (0.5, 0.0, 0.0)))
    assert guard.state is State.RUNNING
    guard.tick(observation(2, vitals=bad), command(1, (0.5, 0.0, 0.0)))
    assert (guard.state, guard.reason) == (State.HOLD, reason)
    for period in range(3, 8):
        guard.tick(observation(period, vitals=bad), None)
    answer = guard.arm()
    assert not answer and answer.message.startswith(f"{reason}: ")
    guard.tick(observation(8, vitals=HEALTHY), command(7))
    assert guard.state is State.HOLD  # nothing resumes by itself
    assert guard.arm()


def test_it_warns_before_it_holds():
    guard = WalkingGuard(SPEC)
    guard.start(observation(0, vitals=HEALTHY))
    assert guard.arm() and guard.warnings == ()
    warm = dataclasses.replace(HEALTHY, charge=0.2, temperature=ONE_HOT - 10.0)
    guard.tick(observation(1, vitals=warm), command(0))
    assert guard.warnings == (Reason.BATTERY, Reason.MOTOR_HEAT)
    assert guard.state is State.RUNNING


def test_no_remote_is_asked_for_where_none_is_wanted_and_a_robot_may_tell_nothing(guard):
    guard.tick(observation(1, vitals=dataclasses.replace(HEALTHY, dead_man=None)), command(0))
    guard.tick(observation(2), command(1))
    assert guard.state is State.RUNNING and guard.warnings == ()
    strict = WalkingGuard(SPEC, WalkingGuardConfig(dead_man=True))
    strict.start(observation(0))
    assert not strict.arm()


def test_vitals_that_are_none_hold(guard):
    bad = dataclasses.replace(HEALTHY, voltage=math.nan)
    guard.tick(observation(1, vitals=bad), command(0))
    assert guard.reason == Reason.BAD_OBSERVATION


def test_stop_brakes_and_stays_until_recover(guard):
    run(guard, 5, velocity=(0.5, 0.0, 0.0))
    guard.stop()
    speeds = [c.velocity[1][0] for c in run(guard, 6, begin=6)]
    assert speeds[0] > 0.0 and speeds[-1] == 0.0
    assert (np.diff([0.5, *speeds]) >= -SPEC.command_acceleration[0] * T - 1e-9).all()
    assert guard.reason == Reason.ESTOP
    assert not guard.arm()


def test_even_the_fall_that_asks_for_a_person_is_damped_at_once(guard):
    for fall in range(3):
        run(guard, 3, begin=10 * fall + 1, velocity=(0.5, 0.0, 0.0))
        lies = observation(10 * fall + 4, attitude=np.array([1.0, 0.0]))
        _, commanded = guard.tick(lies, command(10 * fall + 3))
        assert guard.urgent and not commanded.velocity[1].any(), fall
        if fall < 2:
            for period in range(10 * fall + 5, 10 * fall + 11):
                guard.tick(observation(period), None)
            assert guard.recover() and guard.arm()
    assert guard.life.asks_for_person


def test_one_that_falls_again_and_again_asks_for_a_person(guard):
    for fall in range(3):
        guard.tick(observation(2 * fall + 1, attitude=np.array([1.0, 0.0])), None)
        guard.tick(observation(2 * fall + 2), None)
        if fall < 2:
            assert guard.recover() and guard.arm()
    assert guard.state is State.INACTIVE
    assert "acknowledge" in guard.recover().message
    assert guard.acknowledge()
    assert guard.recover()
    assert not guard.acknowledge()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fallen", (0.0, 1.0)),
        ("tilt", (0.5,)),
        ("pose_jump", 0.0),
        ("max_silent", 0),
        ("charge_hold", 0.5),
        ("motor_warn", 90.0),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(field, value):
    with pytest.raises(ValueError, match=field):
        WalkingGuardConfig(**{field: value})


def test_every_reason_says_what_to_do():
    for reason in (Reason.FALLEN, Reason.TILT, Reason.POSE_JUMP, Reason.POSE_FROZEN):
        assert EXPLANATIONS[reason].remedy
