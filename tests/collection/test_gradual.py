"""Excitation that begins slowly: judged behind the guard, in the twin."""

import numpy as np
import pytest

from robot_meta.collection.gradual import GradualConfig, GradualExcitation
from robot_meta.collection.lockstep import lockstep
from robot_meta.robots.description import arm_description
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.twin.collision import SelfCollision
from robot_meta.twin.mujoco_robot import MujocoRobot

pytestmark = pytest.mark.sim
ARM = arm_description("fr3")
SHORT = GradualConfig(duration=12.0, slow_time=4.0, growth_time=4.0)


@pytest.fixture(scope="module")
def driven():
    """Motion and periods of a short excitation that begins away from home."""
    guard = GuardConfig()
    with MujocoRobot(ARM) as robot:
        robot.reset(ARM.spec.home + 0.1)
        guarded = GuardedRobot(robot, Guard(ARM.spec, ARM.chain, guard, SelfCollision(ARM)))
        guarded.arm()
        rng = np.random.default_rng(0)
        motion = GradualExcitation(ARM.spec, ARM.chain, SHORT, rng, guard.tool_speed)
        ticks = lockstep(guarded, lambda observation, commanded: motion.act(commanded), 1000)
        return motion, [tick.commanded for tick in ticks]


def test_it_is_slow_first_and_never_faster_than_its_share(driven):
    _, sent = driven
    fastest = np.array([np.abs(period.velocity).max() for period in sent])
    top = [SHORT.share(i * ARM.spec.control_dt) for i in range(len(sent))]
    assert (fastest[:600] <= np.array(top[:600]) * SHORT.top_speed + 1e-9).all()
    assert 0.02 < fastest[:200].max() <= 0.1 < 0.3 < fastest[400:600].max()


def test_it_ends_at_rest_where_it_began_and_drives_back_slowly(driven):
    motion, sent = driven
    assert motion.arrived
    assert not sent[-1].velocity.any()
    np.testing.assert_allclose(sent[-1].position[1], sent[0].position[0], atol=1e-6)
    away = max(np.abs(p.position[1] - sent[0].position[0]).max() for p in sent)
    assert away > 0.2
    assert max(np.abs(p.velocity).max() for p in sent[650:]) <= SHORT.return_speed


def test_the_guard_has_next_to_nothing_to_alter(driven):
    _, sent = driven
    assert np.mean([period.altered for period in sent[1:]]) < 0.01


def test_every_joint_moves_to_and_fro(driven):
    _, sent = driven
    velocity = np.array([period.velocity[1] for period in sent[:600]])
    assert (np.ptp([p.position[1] for p in sent], axis=0) > 0.1).all()
    assert ((velocity > 0.02).mean(axis=0) > 0.1).all()
    assert ((velocity < -0.02).mean(axis=0) > 0.1).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"first_share": 0.0}, "first_share must be in"),
        ({"duration": 0.0}, "duration must be > 0"),
        ({"slow_time": -1.0}, "slow_time must be >= 0"),
    ],
)
def test_wrong_settings_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        GradualConfig(**wrong)
