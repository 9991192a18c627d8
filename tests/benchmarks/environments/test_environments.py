"""What holds for every published task: gymnasium's rules, the clock, the reward, the draws."""

from __future__ import annotations

import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from robot_meta.benchmarks.environments.ant import AntLeg
from robot_meta.benchmarks.environments.half_cheetah import HalfCheetahJoint
from robot_meta.benchmarks.environments.pier import HalfCheetahPier
from robot_meta.benchmarks.environments.registration import ENVIRONMENTS, register
from robot_meta.benchmarks.environments.terrain import HalfCheetahTerrain

CLASSES = {
    "HalfCheetahJoint": HalfCheetahJoint,
    "HalfCheetahTerrain": HalfCheetahTerrain,
    "HalfCheetahPier": HalfCheetahPier,
    "AntLeg": AntLeg,
}
LISTS = [(name, tasks) for name, kind in CLASSES.items() for tasks in kind.TASK_SETS]
EVERY_ENVIRONMENT = pytest.mark.parametrize("name", CLASSES)
EVERY_LIST = pytest.mark.parametrize(("name", "tasks"), LISTS)


def rollout(environment, steps, seed):
    """Observations (steps + 1, S), actions (steps, A) and rewards (steps,) of random actions."""
    rng = np.random.default_rng(seed)
    observations = [environment.reset(seed=seed)[0]]
    actions = rng.uniform(-1, 1, (steps, environment.action_space.shape[0]))
    rewards = []
    for action in actions:
        observation, reward, terminated, truncated, _ = environment.step(action)
        assert not (terminated or truncated)
        observations.append(observation)
        rewards.append(reward)
    return np.array(observations), actions, np.array(rewards)


@EVERY_LIST
def test_gymnasiums_checker_finds_nothing_to_complain_about(make, name, tasks):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(name, tasks=tasks), skip_render_check=True)


