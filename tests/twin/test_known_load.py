"""A load that the cell names is carried in the twin, and the law and the observer know of it."""

import numpy as np
import pytest

from robot_meta.robots.cell import KnownLoad
from robot_meta.robots.description import arm_description
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.perturbations import Perturbations
from robot_meta.twin.scenes import SceneConfig, build_arm_model
from robot_meta.types import Reference

pytestmark = pytest.mark.sim
FR3 = arm_description("fr3")
SPEC = FR3.spec
NO_LOAD, LOAD = (
    KnownLoad(),
    KnownLoad(mass=1.5, center=(0.0, 0.02, 0.1), inertia=(0.01, 0, 0, 0, 0.01, 0, 0, 0, 0.005)),
)


def held(load=NO_LOAD, payload=0.0, periods=100):
    """Hold the home posture for 2 s: how far the arm sags [rad], and what it feels [Nm]."""
    config = TwinConfig(
        scene=SceneConfig(load=load), perturbations=Perturbations(payload_mass=payload)
    )
    with MujocoRobot(FR3, config) as robot:
        still = (SPEC.samples_per_tick, SPEC.num_joints)
        for _ in range(periods):
            robot.command(
                Reference(
                    stamp=robot.time,
                    position=np.broadcast_to(SPEC.home, still),
                    velocity=np.zeros(still),
                )
            )
            observation = robot.step()
    sag = np.abs(observation.position - SPEC.home).max()
    return sag, np.abs(observation.external_torque).max()


def test_a_known_load_neither_sags_nor_is_felt_as_something_from_outside():
    sag, felt = held(LOAD)
    assert sag < 1e-3 and felt < 0.5


def test_the_same_mass_that_nobody_told_the_law_of_does_both():
    sag, felt = held(payload=LOAD.mass)
    assert sag > 5e-3 and felt > 3.0


def test_its_weight_is_really_there_at_its_place_in_the_flange_frame():
    bare = build_arm_model(FR3, SceneConfig())
    model = build_arm_model(FR3, SceneConfig(load=LOAD))
    assert model.body_mass.sum() == pytest.approx(bare.body_mass.sum() + LOAD.mass)
    load = model.body("load")
    assert model.body(load.parentid[0]).name == "fr3_link7"
    np.testing.assert_allclose(load.pos, FR3.flange_position)
    np.testing.assert_allclose(load.ipos, LOAD.center)
    np.testing.assert_allclose(sorted(load.inertia), [0.005, 0.01, 0.01])


def test_a_load_without_a_known_inertia_is_a_point():
    model = build_arm_model(FR3, SceneConfig(load=KnownLoad(mass=0.5)))
    assert 0.0 < model.body("load").inertia.max() < 1e-5
