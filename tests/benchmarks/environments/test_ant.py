"""Crippled legs, shifted mass, other gravity."""

from __future__ import annotations

import numpy as np
import pytest

from robot_meta.benchmarks.environments.ant import LEGS, AntBody, AntLeg

PUBLISHED = {0: (2, 3), 1: (4, 5), 2: (6, 7), 3: (0, 1)}  # leg: its motors
JOINTS = {0: 1, 1: 2, 2: 3, 3: 4}  # leg: number in its joints' names


@pytest.mark.parametrize("leg", PUBLISHED)
def test_a_crippled_leg_has_no_torque_and_the_others_all_of_it(make, leg):
    environment = make("AntLeg")
    environment.reset(seed=0, options={"task": AntBody(crippled=(leg,))})
    environment.step(np.ones(8))
    force = environment.data.actuator_force
    want = np.ones(8)
    want[list(PUBLISHED[leg])] = 0.0
    assert force == pytest.approx(want)
    for name in ("hip", "ankle"):
        dof = environment.model.joint(f"{name}_{JOINTS[leg]}").dofadr[0]
        assert environment.data.qfrc_actuator[dof] == 0.0
    assert np.abs(environment.data.qfrc_actuator).max() == pytest.approx(150.0)  # [Nm]


@pytest.mark.parametrize("leg", PUBLISHED)
def test_a_crippled_leg_is_half_as_large_but_as_heavy(make, leg):
    environment = make("AntLeg")
    model = environment.model
    sizes, masses = model.geom_size.copy(), model.body_mass.copy()
    environment.set_task(AntBody(crippled=(leg,)))
    limbs = [model.geom(name).id for name in LEGS[leg][1]]
    others = [i for i in range(model.ngeom) if i not in limbs]
    assert model.geom_size[limbs, :2] == pytest.approx(sizes[limbs, :2] / 2.0)
    assert (model.geom_size[others] == sizes[others]).all()
    assert (model.geom_pos[limbs[1]] == model.geom_pos[limbs[0]]).all()
    assert (model.body_mass == masses).all()
    bodies = [model.geom(name).bodyid[0] for name in LEGS[leg][1]]
    names = [model.joint(model.body(body).jntadr[0]).name for body in bodies]
    assert names == [f"hip_{JOINTS[leg]}", f"ankle_{JOINTS[leg]}"]


def test_the_fourth_leg_is_held_out():
    for name, trained in (("published", {(0,), (1,), (2,)}), ("mac", {(), (0,), (1,), (2,)})):
        task_set = AntLeg.TASK_SETS[name]
        drawn = {task_set.draw("train", np.random.default_rng(s)).crippled for s in range(60)}
        assert drawn == trained
        assert task_set.held_out == (AntBody(crippled=(3,)),)


def test_mass_goes_from_front_to_back(make):
    environment = make("AntLeg", tasks="cadm")
    masses = environment.model.body_mass.copy()
    names = [environment.model.body(i).name for i in range(environment.model.nbody)]
    front, back = names.index("front_left_leg"), names.index("back_leg")
    environment.set_task(AntBody(front_mass_scale=0.5))
    ratio = environment.model.body_mass[2:] / masses[2:]
    assert ratio == pytest.approx(np.repeat([0.5, 2.0], 6))
    assert (front, back) == (2, 8)
    assert environment.model.body_mass[1] == masses[1]  # the torso


def test_gravity_pulls_as_the_task_says(make):
    environment = make("AntLeg", tasks="mac_gravity")
    environment.reset(seed=0, options={"task": AntBody(gravity=-3.0)})
    environment.data.qpos[2] = 5.0  # in the air
    before = environment.data.subtree_com[1].copy()
    velocity = []
    for _ in range(3):
        environment.step(np.zeros(8))
        velocity.append((environment.data.subtree_com[1][2] - before[2]) / 0.02)
        before = environment.data.subtree_com[1].copy()
    assert np.diff(velocity)[-1] / 0.02 == pytest.approx(-3.0, rel=0.02)


def test_it_starts_low_with_bent_ankles(make):
    environment = make("AntLeg")
    environment.reset(seed=0)
    want = [0, 0, 0.55, 1, 0, 0, 0, 0, 1, 0, -1, 0, -1, 0, 1]
    assert np.abs(environment.data.qpos - want).max() < 0.06  # 0.01 of noise


def test_contacts_are_the_published_ones(make):
    model = make("AntLeg").model
    assert model.geom_solref == pytest.approx(np.tile([0.02, 1.0], (model.ngeom, 1)))
    assert model.geom_solimp[:, :3] == pytest.approx(np.tile([0.8, 0.8, 0.01], (model.ngeom, 1)))


def test_an_ant_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="0 to 3"):
        AntBody(crippled=(4,))
    with pytest.raises(ValueError, match="> 0"):
        AntBody(front_mass_scale=0.0)
