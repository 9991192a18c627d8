"""Forward kinematics against itself by other roads, and rotations there and back."""

import numpy as np
import pytest

from robot_meta.kinematics import quat_xyzw_from_rotation, rotation_from_quat_wxyz
from robot_meta.robots.description import arm_description

CHAIN = arm_description("fr3").chain
HOME = arm_description("fr3").spec.home


@pytest.mark.parametrize("seed", range(10))
def test_a_rotation_becomes_a_quaternion_and_back(seed):
    quat_wxyz = np.random.default_rng(seed).normal(size=4)
    rotation = rotation_from_quat_wxyz(quat_wxyz)
    x, y, z, w = quat_xyzw_from_rotation(rotation)
    assert w >= 0.0
    np.testing.assert_allclose(rotation_from_quat_wxyz(np.array([w, x, y, z])), rotation)


@pytest.mark.parametrize("axis", range(3))
def test_half_turns_have_a_quaternion_too(axis):
    quat_wxyz = np.eye(4)[axis + 1]
    quat = quat_xyzw_from_rotation(rotation_from_quat_wxyz(quat_wxyz))
    np.testing.assert_allclose(np.abs(quat), np.eye(4)[axis], atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_jacobian_is_the_slope_of_the_tool_position(seed):
    position = HOME + np.random.default_rng(seed).normal(0.0, 0.3, 7)
    bump = 1e-6 * np.eye(7)
    slope = CHAIN.tool_position_in_base(position + bump)
    slope = (slope - CHAIN.tool_position_in_base(position - bump)) / 2e-6
    np.testing.assert_allclose(CHAIN.tool_jacobian(position)[:3], slope.T, atol=1e-8)


def test_frames_and_the_short_cut_agree_on_the_tool():
    origins, _ = CHAIN.joint_frames_in_base(HOME)
    np.testing.assert_allclose(origins[-1], CHAIN.tool_position_in_base(HOME), atol=1e-12)
