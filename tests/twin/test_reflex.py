"""A twin that enforces limits, led by a guard that knows it by noisy sensors."""

import numpy as np
import pytest

from robot_meta.robots.description import arm_description
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard
from robot_meta.safety.state import State
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.reflex import VELOCITY_STEP
from robot_meta.types import Reference

pytestmark = pytest.mark.sim
ARM = arm_description("fr3")
SPEC = ARM.spec


@pytest.mark.parametrize("seed", range(5))
def test_neither_the_start_nor_a_recovery_behind_the_guard_is_a_reflex(seed):
    with MujocoRobot(ARM, TwinConfig(limits="enforce", seed=seed)) as twin:
        guarded = GuardedRobot(twin, Guard(SPEC, ARM.chain))
        for recoveries in range(3):
            for _ in range(3):
                guarded.tick(None)
                twin.step()
            assert (twin.stopped, guarded.state) == ("", State.HOLD)
            twin.befall("joint_reflex") if recoveries % 2 else guarded.stop()
            for _ in range(2):
                guarded.tick(None)
                twin.step()
            assert guarded.recover()


def test_a_first_reference_further_away_is_one():
    with MujocoRobot(ARM, TwinConfig(limits="enforce")) as twin:
        shape = (SPEC.samples_per_tick, SPEC.num_joints)
        far = np.broadcast_to(SPEC.home + 0.002, shape)
        twin.command(Reference(stamp=0.0, position=far, velocity=np.zeros(shape)))
        twin.step()
        assert twin.stopped == VELOCITY_STEP


def lead_with_jitter(lateness, periods=40):
    """A smooth motion in references that come so many milliseconds off their time, in turn."""
    n, dt = SPEC.samples_per_tick, SPEC.reference_dt
    time = np.arange(1, periods * n + 1)[:, None] * dt
    position = SPEC.home + 0.03 * (1.0 - np.cos(np.pi * time))
    velocity = np.broadcast_to(0.03 * np.pi * np.sin(np.pi * time), position.shape)
    now = 0
    with MujocoRobot(ARM, TwinConfig(limits="enforce", realtime=True)) as twin:
        for k in range(periods):
            due = k * n + lateness[k % len(lateness)]
            twin.advance(due - now)
            now = due
            part = slice(k * n, (k + 1) * n)
            stamp = twin.measure().stamp
            twin.command(Reference(stamp=stamp, position=position[part], velocity=velocity[part]))
        twin.advance(n)
        return twin.stopped


@pytest.mark.parametrize("lateness", [[0], [0, 1, -1], [0, 9, 2, -7], [0, 0, 10]])
def test_in_real_time_references_may_come_a_little_late_or_early(lateness):
    assert lead_with_jitter(lateness) == ""


@pytest.mark.parametrize("lateness", [[0, 0, 0, 12]])
def test_one_that_comes_later_leaves_a_gap_and_is_a_reflex(lateness):
    assert lead_with_jitter(lateness) == VELOCITY_STEP
