"""Force at the tool from joint torques."""

import numpy as np
import pytest

from robot_meta.benchmarks.guard.arena import FR3
from robot_meta.safety.forces import force_is_below, tool_force, tool_wrench

HOME = FR3.spec.home


@pytest.mark.parametrize("axis", range(3))
def test_a_force_at_the_tool_is_recovered_from_its_torques(axis):
    force = 30.0 * np.eye(3)[axis]
    torque = FR3.chain.tool_jacobian(HOME)[:3].T @ force
    np.testing.assert_allclose(tool_wrench(FR3.chain, HOME, torque)[:3], force, atol=0.6)


def test_the_short_cut_answers_as_the_estimate_does():
    rng = np.random.default_rng(0)
    answers = []
    for _ in range(300):
        posture = rng.uniform(FR3.spec.limits.lower, FR3.spec.limits.upper)
        torque = rng.normal(0.0, rng.choice([1.0, 5.0, 20.0]), 7)
        below = tool_force(FR3.chain, posture, torque) <= 40.0
        assert force_is_below(40.0, FR3.chain, posture, torque) == below
        answers.append(below)
    assert 0 < sum(answers) < len(answers)
