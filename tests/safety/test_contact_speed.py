"""An arm that is held at its tool can still turn about it; stopping that must not be a blow."""

import numpy as np
import pytest

from robot_meta.collection.lockstep import lockstep
from robot_meta.reference import advance
from robot_meta.robots.description import arm_description
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.safety.reasons import Reason
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.types import Command

pytestmark = pytest.mark.sim
ARM = arm_description("fr3")
SPEC = ARM.spec
SENSITIVE = GuardConfig(contact_torque=(1.0,) * 7, external_force=200.0)
SPEED, TICKS = 1.5, 40  # largest joint speed that is asked for, [rad/s]; ticks before the stop


def turning_about_the_tool(observation, commanded):
    """The command that turns the arm about its tool, which the reference leaves in place."""
    position, velocity = commanded.position[1], commanded.velocity[1]
    motions = np.linalg.svd(ARM.chain.tool_jacobian(position)[:3])[2][3:]
    wanted = motions.T @ motions[:, 1]  # as much of joint 2 as the tool allows
    wanted = wanted / np.abs(wanted).max()
    step = 0.5 * SPEC.control_dt * SPEC.limits.acceleration
    following = velocity + np.clip(SPEED * wanted - velocity, -step, step)
    return Command(
        stamp=commanded.stamp,
        position=advance(position, velocity, following, SPEC.control_dt),
        velocity=following,
    )


def stop_in_contact(disabled=frozenset()):
    """Fastest joint of the reference, and the largest force while the guard stops the arm."""
    with MujocoRobot(ARM, TwinConfig()) as robot:
        robot.hold_tool(True)
        guard = Guard(SPEC, ARM.chain, SENSITIVE, disabled=disabled)
        guarded = GuardedRobot(robot, guard)
        assert guarded.arm()
        fastest = force = 0.0
        for k, tick in enumerate(lockstep(guarded, turning_about_the_tool, 2 * TICKS)):
            if guard.contact:
                fastest = max(fastest, float(np.abs(tick.commanded.velocity[1]).max()))
            if k == TICKS:
                guarded.hold("OPERATOR")
            if k >= TICKS:
                force = max(force, float(np.linalg.norm(robot.contact_force())))
    return fastest, force


def test_in_contact_the_joints_are_slow_and_a_stop_is_soft():
    fastest, force = stop_in_contact()
    fast, blow = stop_in_contact(disabled=frozenset({Reason.CONTACT_SPEED}))
    assert fastest <= SENSITIVE.contact_speed * 1.3 < fast
    assert force < 0.5 * blow
