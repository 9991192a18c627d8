"""Joint targets that keep range and torque."""

import numpy as np
import pytest

from robot_meta.robots.description import legged_description
from robot_meta.safety.walking import limited_targets

SPEC = legged_description("go2").spec


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_asked_the_law_keeps_the_torque_limit(seed):
    rng = np.random.default_rng(seed)
    position = rng.uniform(SPEC.joint_lower, SPEC.joint_upper)
    velocity, asked = 20.0 * rng.standard_normal(12), position + 5.0 * rng.standard_normal(12)
    targets = limited_targets(asked, position, velocity, SPEC.stiffness, SPEC.damping, SPEC)
    torque = SPEC.stiffness * (targets - position) - SPEC.damping * velocity
    assert (np.abs(torque) <= SPEC.torque_limit + 1e-9).all()


def test_what_keeps_both_limits_passes_bit_for_bit_and_the_calf_has_its_own():
    still = np.zeros(12)
    asked = SPEC.stand + 0.3
    same = limited_targets(asked, SPEC.stand, still, SPEC.stiffness, SPEC.damping, SPEC)
    np.testing.assert_array_equal(same, asked)
    stiff = np.full(12, 200.0)
    bent = limited_targets(asked, SPEC.stand, still, stiff, SPEC.damping, SPEC)
    np.testing.assert_allclose((200.0 * (bent - SPEC.stand))[:3], [23.7, 23.7, 35.55])


def test_targets_stay_in_range():
    far = np.full(12, 9.0)
    reached = limited_targets(
        far, SPEC.joint_upper, np.zeros(12), SPEC.stiffness, SPEC.damping, SPEC
    )
    np.testing.assert_array_equal(reached, SPEC.joint_upper)
