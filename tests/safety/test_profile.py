"""Samples of a period: exact ends, limits kept between them."""

import numpy as np
import pytest
import ruckig

from robot_meta.benchmarks.guard.arena import FR3
from robot_meta.reference import advance
from robot_meta.safety.profile import Ramp

SPEC = FR3.spec
RAMP = Ramp(SPEC.limits, SPEC.control_dt, SPEC.reference_dt)
RNG = np.random.default_rng(3)


def random_periods(count):
    position = RNG.uniform(-1, 1, (count, 7))
    velocity = RNG.uniform(-2, 2, (count, 7))
    return position, velocity, velocity + RNG.uniform(-1, 1, (count, 7)) * RAMP.step


def test_a_period_ends_bit_for_bit_where_the_shared_arithmetic_says():
    position, velocity, after = random_periods(100)
    positions, velocities = RAMP.period(position, velocity, after)
    np.testing.assert_array_equal(
        positions[:, -1], advance(position, velocity, after, SPEC.control_dt)
    )
    np.testing.assert_array_equal(velocities[:, -1], after)


def test_the_largest_change_is_the_ramp_that_ruckig_makes():
    problem = ruckig.InputParameter(7)
    problem.control_interface = ruckig.ControlInterface.Velocity
    problem.current_position = problem.current_velocity = [0.0] * 7
    problem.target_velocity = RAMP.step.tolist()
    problem.max_acceleration = SPEC.limits.acceleration.tolist()
    problem.max_jerk = SPEC.limits.jerk.tolist()
    trajectory = ruckig.Trajectory(7)
    ruckig.Ruckig(7, SPEC.reference_dt).calculate(problem, trajectory)
    times = np.arange(1, 21) * SPEC.reference_dt
    wanted = np.array([trajectory.at_time(t)[0] for t in times])
    positions, _ = RAMP.period(np.zeros(7), np.zeros(7), RAMP.step)
    np.testing.assert_allclose(positions, wanted, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_differences_of_samples_keep_acceleration_and_jerk_across_periods(seed):
    rng = np.random.default_rng(seed)
    position, velocity = np.zeros(7), np.zeros(7)
    stream = [position[None]] * 3
    for _ in range(50):
        after = velocity + rng.choice([-1.0, 1.0, 0.3], 7) * RAMP.step
        positions, _ = RAMP.period(position, velocity, after)
        stream.append(positions)
        position, velocity = positions[-1], after
    differences = np.concatenate(stream)
    velocities = np.diff(differences, axis=0) / SPEC.reference_dt
    acceleration = np.diff(velocities, axis=0) / SPEC.reference_dt
    jerk = np.diff(acceleration, axis=0) / SPEC.reference_dt
    assert np.abs(acceleration).max() <= SPEC.limits.acceleration.max() * (1 + 1e-6)
    assert np.abs(jerk).max() <= SPEC.limits.jerk.max() * (1 + 1e-6)
    assert np.abs(acceleration).max() > 0.99 * SPEC.limits.acceleration.max()


def test_a_stop_begins_with_the_period_and_ends_at_rest():
    position, velocity, after = random_periods(1)
    paths = RAMP.stopping(position[0], velocity[0], after)
    positions, _ = RAMP.period(position[0], velocity[0], after[0])
    np.testing.assert_allclose(paths[0, :20], positions, atol=1e-12)
    periods = np.ceil(np.abs(after / RAMP.step).max()) + 1
    assert paths.shape == (1, 20 * periods, 7)
    np.testing.assert_allclose(paths[0, -1], paths[0, -2], atol=1e-6)


def test_the_stop_of_the_next_period_is_the_rest_of_this_one():
    position, velocity, after = (x[0] for x in random_periods(1))
    path = RAMP.stopping(position, velocity, after[None])[0]
    end = advance(position, velocity, after, SPEC.control_dt)
    slower = np.copysign(np.clip(np.abs(after) - RAMP.step, 0, None), after)
    rest = RAMP.stopping(end, after, slower[None])[0]
    np.testing.assert_allclose(path[20 : 20 + len(rest)], rest[: len(path) - 20], atol=1e-12)
