"""Tool velocities become joint commands that the guard passes, and nothing ever jumps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_meta.collection.cartesian import CartesianAction, CartesianConfig
from robot_meta.reference import advance, safe_velocity_bounds
from robot_meta.robots.description import arm_description
from robot_meta.robots.fake import FakeRobot
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.types import Commanded

ARM = arm_description("fr3")
SPEC = ARM.spec
pytestmark = pytest.mark.sim


@pytest.fixture(scope="module")
def action():
    return CartesianAction(ARM)


def play(action, wanted, ticks):
    """Tool poses of the reference while `wanted(k)` is asked for, and reasons of the guard."""
    action.engage(SPEC.home)
    guarded = GuardedRobot(FakeRobot(SPEC), Guard(SPEC, ARM.chain, GuardConfig()))
    guarded.arm()
    command, poses, reasons = None, [], []
    for k in range(ticks):
        tick = guarded.tick(command)
        frames = ARM.chain.joint_frames_in_base(tick.commanded.position[1])
        poses.append((frames[0][-1], frames[1][-1]))
        reasons.append(tick.commanded.reason)
        command = action.command_for(tick.commanded, np.asarray(wanted(k), float))
        guarded.step()
    return poses, reasons


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("way", [-0.5, 0.5])
def test_the_tool_goes_where_it_is_told_and_stays_upright(action, axis, way):
    wanted = way * np.eye(3)[axis]
    poses, reasons = play(action, lambda k: wanted, 80)
    (before, turned), (after, still) = poses[40], poses[79]
    expected = CartesianConfig().speed * 39 * SPEC.control_dt * wanted
    np.testing.assert_allclose(after - before, expected, atol=2e-3)
    np.testing.assert_allclose(still, turned, atol=0.01)
    assert not set(reasons[5:]) - {""}


def test_turning_turns_the_tool_and_leaves_it_in_its_place(action):
    poses, _ = play(action, lambda k: [0, 0, 0, 0, 0, 0.5 if k < 50 else 0.0], 80)
    (start, before), (end, after) = poses[0], poses[-1]
    angle = CartesianConfig().turn_speed * 0.5 * 50 * SPEC.control_dt
    turn = after @ before.T
    assert np.arctan2(turn[1, 0], turn[0, 0]) == pytest.approx(angle, abs=0.02)
    np.testing.assert_allclose(end, start, atol=2e-3)


def test_nothing_asked_is_nothing_moved(action):
    poses, _ = play(action, lambda k: np.zeros(3), 100)
    np.testing.assert_allclose(poses[-1][0], poses[0][0], atol=1e-4)


joints = st.lists(st.floats(0.1, 0.9), min_size=7, max_size=7).map(
    lambda share: SPEC.limits.lower + np.array(share) * (SPEC.limits.upper - SPEC.limits.lower)
)
actions = st.lists(st.floats(-2.0, 2.0), min_size=3, max_size=3)


@settings(deadline=None)
@given(joints, actions, joints)
def test_taking_hold_anywhere_never_asks_for_more_than_one_period_can_do(action, q, wanted, old):
    """However far away it was engaged before: a re-clutch, a lost device, another start."""
    action.engage(old)
    action.engage(q)
    commanded = Commanded(
        stamp=1.0, position=np.stack([q, q]), velocity=np.zeros((2, 7)), altered=False, reason=""
    )
    command = action.command_for(commanded, np.array(wanted))
    low, high = safe_velocity_bounds(q, np.zeros(7), SPEC.limits, SPEC.control_dt)
    assert (command.velocity >= low).all() and (command.velocity <= high).all()
    np.testing.assert_array_equal(
        command.position, advance(q, np.zeros(7), command.velocity, SPEC.control_dt)
    )


def test_a_posture_has_the_tool_where_it_was_asked_for(action):
    for tool in ([0.45, 0.1, 0.25], [0.35, -0.3, 0.2]):
        posture = action.posture(np.array(tool))
        origins, rotations = ARM.chain.joint_frames_in_base(posture)
        np.testing.assert_allclose(origins[-1], tool, atol=1e-3)
        np.testing.assert_allclose(rotations[-1][2], [0.0, 0.0, -1.0], atol=0.02)


def test_a_posture_out_of_reach_is_said(action):
    with pytest.raises(ValueError, match="out of reach"):
        action.posture(np.array([1.5, 0.0, 0.3]))


@pytest.mark.parametrize("wrong", [[0.0, 0.0], [0.0, np.nan, 0.0]])
def test_an_action_that_makes_no_sense_is_refused(action, wrong):
    with pytest.raises(ValueError, match="3 or 6"):
        play(action, lambda k: wrong, 1)
