"""The judge finds each broken limit, and nothing in a stream that breaks none."""

import numpy as np
import pytest

from robot_meta.benchmarks.guard.arena import FR3, WIDE, Arena, clearance
from robot_meta.safety.profile import Ramp
from robot_meta.safety.reasons import Reason

SPEC, LIMITS = FR3.spec, FR3.spec.limits
RAMP = Ramp(LIMITS, SPEC.control_dt, SPEC.reference_dt)
JUDGE = Arena(FR3, WIDE, clearance, np.empty(0)).judge


def rules(stream):
    return {violation.rule for violation in JUDGE.violations(stream)}


def ramped(start, *velocities):
    position, velocity, stream = np.array(start), np.zeros(7), [np.array(start)[None]]
    for after in velocities:
        samples, _ = RAMP.period(position, velocity, np.array(after))
        stream.append(samples)
        position, velocity = samples[-1], np.array(after)
    return np.concatenate(stream)


def test_a_gentle_stream_breaks_nothing():
    assert rules(ramped(SPEC.home, RAMP.step, 2 * RAMP.step, RAMP.step, 0 * RAMP.step)) == set()


def test_a_step_breaks_velocity_acceleration_and_jerk():
    stream = np.vstack([SPEC.home, SPEC.home + 0.01])
    assert {Reason.VELOCITY, Reason.ACCELERATION, Reason.JERK} <= rules(stream)


def test_a_little_too_much_acceleration_is_found_and_measured():
    stream = ramped(SPEC.home, RAMP.step * (1 + 1e-4))
    found = {violation.rule: violation for violation in JUDGE.violations(stream)}
    assert found.keys() == {Reason.ACCELERATION}
    assert found[Reason.ACCELERATION].excess == pytest.approx(10.0 * 1e-4, rel=0.01)
    assert found[Reason.ACCELERATION].limit == 10.0


@pytest.mark.parametrize("joint", range(7))
def test_standing_outside_the_range_is_found(joint):
    for end, way in ((LIMITS.upper, 1e-3), (LIMITS.lower, -1e-3)):
        start = SPEC.home.copy()
        start[joint] = end[joint] + way
        assert Reason.POSITION in rules(np.tile(start, (5, 1)))


def test_moving_on_at_the_end_of_the_range_breaks_the_velocity_curve():
    start = SPEC.home.copy()
    start[1] = LIMITS.upper[1] - 0.02
    stream = ramped(start, np.eye(7)[1] * 0.18)
    assert rules(stream) == {Reason.VELOCITY_CURVE}


def test_too_near_to_itself_is_found():
    folded = np.array([0.0, -1.7, 0.0, -3.0, 0.0, 0.6, 0.0])
    assert clearance(folded[None], WIDE.table_height) < 0.0
    assert Reason.SELF_COLLISION in rules(np.tile(folded, (3, 1)))


def test_what_is_not_a_number_breaks_every_rule_it_touches():
    stream = ramped(SPEC.home, RAMP.step)
    stream[7, 3] = np.nan
    found = JUDGE.violations(stream)
    assert {Reason.POSITION, Reason.VELOCITY, Reason.TOOL_SPEED} <= {v.rule for v in found}
    assert all(v.excess == np.inf for v in found if v.rule is Reason.POSITION)
