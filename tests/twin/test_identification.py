"""The twin's friction, delay and stiffness, found again from what a changed twin did."""

from dataclasses import replace

import numpy as np
import pytest

from robot_meta.collection.gradual import GradualConfig, GradualExcitation, standing
from robot_meta.collection.lockstep import lockstep
from robot_meta.robots.description import arm_description
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.twin.identification import errors, fit_behavior, nominal_behavior
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.perturbations import Perturbations
from robot_meta.twin.plant import PlantConfig
from robot_meta.twin.segments import SegmentSimulator, segments_from

pytestmark = pytest.mark.sim
ARM = arm_description("fr3")
FRICTION = (2.0, 1.5, 0.8, 1.137, 0.4, 0.6, 0.4)
DAMPING = (0.5, 0.21, 0.8, 0.3, 0.1, 0.4, 0.21)
GAIN = (1.0, 0.8, 0.9, 0.7, 1.0, 0.6, 0.9)
HIDDEN = TwinConfig(
    plant=PlantConfig(friction=FRICTION, damping=DAMPING),
    perturbations=Perturbations(joint_gain=GAIN, command_delay=0.012),
)
LIVELY = GradualConfig(duration=60.0, slow_time=0.0, growth_time=1.0)


def driven(twin, ticks, act=None):
    """What a twin measured and was sent in `ticks` periods."""
    with MujocoRobot(ARM, twin) as robot:
        guarded = GuardedRobot(robot, Guard(ARM.spec, ARM.chain))
        guarded.arm()
        rng, speed = np.random.default_rng(1), GuardConfig().tool_speed
        motion = GradualExcitation(ARM.spec, ARM.chain, LIVELY, rng, speed)
        act = act or (lambda observation, commanded: motion.act(commanded))
        return [(t.observation, t.commanded) for t in lockstep(guarded, act, ticks)]


def fitted(twin):
    """Fitted behavior, and RMS position error after 20 periods, nominal and fitted, [rad]."""
    rng = np.random.default_rng(0)
    segments = segments_from(ARM.spec, driven(twin, 900), 20, 28, rng)
    simulator = SegmentSimulator(ARM, PlantConfig().observation_delay)
    nominal = nominal_behavior(ARM)
    found = fit_behavior(simulator, segments[::2], nominal)
    last = [errors(simulator, segments[1::2], body)[0][:, -1] for body in (nominal, found)]
    return found, *(float(np.sqrt(np.mean(error**2))) for error in last)


def test_hidden_friction_delay_and_stiffness_are_found_again():
    found, before, after = fitted(HIDDEN)
    np.testing.assert_allclose(found.friction, FRICTION, rtol=0.06)
    np.testing.assert_allclose(found.gain, GAIN, rtol=0.03)
    np.testing.assert_allclose(found.damping, DAMPING, rtol=0.3)
    assert found.delay == pytest.approx(0.012, abs=0.001)
    assert after < 0.05 * before


def test_a_run_of_the_nominal_twin_changes_next_to_nothing():
    found, before, after = fitted(TwinConfig())
    nominal = nominal_behavior(ARM)
    np.testing.assert_allclose(found.friction, nominal.friction, rtol=0.03)
    np.testing.assert_allclose(found.gain, nominal.gain, rtol=0.02)
    np.testing.assert_allclose(found.damping, nominal.damping, rtol=0.15)
    assert found.delay < 0.0005
    assert after == pytest.approx(before, rel=0.3)


def test_a_segment_driven_by_the_true_body_ends_where_the_twin_was():
    """Against the twin itself, without noise: delay, history and readings are those it has."""
    quiet = replace(HIDDEN, plant=replace(HIDDEN.plant, position_noise=0.0, velocity_noise=0.0))
    (segment,) = segments_from(ARM.spec, driven(quiet, 170), 150, 1, np.random.default_rng(0))
    simulator = SegmentSimulator(ARM, HIDDEN.plant.observation_delay)
    simulator.set_body(np.array(FRICTION), np.array(DAMPING), np.array(GAIN))
    position, velocity = simulator.run(segment, 0.012)
    np.testing.assert_allclose(position, segment.position[1:], atol=2e-5)
    np.testing.assert_allclose(velocity, segment.velocity[1:], atol=1e-3)
    early, _ = simulator.run(segment, 0.0)
    assert np.abs(early - segment.position[1:]).max() > 1e-3


def test_a_run_without_motion_is_refused_with_the_joints_that_rest():
    steps = driven(TwinConfig(), 60, lambda observation, c: standing(c, ARM.spec))
    with pytest.raises(ValueError, match="fr3_joint1, .*fr3_joint7 move less than"):
        segments_from(ARM.spec, steps, 10, 4, np.random.default_rng(0))


def test_a_run_that_is_too_short_or_torn_is_refused_with_the_length_it_has():
    steps = driven(TwinConfig(), 60)
    torn = steps[:20] + steps[21:40] + steps[42:]
    for given, longest in ((steps[:26], 26), (torn, 20), ([], 0)):
        with pytest.raises(ValueError, match=f"stretch of 27 control periods, got {longest};"):
            segments_from(ARM.spec, given, 20, 4, np.random.default_rng(0))
