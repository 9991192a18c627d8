"""Scenarios, the planning runner, and prediction along recorded episodes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import mujoco
import numpy as np
import pytest
import torch

from robot_meta.benchmarks.environments.locomotion import RunningReward
from robot_meta.benchmarks.grbal.agent import (
    LONGEST,
    PlanningRunner,
    RandomRunner,
    run_episode,
    scored_from,
)
from robot_meta.benchmarks.grbal.budget import Budget
from robot_meta.benchmarks.grbal.prediction import predict_episode, scale_of
from robot_meta.benchmarks.grbal.scenarios import SCENARIOS
from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.dynamics.difference_space import DifferenceSpace
from robot_meta.dynamics.model import Context
from robot_meta.dynamics.rollout import StepwiseRollout
from robot_meta.dynamics.window import Transition
from robot_meta.planning.mppi import MPPI, MPPIConfig
from robot_meta.planning.planner import SamplingConfig

EVERY_SCENARIO = pytest.mark.parametrize("name", SCENARIOS)


@EVERY_SCENARIO
def test_what_comes_after_the_change_is_held_out(name):
    scenario = SCENARIOS[name]
    environment = scenario.make()
    environment.reset(seed=0, options={"task": scenario.before})
    after = scenario.after(environment)
    tasks = [scenario.training_task(environment, e, seed) for e in range(40) for seed in range(5)]
    assert after != scenario.before
    assert after not in tasks
    assert environment.task_set.nominal in tasks
    assert len(set(tasks)) > 3


@EVERY_SCENARIO
def test_the_network_sees_the_robot_the_same_wherever_it_is(name):
    scenario = SCENARIOS[name]
    environment = scenario.make()
    environment.reset(seed=0, options={"task": environment.task_set.nominal})
    joint = "root" if name == "ant_leg" else "rootx"
    seen = []
    for moved in (0.0, 3.0):
        environment.data.joint(joint).qpos[0] += moved
        torch_state = torch.as_tensor(observed(environment))
        action = torch.zeros(environment.action_size, dtype=torch.float64)
        seen.append(scenario.space(environment).features(torch_state, action))
    torch.testing.assert_close(seen[0], seen[1])


def observed(environment):
    mujoco.mj_kinematics(environment.model, environment.data)
    mujoco.mj_comPos(environment.model, environment.data)
    return environment._observe()


def test_the_slope_begins_ahead_of_the_robot_wherever_it_has_run_to():
    scenario = SCENARIOS["cheetah_terrain"]
    environment = scenario.make()
    environment.reset(seed=0, options={"task": scenario.before})
    for place in (-5.0, 0.0, 7.0):
        environment.data.joint("rootx").qpos[0] = place
        observed(environment)
        heights = scenario.after(environment).profile()
        x = np.linspace(-50.0, 50.0, len(heights))
        assert np.interp(place + 0.5, x, heights) == 0.0
        assert np.interp(place + 3.0, x, heights) > 0.1


def test_a_change_within_an_episode_happens_at_its_step():
    scenario = SCENARIOS["ant_leg"]
    environment = scenario.make()
    dead = []

    class Watcher(RandomRunner):
        def observe(self, transition: Transition) -> None:
            dead.append(environment.powered.min() == 0.0)

    data, rewards = run_episode(
        environment, Watcher(8, 0), task=scenario.before, steps=10, seed=0,
        changes={6: scenario.after},
    )  # fmt: skip
    assert dead == [False] * 6 + [True] * 4
    assert rewards == pytest.approx(
        environment.reward(data.state[:-1], data.action, data.state[1:])
    )


@pytest.mark.parametrize("name", [name for name, s in SCENARIOS.items() if s.returns])
def test_the_body_changes_to_and_fro(name):
    scenario = SCENARIOS[name]
    environment = scenario.make()
    tasks = []

    class Watcher(RandomRunner):
        def observe(self, transition: Transition) -> None:
            tasks.append(environment.task)

    short = dataclasses.replace(scenario, steps=8)
    size = environment.action_size
    run_episode(
        environment, Watcher(size, 0), task=scenario.before, steps=8, seed=0,
        changes=short.to_and_fro(),
    )  # fmt: skip
    first, other = scenario.before, scenario.after(environment)
    assert tasks == [first, first, other, other] * 2


def test_random_actions_are_kept_up_for_a_while():
    runner = RandomRunner(2, seed=0)
    actions = np.array([runner.act(np.zeros(3)) for _ in range(2000)])
    kept = np.diff(np.flatnonzero(np.diff(actions[:, 0])))
    assert (kept.min(), kept.max()) == (1, LONGEST)
    assert np.abs(actions).max() <= 1.0 and actions.std() == pytest.approx(3**-0.5, rel=0.1)


SPACE = DifferenceSpace(state_size=3, action_size=1)


@dataclass
class Sled:
    """Slides along x as fast as it is pushed; the true model of itself."""

    space = SPACE
    params: dict
    gain: float = 1.0

    def predict(self, context, state, action):
        push = self.gain * action.sum(-1, keepdim=True)
        return state + torch.cat([push, torch.zeros_like(state[..., 1:])], dim=-1)


class Spy:
    """An adapter that adapts nothing, and remembers how much it had seen when asked."""

    def __init__(self):
        self.seen, self.asked = 0, []

    def reset_task(self):
        self.seen = 0

    def observe(self, transition):
        self.seen += 1

    def context(self):
        self.asked.append(self.seen)
        return Context({})


def test_the_runner_plans_to_where_the_reward_is():
    reward = RunningReward(control_dt=1.0, effort=0.1, alive=0.0)
    sampling = SamplingConfig(num_samples=64, horizon=3, knots=2, noise_std=0.5)
    for gain in (1.0, -1.0):
        planner = MPPI(MPPIConfig(sampling=sampling), 1)
        rollout = StepwiseRollout(Sled({}, gain))
        runner = PlanningRunner(rollout, Spy(), reward, planner, seed=0)
        actions = [runner.act(np.full(3, 5.0)) for _ in range(10)]
        assert np.sign(actions[-1][0]) == gain
        assert abs(actions[-1][0]) > 0.5
        assert len(runner.seconds) == 10


def test_imagined_futures_are_scored_as_real_ones_are():
    environment = SCENARIOS["cheetah_joint"].make()
    data, rewards = run_episode(
        environment, RandomRunner(6, 0), task=SCENARIOS["cheetah_joint"].before, steps=8, seed=0
    )
    states, actions = (torch.as_tensor(part)[None] for part in (data.state, data.action))
    score = scored_from(environment.reward, states[0, 0])
    assert score(states[:, 1:], actions)[0].numpy() == pytest.approx(rewards)


def sled_episode(steps):
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1.0, 1.0, (steps, 1))
    place = np.concatenate([[0.0], np.cumsum(actions[:, 0])])
    return EpisodeData(np.stack([place, 0 * place, 0 * place], axis=1), actions)


def test_a_perfect_model_has_no_error_and_a_wrong_one_that_of_its_gain():
    episode = sled_episode(40)
    scale = scale_of([episode])
    assert scale[0] == pytest.approx(np.diff(episode.state[:, 0]).std())

    def predicted(gain):
        return predict_episode(Sled({}, gain), Spy(), episode, scale, first_window=20, query=5)

    perfect, wrong = predicted(1.0), predicted(2.0)
    assert perfect.one_step == pytest.approx(np.zeros(40), abs=1e-5)
    # one of three entries is wrong, by as much as it moves
    assert wrong.one_step == pytest.approx(
        np.abs(episode.action[:, 0]) / scale[0] / np.sqrt(3.0), rel=1e-3
    )
    known = np.flatnonzero(np.isfinite(perfect.many_steps))
    assert known.tolist() == list(range(0, 31, 5))
    assert len(perfect.before) == len(perfect.after) == 4
    assert wrong.before == pytest.approx(wrong.after)


def test_every_step_is_predicted_before_it_is_looked_at():
    spy = Spy()
    spy.seen = 7  # of another episode
    predict_episode(Sled({}), spy, sled_episode(30), np.ones(3), first_window=10, query=5)
    assert spy.asked == list(range(30))


def test_a_budget_without_episodes_is_refused():
    with pytest.raises(ValueError, match="at least one episode"):
        Budget(predicted=0)


def test_a_budget_predicts_only_what_was_run():
    with pytest.raises(ValueError, match="predicted <= tests"):
        Budget(tests=1, predicted=2)
