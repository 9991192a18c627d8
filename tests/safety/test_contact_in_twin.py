"""A wall and a held tool in the twin: a controller that pushes on meets a bounded force."""

import dataclasses

import numpy as np
import pytest

from robot_meta.collection.lockstep import lockstep
from robot_meta.reference import advance, safe_velocity_bounds
from robot_meta.robots.description import arm_description
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.safety.reasons import Reason
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.scenes import SceneConfig
from robot_meta.twin.surroundings import TIP_RADIUS
from robot_meta.types import Command

pytestmark = pytest.mark.sim
ARM = arm_description("fr3")
SPEC = ARM.spec
TOOL = ARM.chain.tool_position_in_base(SPEC.home)
LIMIT = 40.0  # [N], GuardConfig.external_force
SPEED = 0.05  # of the tool towards the wall, [m/s]
PERIODS = 150
ALL_TOUCH = frozenset({Reason.LEAD, Reason.EXTERNAL_FORCE, Reason.EXTERNAL_TORQUE})


def pusher(direction):
    """A controller that moves the tool that way, whatever it meets."""

    def act(observation, commanded):
        position, velocity = commanded.position[1], commanded.velocity[1]
        jacobian = ARM.chain.tool_jacobian(position)[:3]
        low, high = safe_velocity_bounds(position, velocity, SPEC.limits, SPEC.control_dt)
        wanted = np.clip(np.linalg.pinv(jacobian, rcond=0.05) @ (SPEED * direction), low, high)
        return Command(
            stamp=observation.stamp,
            position=advance(position, velocity, wanted, SPEC.control_dt),
            velocity=wanted,
        )

    return act


def walled():
    point = (float(TOOL[0]) + TIP_RADIUS + 0.02, 0.0, 0.0)
    return MujocoRobot(ARM, TwinConfig(scene=SceneConfig(wall_point=point)))


def held():
    robot = MujocoRobot(ARM, TwinConfig())
    robot.hold_tool(True)
    return robot


def peak_force(robot, direction, *, config=None, disabled=()):
    """Largest force between tool and world, [N], and the guard at the end."""
    with robot:
        guard = Guard(SPEC, ARM.chain, config, disabled=disabled)
        guarded = GuardedRobot(robot, guard)
        assert guarded.arm()
        peak = 0.0
        for _ in lockstep(guarded, pusher(np.array(direction)), PERIODS):
            peak = max(peak, float(np.linalg.norm(robot.contact_force())))
    return peak, guard


CASES = pytest.mark.parametrize(
    ("make", "direction"),
    [
        (walled, (1.0, 0.0, 0.0)),
        (held, (1.0, 0.0, 0.0)),
        (held, (0.0, 1.0, 0.0)),
        (held, (0.0, 0.0, -1.0)),
    ],
    ids=["wall", "held x", "held y", "held z"],
)


@CASES
def test_a_blocked_tool_meets_no_more_than_the_configured_force_and_holds(make, direction):
    peak, guard = peak_force(make(), direction)
    assert 0.5 * LIMIT < peak <= 1.01 * LIMIT
    assert guard.state.name == "HOLD" and guard.reason.startswith("EXTERNAL")


@CASES
def test_without_the_rules_of_touch_the_same_push_goes_beyond_the_limit(make, direction):
    peak, guard = peak_force(make(), direction, disabled=ALL_TOUCH)
    assert peak > 1.4 * LIMIT and guard.state.name == "RUNNING"


@CASES
def test_the_cap_of_the_lead_alone_bounds_the_force_too(make, direction):
    config = GuardConfig(lead_limit=tuple(0.2 * np.array(GuardConfig().lead_limit)))
    only_lead = ALL_TOUCH - {Reason.LEAD}
    peak, guard = peak_force(make(), direction, config=config, disabled=only_lead)
    free, _ = peak_force(make(), direction, config=config, disabled=ALL_TOUCH)
    assert guard.state.name == "RUNNING" and guard.counts["LEAD"] > 20
    assert peak <= LIMIT < 1.4 * LIMIT < free


def test_after_recover_the_push_is_gone():
    robot = held()
    with robot:
        guarded = GuardedRobot(robot, Guard(SPEC, ARM.chain))
        guarded.arm()
        for _ in lockstep(guarded, pusher(np.array([1.0, 0.0, 0.0])), PERIODS):
            pass
        pressed = np.linalg.norm(robot.contact_force())
        assert guarded.recover()
        for _ in range(150):
            guarded.tick(None)
            guarded.step()
        assert np.linalg.norm(robot.contact_force()) < 0.2 * pressed
        assert guarded.arm()


def test_what_the_twin_was_sent_kept_the_cap_of_the_lead():
    config = dataclasses.replace(GuardConfig(), external_force=1e3)
    robot = held()
    with robot:
        guarded = GuardedRobot(
            robot, Guard(SPEC, ARM.chain, config, disabled={Reason.EXTERNAL_TORQUE})
        )
        guarded.arm()
        for tick in lockstep(guarded, pusher(np.array([1.0, 0.0, 0.0])), PERIODS):
            lead = np.abs(tick.commanded.position[1] - tick.observation.position)
            assert (
                lead * SPEC.stiffness <= np.array(config.lead_limit) * SPEC.stiffness + 0.5
            ).all()
