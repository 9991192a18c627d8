"""Dead joints, other masses and damping; slopes; the pier."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from robot_meta.benchmarks.environments.half_cheetah import CheetahBody, HalfCheetahJoint
from robot_meta.benchmarks.environments.pier import BLOCKS, HalfCheetahPier, Pier, block_joint
from robot_meta.benchmarks.environments.terrain import (
    BASIN,
    GENTLE,
    HILL,
    STEEP,
    HalfCheetahTerrain,
    Terrain,
)

GEARS = np.array([120, 90, 60, 120, 60, 30])  # [Nm] of a unit action
RNG_SEEDS = range(40)


def draws(task_set):
    return [task_set.draw("train", np.random.default_rng(seed)) for seed in RNG_SEEDS]


@pytest.mark.parametrize("joint", range(6))
def test_a_disabled_joint_alone_gives_no_torque(make, joint):
    environment = make("HalfCheetahJoint")
    environment.reset(seed=0, options={"task": CheetahBody(disabled=(joint,))})
    environment.step(np.full(6, 0.5))
    torque = environment.data.qfrc_actuator[3:]
    assert torque == pytest.approx(0.5 * GEARS * (np.arange(6) != joint))


def test_published_joints_are_one_to_five_and_the_back_thigh_is_held_out():
    task_set = HalfCheetahJoint.TASK_SETS["published"]
    assert {task.disabled for task in draws(task_set)} == {(1,), (2,), (3,), (4,), (5,)}
    assert task_set.held_out == (CheetahBody(disabled=(0,)),)


def test_cadm_and_mac_disable_other_joints_in_training():
    for name, trained in (
        ("cadm", {(0,), (1,), (2,), (3,)}),
        ("mac", {(), (0,), (1,), (2,), (3,)}),
    ):
        task_set = HalfCheetahJoint.TASK_SETS[name]
        assert {task.disabled for task in draws(task_set)} == trained
        assert {joint for task in task_set.held_out for joint in task.disabled} == {4, 5}


def test_masses_and_damping_scale_with_the_task(make):
    environment = make("HalfCheetahJoint", tasks="cadm_body")
    assert environment.model.body_mass.sum() == pytest.approx(14.0)
    environment.set_task(CheetahBody(mass_scale=0.5, damping_scale=2.0))
    assert environment.model.body_mass.sum() == pytest.approx(7.0)
    assert environment.model.body_subtreemass[0] == pytest.approx(7.0)
    assert environment.model.dof_damping[3:] == pytest.approx([12, 9, 6, 9, 6, 3])
    outside = [t.mass_scale for t in HalfCheetahJoint.TASK_SETS["cadm_body"].held_out]
    assert not [scale for scale in outside if 0.75 <= scale <= 1.25]


def test_a_body_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="0 to 5"):
        CheetahBody(disabled=(6,))
    with pytest.raises(ValueError, match="> 0"):
        CheetahBody(mass_scale=0.0)


def ground(environment, x):
    """Height of the ground at x, found by looking down from above, [m]."""
    top = 6.0
    hit = mujoco.mj_ray(
        environment.model,
        environment.data,
        np.array([x, 2.0, top]),
        np.array([0.0, 0.0, -1.0]),
        None,
        1,
        -1,
        np.zeros(1, dtype=np.int32),
    )
    return top - hit


@pytest.mark.parametrize(
    ("task", "heights"),
    [
        (Terrain(), {-20.0: 0.0, 5.0: 0.0, 30.0: 0.0}),
        (HILL, {-1.0: 0.0, 3.0: 0.6, 7.0: 0.0}),
        (BASIN, {-1.0: 0.55, 3.0: 0.0, 7.0: 0.55}),
        (GENTLE, {-1.0: 0.0, 9.0: 0.5, 20.0: 1.0}),
        (STEEP, {-1.0: 0.0, 9.0: 2.0, 20.0: 4.0}),
    ],
)
def test_the_ground_is_as_high_as_its_profile_says(make, task, heights):
    environment = make("HalfCheetahTerrain")
    environment.reset(seed=0, options={"task": task})
    for x, height in heights.items():
        assert ground(environment, x) == pytest.approx(height, abs=0.05)


def test_training_ground_goes_up_twice_and_then_as_it_pleases():
    task_set = HalfCheetahTerrain.TASK_SETS["published"]
    for task in draws(task_set):
        profile = task.profile()
        assert 0.2 <= task.height <= 1.0
        assert profile.min() == 0.0
        assert profile.max() == pytest.approx(task.height)
        assert np.ptp(profile[:255]) == 0.0  # flat where it starts: ramps begin at column 255
        assert (np.diff(profile)[254:274] > 0.0).all()
        assert np.ptp(profile[314:]) == 0.0  # six ramps of ten columns
        slopes = np.abs(task.slopes)
        assert ((slopes >= 0.2) & (slopes <= 0.6)).all()
    later = [np.sign(task.slopes[2:]) for task in draws(task_set)]
    assert 0.3 < np.mean(np.array(later) > 0) < 0.7


@pytest.mark.parametrize("task", [BASIN, HILL, STEEP, Terrain()])
def test_the_robot_starts_above_the_ground_whatever_its_height(make, task):
    environment = make("HalfCheetahTerrain")
    environment.reset(seed=0, options={"task": task})
    feet = [environment.data.geom(name).xpos[2] for name in ("bfoot", "ffoot")]
    assert min(feet) - ground(environment, 0.0) > 0.1
    assert environment.data.ncon == 0
    for _ in range(200):
        environment.step(np.zeros(6))
    assert environment.data.ncon > 0  # it has come down on it
    assert environment.data.qpos[1] > -0.8 + ground(environment, 0.0)


def test_terrain_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="height"):
        Terrain(height=5.0, slopes=(1.0,))
    with pytest.raises(ValueError, match="slope"):
        Terrain(height=1.0)
    with pytest.raises(ValueError, match="fit"):
        Terrain(height=1.0, slopes=(1.0,) * 20)


def still_pier(environment, task, steps):
    """Position of each block, (steps, 8), [m], while the robot stands on it."""
    environment.reset(seed=0, options={"task": task})
    places = []
    for _ in range(steps):
        environment.step(np.zeros(6))
        places.append([environment.data.joint(block_joint(i)).qpos[0] for i in range(8)])
    return np.array(places)


def test_the_pier_floats_and_gives_way_under_the_robot(make):
    environment = make("HalfCheetahPier")
    places = still_pier(environment, Pier(blocks=(5.0,) * 8), 600)
    own_weight = environment.model.body("block_0").mass[0] * 9.81 / 150.0
    assert 0.05 < own_weight < 0.15  # neither rigid nor on its stop
    assert places[-1, 0] == pytest.approx(-own_weight, abs=0.005)
    assert places[-1, 1] < -own_weight - 0.02  # the robot stands on the second block
    assert environment.data.subtree_com[environment.model.body("torso").id][2] > -0.1


def test_a_damped_block_sinks_later_than_an_undamped_one(make):
    environment = make("HalfCheetahPier")
    places = still_pier(environment, Pier(blocks=(0.0,) + (10.0,) * 7), 40)
    assert places[-1, 0] < 0.8 * places[-1, 7] < 0.0


def test_the_pier_is_observed_only_through_the_robot(make):
    environment = make("HalfCheetahPier")
    observation, _ = environment.reset(seed=0)
    before = environment.data.qpos[1:9].copy()
    assert observation[:8] == pytest.approx(before)
    environment.data.joint(block_joint(7)).qpos[0] = 0.1
    assert environment._observe() == pytest.approx(observation)


def test_pier_draws_are_between_zero_and_ten_and_differ_by_block():
    task_set = HalfCheetahPier.TASK_SETS["published"]
    blocks = np.array([task.blocks for task in draws(task_set)])
    assert ((blocks >= 0.0) & (blocks <= 10.0)).all()
    assert blocks.min() < 1.0 and blocks.max() > 9.0
    assert (blocks.std(axis=1) > 0.0).all()
    assert all(len(set(task.blocks)) == 1 for task in task_set.held_out)


def test_macs_pier_changes_the_joints_of_the_robot(make):
    environment = make("HalfCheetahPier", tasks="mac")
    task_set = HalfCheetahPier.TASK_SETS["mac"]
    assert len({task_set.draw("train", np.random.default_rng(s)) for s in range(200)}) == 9
    environment.set_task(task_set.held_out[0])
    assert environment.model.dof_damping[3:9] == pytest.approx([2.7, 3.0, 6.6, 4.5, 7.5, 5.3])
    environment.set_task(task_set.nominal)
    assert environment.model.dof_damping[3:9] == pytest.approx([6.0, 4.5, 3.0, 4.5, 3.0, 1.5])


def test_blocks_leave_no_gap_that_a_foot_falls_into():
    ends = [(center - half, center + half) for center, half in BLOCKS]
    gaps = [right[0] - left[1] for left, right in zip(ends[:-1], ends[1:], strict=True)]
    assert gaps == pytest.approx([0.002] * 7)


def test_a_pier_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="8 blocks"):
        Pier(blocks=(1.0,))
    with pytest.raises(ValueError, match=">= 0"):
        Pier(joints=(-1.0,) * 6)
