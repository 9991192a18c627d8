"""The arithmetic that guard and planner share: what may be reached, and stopped from, in time."""

import numpy as np
import pytest

from robot_meta.benchmarks.guard.arena import FR3
from robot_meta.reference import (
    advance,
    brake,
    braking_distance,
    fastest_stop,
    safe_velocity_bounds,
    velocity_step,
)
from robot_meta.safety.profile import Ramp

LIMITS, PERIOD = FR3.spec.limits, FR3.spec.control_dt
STEP = velocity_step(LIMITS, PERIOD)
RAMP = Ramp(LIMITS, PERIOD, PERIOD / 200)  # ten times finer than the driver's samples
STREAMS, PERIODS = 300, 60


def test_braking_distance_is_what_braking_period_by_period_covers():
    speed = np.random.default_rng(0).uniform(0.0, LIMITS.velocity, (200, 7))
    position, velocity = np.zeros_like(speed), speed
    while velocity.any():
        slower = brake(velocity, STEP)
        position, velocity = advance(position, velocity, slower, PERIOD), slower
    np.testing.assert_allclose(braking_distance(speed, STEP, PERIOD), position, atol=1e-12)


def test_the_fastest_stop_uses_all_the_room_and_no_more():
    room = np.random.default_rng(1).uniform(0.0, 0.5, (500, 7))
    speed = fastest_stop(room, STEP, PERIOD)
    used = 0.5 * PERIOD * speed + braking_distance(speed, STEP, PERIOD)
    np.testing.assert_allclose(used, room, atol=1e-12)


def test_without_room_the_fastest_stop_is_standing_still():
    np.testing.assert_array_equal(fastest_stop(np.full(7, -0.1), STEP, PERIOD), np.zeros(7))


def wishes(kind, rng, low, high, velocity, way):
    if kind == "push":
        return np.where(way > 0, high, low)
    if kind == "random":
        return np.clip(rng.uniform(-6, 6, low.shape), low, high)
    if kind == "push or brake":
        return np.where(
            rng.random(low.shape) < 0.5, np.where(way > 0, high, low), brake(velocity, STEP)
        )
    return np.where(rng.random(low.shape) < 0.5, low, high)


@pytest.mark.parametrize("kind", ["push", "random", "push or brake", "either end"])
def test_whoever_stays_in_the_bounds_keeps_every_joint_limit_at_every_instant(kind):
    rng = np.random.default_rng(2)
    position = rng.uniform(LIMITS.lower, LIMITS.upper, (STREAMS, 7))
    velocity, way = np.zeros_like(position), rng.choice([-1, 1], (STREAMS, 7))
    for _ in range(PERIODS):
        low, high = safe_velocity_bounds(position, velocity, LIMITS, PERIOD)
        slowed = brake(velocity, STEP)
        assert (low <= slowed).all() and (slowed <= high).all()
        after = wishes(kind, rng, low, high, velocity, way)
        positions, velocities = RAMP.period(position, velocity, after)
        assert (positions <= LIMITS.upper + 1e-12).all()
        assert (positions >= LIMITS.lower - 1e-12).all()
        lowest, highest = LIMITS.velocity_bounds(positions)
        assert (velocities <= highest + 1e-9).all()
        assert (velocities >= lowest - 1e-9).all()
        position, velocity = advance(position, velocity, after, PERIOD), after


def test_the_bounds_reach_the_end_of_the_range_but_for_millimetres():
    position, velocity = FR3.spec.home.copy(), np.zeros(7)
    for _ in range(400):
        _, high = safe_velocity_bounds(position, velocity, LIMITS, PERIOD)
        position, velocity = advance(position, velocity, high, PERIOD), high
    assert (LIMITS.upper - position < 0.012).all()
