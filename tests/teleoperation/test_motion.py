"""A person drives the tool: nothing jumps, all stops in time, the guard need not step in."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_meta.perception.poses import Pose
from robot_meta.reference import advance, safe_velocity_bounds
from robot_meta.robots.description import arm_description
from robot_meta.safety.guard import GuardConfig
from robot_meta.teleoperation.clutch import Hold
from robot_meta.teleoperation.device import Reading
from robot_meta.teleoperation.motion import LEVELS, MotionConfig, Teleoperator
from robot_meta.twin.collision import SelfCollision
from robot_meta.types import Commanded

pytestmark = pytest.mark.sim
STOP_PERIODS = 4  # 80 ms; a hand lets go up to a period before that is read


def still(commanded):
    return not commanded.velocity[1].any()


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("way", [-1.0, 1.0])
def test_the_tool_goes_where_it_is_pushed_and_the_guard_alters_nothing(driven, axis, way):
    person = driven(MotionConfig(share=0.25))
    person.push(way * np.eye(3)[axis], 20)
    before = person.tool
    person.push(way * np.eye(3)[axis], 20)
    speed = 0.25 * 0.9 * person.guard_config.tool_speed
    expected = speed * 20 * 0.02 * way * np.eye(3)[axis]
    np.testing.assert_allclose(person.tool - before, expected, atol=1e-3)
    assert person.reasons(2) == set()


def test_pushing_askew_is_no_faster_than_pushing_along_an_axis(driven):
    person = driven(MotionConfig(share=0.5))
    person.push([1.0, 1.0, -1.0], 20)
    before = person.tool
    person.push([1.0, 1.0, -1.0], 10)
    speed = np.linalg.norm(person.tool - before) / 0.2
    assert speed == pytest.approx(0.5 * 0.9 * person.guard_config.tool_speed, rel=0.03)
    assert person.reasons(2) == set()


def test_a_tool_whose_joints_cannot_keep_up_is_slower_and_keeps_its_way(driven):
    person = driven()
    start, way = person.tool, np.array([0.0, 1.0, -1.0]) / np.sqrt(2.0)
    person.push([0, 1.0, -1.0], 120)
    moved = person.tool - start
    assert 0.2 < moved @ way < 0.2 * 120 * 0.02
    assert np.linalg.norm(moved - (moved @ way) * way) < 5e-3


def test_the_tool_speeds_up_gently_however_it_is_pushed(driven):
    person = driven()
    speeds = [0.0]
    for _ in range(20):
        before = person.tool
        person.push([0, 1.0, 0], 1)
        speeds.append(np.linalg.norm(person.tool - before) / 0.02)
    gains = np.diff(speeds) / 0.02
    assert 0.8 < gains.max() < 1.1 * MotionConfig().acceleration


def test_turning_turns_the_tool_about_its_point(driven):
    person = driven(MotionConfig(share=0.5))
    place, turned = person.tool, person.rotation
    person.push([0, 0, 0, 0, 0, 1.0], 40)
    person.let_go(10)
    angle = np.arctan2(*(person.rotation @ turned.T)[[1, 0], 0])
    assert 0.2 < angle < 0.4 * 40 * 0.02
    np.testing.assert_allclose(person.tool, place, atol=2e-3)


pushes = st.lists(st.floats(-1.0, 1.0), min_size=6, max_size=6)


@settings(max_examples=25, deadline=None)
@given(push=pushes, periods=st.integers(1, 60))
def test_a_hand_that_lets_go_has_the_tool_at_rest_within_100_ms(driven, push, periods):
    person = driven()
    person.push(push, periods)
    begin = len(person.commanded)
    person.let_go(STOP_PERIODS + 3)
    assert all(map(still, person.commanded[begin + STOP_PERIODS - 1 :]))
    assert person.reasons(2) <= {"SELF_COLLISION"}


steps = st.tuples(
    st.sampled_from(["push", "let go", "hold", "arm", "home", "follow", "limits", "elsewhere"]),
    st.integers(1, 12),
    pushes,
)


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(steps, min_size=3, max_size=12))
def test_no_clutch_no_hold_and_no_new_limit_makes_a_command_that_jumps(driven, steps):
    """Whatever happened, a command begins where the reference stands, and can be stopped."""
    person, spec = driven(), driven().arm.spec
    for what, periods, push in steps:
        reading = Reading()
        if what == "push":
            reading = Reading(engaged=True, velocity=np.array(push))
        elif what == "follow":  # a hand that is anywhere, as after a lost track
            hand = Pose(position=np.array(push[:3]), rotation=np.eye(3))
            reading = Reading(engaged=True, hand=hand)
        elif what == "hold":
            person.robot.hold()
        elif what == "arm":
            person.robot.arm()
        elif what == "home":
            person.robot.hold()
            person.robot.home()
        elif what == "limits":
            person.teleoperator.use(GuardConfig(tool_speed=0.05 + 0.2 * abs(push[0])))
        elif what == "elsewhere":  # an answer to a period that is far from all before
            person.command = person.teleoperator.command_for(
                at_rest(spec.home + np.array([*push, 0.0])), Reading(), True
            )
        for commanded in person.periods(reading, periods):
            position, velocity = commanded.position[1], commanded.velocity[1]
        low, high = safe_velocity_bounds(position, velocity, spec.limits, spec.control_dt)
        assert (person.command.velocity >= low).all() and (person.command.velocity <= high).all()
        np.testing.assert_array_equal(
            person.command.position,
            advance(position, velocity, person.command.velocity, spec.control_dt),
        )
    assert "JUMP" not in person.reasons()
    assert "CORRECTION" not in person.reasons()


def at_rest(position):
    return Commanded(
        stamp=1.0,
        position=np.stack([position, position]),
        velocity=np.zeros((2, 7)),
        altered=False,
        reason="",
    )


def test_a_robot_that_is_armed_under_a_closed_clutch_waits_for_it_to_open(driven):
    person = driven()
    person.robot.hold()
    person.push([1.0, 0, 0], 10)
    place = person.commanded[-1].position[1]
    assert person.teleoperator.clutch.hold is Hold.WAITING
    assert person.robot.arm()
    person.push([1.0, 0, 0], 10)
    np.testing.assert_array_equal(person.commanded[-1].position[1], place)
    person.let_go(1)
    person.push([1.0, 0, 0], 10)
    assert np.abs(person.commanded[-1].position[1] - place).max() > 1e-3


def test_nothing_moves_before_the_limits_of_the_guard_are_known(arm):
    teleoperator = Teleoperator(arm)
    push = Reading(engaged=True, velocity=np.ones(6))
    command = teleoperator.command_for(at_rest(arm.spec.home), push, following=True)
    assert not command.velocity.any()


@pytest.mark.parametrize(
    ("axis", "way"), [(0, 1.0), (0, -1.0), (1, 1.0), (1, -1.0), (2, 1.0), (2, -1.0)]
)
def test_at_a_wall_the_tool_stays_inside_and_the_guard_alters_nothing(driven, axis, way):
    box = GuardConfig(workspace_lower=(0.25, -0.1, 0.4), workspace_upper=(0.4, 0.1, 0.6))
    person = driven(guard=box)
    push = 0.3 * np.ones(3)  # along the walls as well
    push[axis] = way
    person.push(push, 150)
    lower, upper = np.array(box.workspace_lower), np.array(box.workspace_upper)
    assert (person.tool > lower).all() and (person.tool < upper).all()
    wall = upper if way > 0 else lower
    assert abs(person.tool - wall)[axis] < 0.01
    assert person.reasons(2) == set()


def test_the_table_is_a_wall(driven):
    person = driven(guard=GuardConfig(table_height=0.4))
    person.push([0, 0, -1.0], 100)
    assert 0.41 < person.tool[2] < 0.42
    assert person.reasons(2) == set()


@pytest.mark.parametrize("seed", range(3))
def test_the_guard_alters_nothing_of_what_is_asked_at_random(driven, arm, seed):
    rng, person = np.random.default_rng(seed), driven(clearance=SelfCollision(arm))
    for _ in range(15):
        person.push(rng.uniform(-1.0, 1.0, 3), rng.integers(5, 60))
        person.let_go(rng.integers(1, 12))
    assert person.reasons(2) == set()


def test_a_button_chooses_among_the_speeds(arm):
    teleoperator = Teleoperator(arm, MotionConfig(share=0.5))
    teleoperator.faster(1)
    assert teleoperator.share == 1.0
    teleoperator.faster(5)
    assert teleoperator.share == LEVELS[-1]
    teleoperator.faster(-10)
    assert teleoperator.share == LEVELS[0]


def test_a_slow_robot_is_driven_within_its_speed(driven):
    person = driven(arm=arm_description("fr3", speed=0.05))
    person.push([0.5, 0.5, 0.3], 100)
    limit = person.arm.spec.limits.velocity
    assert all((abs(c.velocity) <= limit + 1e-12).all() for c in person.commanded)
    assert person.reasons(2) == set()


def test_a_wrong_setting_is_said():
    with pytest.raises(ValueError, match="share must be in"):
        MotionConfig(share=0.0)
    with pytest.raises(ValueError, match="acceleration must be > 0"):
        dataclasses.replace(MotionConfig(), acceleration=-1.0)
