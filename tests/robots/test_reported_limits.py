"""Limits from a robot's own description, and that the tighter source always counts."""

import numpy as np
import pytest

from robot_meta.errors import UnsupportedRobot
from robot_meta.robots.description import arm_description
from robot_meta.robots.reported import reported_limits, tightest

FR3 = arm_description("fr3").spec.limits


def urdf(name="fr3", joints=7, *, limit="", curve=True, soft=True):
    def joint(i):
        ends = limit or 'lower="-1.5" upper="2.0" velocity="9.0" effort="50.0"'
        extra = (
            '<safety_controller soft_lower_limit="-1.4" soft_upper_limit="2.1"/>' if soft else ""
        )
        if curve:
            extra += (
                '<position_based_velocity_limits velocity_offset="0.3" deceleration_limit="6.0"/>'
            )
        return f'<joint name="j{i}" type="revolute"><limit {ends}/>{extra}</joint>'

    fixed = '<joint name="base" type="fixed"/>'
    return f'<robot name="{name}">{fixed}{"".join(map(joint, range(joints)))}</robot>'


def test_each_limit_is_read_and_the_narrower_end_of_the_range_counts():
    reported = reported_limits(urdf(), "fr3")
    np.testing.assert_array_equal(reported.lower, np.full(7, -1.4))
    np.testing.assert_array_equal(reported.upper, np.full(7, 2.0))
    np.testing.assert_array_equal(reported.velocity, np.full(7, 9.0))
    np.testing.assert_array_equal(reported.torque, np.full(7, 50.0))
    low, high = reported.curve.bounds(np.full(7, 1.9))
    np.testing.assert_allclose(high, np.sqrt(2 * 6.0 * 0.1) - 0.3)


def test_a_description_without_curves_and_soft_ends_is_enough():
    reported = reported_limits(urdf(curve=False, soft=False), "fr3")
    assert reported.curve is None
    np.testing.assert_array_equal(reported.lower, np.full(7, -1.5))


def test_the_tightest_of_both_sources_counts_at_every_joint_and_position():
    reported = reported_limits(urdf(), "fr3")
    both = tightest(FR3, reported)
    assert (both.lower >= np.maximum(FR3.lower, reported.lower)).all()
    assert (both.upper <= np.minimum(FR3.upper, reported.upper)).all()
    np.testing.assert_array_equal(both.velocity, FR3.velocity)  # 9 rad/s would be more
    np.testing.assert_array_equal(both.torque, np.minimum(FR3.torque, 50.0))
    position = np.linspace(both.lower, both.upper, 101)
    low, high = both.velocity_bounds(position)
    for source_low, source_high in (
        FR3.velocity_bounds(position),
        reported.curve.bounds(position),
    ):
        assert (low >= source_low).all() and (high <= source_high).all()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("not XML", "no URDF"),
        (urdf("panda"), "this is a 'panda', and 'fr3' was asked for"),
        ('<robot name="fr3"/>', "joints without limits"),
        (urdf(limit='lower="-1" upper="1"'), "incomplete limits"),
    ],
)
def test_a_description_that_cannot_be_used_is_refused(text, part):
    with pytest.raises(UnsupportedRobot, match=part):
        reported_limits(text, "fr3")


def test_another_number_of_joints_is_refused():
    with pytest.raises(UnsupportedRobot, match="6 joints, 7"):
        tightest(FR3, reported_limits(urdf(joints=6), "fr3"))
