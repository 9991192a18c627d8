"""What stands in a cell: the guard keeps the arm away from it, and without the rule it is hit."""

import dataclasses

import numpy as np
import pytest

from robot_meta.robots.description import arm_description
from robot_meta.robots.fixture import Fixture
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.safety.reasons import Reason
from robot_meta.twin.collision import SelfCollision
from robot_meta.twin.desk.layout import desk_layout
from robot_meta.twin.desk.standing import standing_parts
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.scenes import SceneConfig
from robot_meta.types import Command

pytestmark = pytest.mark.sim
FR3 = arm_description("fr3")
SPEC = FR3.spec
POST = Fixture(name="post", size=(0.08, 0.08, 0.56), position=(0.214, 0.22, 0.28))
TALL = dataclasses.replace(POST, size=(0.08, 0.08, 1.0), position=(0.214, 0.22, 0.5))
TOUCH = {Reason.EXTERNAL_TORQUE, Reason.EXTERNAL_FORCE, Reason.LEAD}
SIDEWAYS = np.array([0.3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])  # [rad/s], turns the hand to the post


def drive(fixtures=(POST,), *, standing=(POST,), disabled=(), periods=160):
    """Turn towards the post; distances from it and forces on the arm, one per period, the guard.

    Args:
        fixtures: That the guard knows of.
        standing: That really stand there.
        disabled: Rules of the guard that are switched off.
        periods: How long.
    """
    robot = MujocoRobot(FR3, TwinConfig(scene=SceneConfig(fixtures=standing)))
    distance, judge = SelfCollision(FR3, fixtures), SelfCollision(FR3, (POST,))
    guard = Guard(SPEC, FR3.chain, GuardConfig(), distance, disabled=disabled)
    guarded, gaps, forces = GuardedRobot(robot, guard), [], []
    assert guarded.arm()
    command = None
    for _ in range(periods):
        tick = guarded.tick(command)
        command = Command(
            stamp=tick.observation.stamp,
            position=tick.commanded.position[1] + SPEC.control_dt * SIDEWAYS,
            velocity=SIDEWAYS,
        )
        guarded.step()
        gaps.append(judge(tick.observation.position))
        forces.append(np.linalg.norm(robot.contact_force()))
    return gaps, forces, guard


def test_the_guard_stops_before_a_fixture_and_names_the_rule():
    gaps, forces, guard = drive()
    assert min(gaps) >= GuardConfig().self_distance - 0.003  # the arm lags behind its reference
    assert min(gaps) < 0.05  # it went there
    assert max(forces) == 0.0
    assert guard.counts["SELF_COLLISION"] > 10


def test_without_the_rule_the_arm_runs_into_it_and_the_twin_feels_it():
    gaps, forces, _ = drive(disabled={Reason.SELF_COLLISION, *TOUCH})
    assert min(gaps) < 0.005 and max(forces) > 10.0


def test_a_fixture_that_nobody_told_the_guard_of_is_run_into_as_well():
    _, forces, _ = drive(fixtures=(), disabled=TOUCH)
    assert max(forces) > 10.0


def test_without_the_rule_and_without_anything_there_the_arm_goes_through_its_place():
    gaps, forces, _ = drive(standing=(), disabled={Reason.SELF_COLLISION})
    assert min(gaps) < -0.03 and max(forces) == 0.0


def test_the_hand_may_touch_what_is_touchable_and_the_arm_may_not():
    turned = SPEC.home + 0.5 * np.eye(7)[0]
    assert SelfCollision(FR3, [POST])(turned) < 0.02
    touchable = [dataclasses.replace(fixture, touchable=True) for fixture in (POST, TALL)]
    assert SelfCollision(FR3, touchable[:1])(turned) > 0.02
    distance, parts = SelfCollision(FR3, touchable[1:]).nearest(turned)
    assert distance < 0.02 and parts == ("fr3_link5", "fixture/post")


def test_a_turned_box_reaches_where_its_corners_are():
    flat = Fixture(name="wall", size=(0.02, 2.0, 2.0), position=(0.75, 0.0, 0.5))
    turned = dataclasses.replace(flat, size=(2.0, 0.02, 2.0), rotation=(0.0, 0.0, 0.5 * np.pi))
    posture = SPEC.home + np.array([0.0, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0])
    one, other = (SelfCollision(FR3, [wall])(posture) for wall in (flat, turned))
    assert one == pytest.approx(other, abs=1e-6) and one < 0.1


def test_a_long_tool_is_kept_from_table_and_fixtures_as_the_hand_is():
    chain = dataclasses.replace(
        FR3.chain, tool_position=FR3.flange_position + np.array([0.0, 0.0, 0.45])
    )
    long = dataclasses.replace(FR3, chain=chain)
    tip = chain.tool_position_in_base(SPEC.home)
    with_rod, without = SelfCollision(long, rod=0.01), SelfCollision(long)
    table = float(tip[2]) - 0.05
    assert with_rod(SPEC.home, table) == pytest.approx(0.04, abs=1e-3)
    assert without(SPEC.home, table) > 0.05
    box = Fixture(name="box", size=(0.1, 0.1, 0.1), position=(*tip[:2], float(tip[2]) - 0.09))
    assert SelfCollision(long, [box], rod=0.01)(SPEC.home) == pytest.approx(0.03, abs=1e-3)


@pytest.mark.parametrize("seed", [-1, 3])
def test_the_arm_keeps_away_from_the_desk_that_its_hand_plays_with(seed):
    parts = standing_parts(FR3, desk_layout(seed))
    assert {"drawer_top", "door_cabinet", "knob_base"} <= {part.name for part in parts}
    assert all(part.touchable for part in parts)
    rng, found = np.random.default_rng(0), set()
    distance = SelfCollision(FR3, parts)
    for posture in rng.uniform(SPEC.limits.lower, SPEC.limits.upper, (3000, 7)):
        gap, near = distance.nearest(posture)
        if gap < 0.02 and near[1].startswith("fixture/"):
            found.add(near[0])
    assert found and found <= {f"fr3_link{i}" for i in range(1, 7)}
    assert distance(SPEC.home) > 0.05