def test_importing_the_package_registers_nothing():
    code = (
        "import gymnasium, robot_meta.benchmarks.environments.registration;"
        "print([n for n in gymnasium.registry if 'robot_meta' in n])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_registering_twice_is_registering_once():
    register()
    before = {name: gymnasium.registry[name] for name in ENVIRONMENTS}
    register()
    assert {name: gymnasium.registry[name] for name in ENVIRONMENTS} == before


@pytest.mark.parametrize(
    ("name", "control_dt", "state_size", "action_size", "steps"),
    [
        ("HalfCheetahJoint", 0.01, 20, 6, 1000),
        ("HalfCheetahTerrain", 0.01, 20, 6, 1000),
        ("HalfCheetahPier", 0.01, 20, 6, 1000),
        ("AntLeg", 0.02, 41, 8, 500),
    ],
)
def test_clock_and_sizes_are_the_published_ones(
    make, name, control_dt, state_size, action_size, steps
):
    environment = make(name)
    environment.reset(seed=0)
    start = environment.data.time
    environment.step(np.zeros(action_size))
    assert environment.control_dt == pytest.approx(control_dt)
    assert environment.data.time - start == pytest.approx(control_dt)
    assert environment.observation_space.shape == (state_size,)
    assert environment.action_space.shape == (action_size,)
    assert gymnasium.spec(f"robot_meta/{name}-v0").max_episode_steps == steps
    assert environment.metadata["render_fps"] == pytest.approx(1.0 / control_dt)


@pytest.mark.parametrize(
    ("name", "effort", "alive"),
    [
        ("HalfCheetahJoint", 0.05, 0.0),
        ("HalfCheetahTerrain", 0.05, 0.0),
        ("HalfCheetahPier", 0.05, 0.0),
        ("AntLeg", 0.0, 0.05),
    ],
)
def test_reward_is_the_speed_of_the_whole_bodys_centre_of_mass_less_effort(
    make, name, effort, alive
):
    environment = make(name)
    environment.reset(seed=3)
    action = np.random.default_rng(0).uniform(-1, 1, environment.action_space.shape)
    for _ in range(20):
        before = center_of_mass(environment)
        observation, reward, *_ = environment.step(action)
        after = center_of_mass(environment)
        speed = (after[0] - before[0]) / environment.control_dt
        assert observation[-3:] == pytest.approx(after)
        assert reward == pytest.approx(speed + alive - effort * np.sum(action**2), rel=1e-6)


def center_of_mass(environment):
    """Of the robot alone, from the mass and place of each of its bodies."""
    model, data = environment.model, environment.data
    names = [model.body(i).name for i in range(model.nbody)]
    robot = [i for i in range(1, model.nbody) if not names[i].startswith("block")]
    masses = model.body_mass[robot]
    return masses @ data.xipos[robot] / masses.sum()


@EVERY_ENVIRONMENT
def test_the_reward_of_whole_rollouts_is_that_of_each_step(make, name):
    environment = make(name)
    observations, actions, rewards = rollout(environment, 30, seed=0)
    together = environment.reward(observations[:-1], actions, observations[1:])
    assert together == pytest.approx(rewards)


@EVERY_LIST
def test_the_same_seed_gives_the_same_task_and_the_same_episode(make, name, tasks):
    first, again = (make(name, tasks=tasks) for _ in range(2))
    runs = [rollout(environment, 20, seed=5)[0] for environment in (first, again)]
    assert first.task == again.task
    assert (runs[0] == runs[1]).all()
    assert not (rollout(first, 20, seed=6)[0] == runs[0]).all()


@EVERY_LIST
def test_training_never_draws_what_is_held_out(name, tasks):
    task_set = CLASSES[name].TASK_SETS[tasks]
    rng = np.random.default_rng(0)
    drawn = {task_set.draw("train", rng) for _ in range(500)}
    held_out = {task_set.draw("test", rng) for _ in range(500)}
    assert len(drawn) > 2
    assert held_out == set(task_set.held_out)
    assert not drawn & held_out
    assert task_set.nominal not in held_out
    assert {task_set.draw("nominal", rng) for _ in range(3)} == {task_set.nominal}


@EVERY_LIST
def test_a_task_leaves_nothing_behind(make, name, tasks):
    environment = make(name, tasks=tasks, split="test")
    environment.reset(options={"task": environment.task_set.nominal})
    fields = [f for f in dir(environment.model) if f.startswith(("body_", "dof_", "geom_", "hf"))]
    untouched = {field: np.array(getattr(environment.model, field)) for field in fields}
    for task in environment.task_set.held_out * 2:
        environment.set_task(task)
    environment.set_task(environment.task_set.nominal)
    for field in fields:
        assert np.array_equal(getattr(environment.model, field), untouched[field]), field
    assert environment.model.opt.gravity[2] == -9.81
    assert (environment.powered == 1.0).all()


@EVERY_LIST
def test_every_held_out_task_changes_what_happens(make, name, tasks):
    environment = make(name, tasks=tasks)
    nominal = rollout_of(environment, environment.task_set.nominal)
    for task in environment.task_set.held_out:
        assert np.abs(rollout_of(environment, task) - nominal).max() > 1e-3, task


def rollout_of(environment, task):
    observations = [environment.reset(seed=0, options={"task": task})[0]]
    action = np.random.default_rng(1).uniform(-1, 1, environment.action_space.shape)
    observations += [environment.step(action)[0] for _ in range(100)]
    return np.array(observations)


@EVERY_ENVIRONMENT
def test_a_change_within_an_episode_leaves_the_robot_where_it_is(make, name):
    environment = make(name, split="nominal")
    observation = rollout(environment, 20, seed=0)[0][-1]
    environment.set_task(environment.task_set.held_out[-1])
    place = environment.data.qpos.copy()
    environment.step(np.zeros(environment.action_space.shape))
    assert np.abs(environment.data.qpos - place).max() < 0.2
    assert np.isfinite(observation).all()


@EVERY_ENVIRONMENT
def test_wrong_arguments_name_what_would_have_worked(make, name):
    with pytest.raises(ValueError, match="published"):
        make(name, tasks="unpublished")
    with pytest.raises(ValueError, match="nominal"):
        make(name, split="dev")
    environment = make(name)
    environment.reset(seed=0)
    with pytest.raises(ValueError, match="want"):
        environment.step(np.zeros(1))
