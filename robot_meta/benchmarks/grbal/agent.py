"""Who runs: a planner on an adapting model, or chance; and what comes of an episode."""

from __future__ import annotations

import time
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from robot_meta.benchmarks.environments.locomotion import Locomotion, RunningReward
from robot_meta.benchmarks.grbal.scenarios import Changes
from robot_meta.dynamics.adapter import Adapter
from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.dynamics.rollout import Rollout
from robot_meta.dynamics.window import Transition
from robot_meta.planning.planner import Planner
from robot_meta.planning.returns import Score, make_returns
from robot_meta.types import Array


class Runner(Protocol):
    """Anything that can run an episode."""

    def act(self, state: Array) -> Array:
        """Action (A,) in state (S,)."""

    def observe(self, transition: Transition) -> None:
        """What came of it."""


LONGEST = 10  # steps for which a random action is kept up


class RandomRunner:
    """Uniformly random actions, each for 1 to `LONGEST` steps.

    Differs from Nagabandi et al. 2019, where every step has one of its own: at 100 Hz those
    average out, the robot trembles on the spot, and a model of that is of no use to a planner.
    """

    def __init__(self, action_size: int, seed: int) -> None:
        self._rng, self._action, self._left = np.random.default_rng(seed), np.zeros(action_size), 0

    def act(self, state: Array) -> Array:
        """Whatever comes."""
        if not self._left:
            self._left = int(self._rng.integers(1, LONGEST, endpoint=True))
            self._action = self._rng.uniform(-1.0, 1.0, len(self._action))
        self._left -= 1
        return self._action

    def observe(self, transition: Transition) -> None:
        """Learn nothing from it."""


class PlanningRunner:
    """Adapt, plan, act.

    Args:
        rollout: Of a model that was trained on this environment.
        adapter: Of that model.
        reward: The environment's own.
        planner: What searches.
        seed: Of its random numbers.
    """

    def __init__(
        self,
        rollout: Rollout,
        adapter: Adapter,
        reward: RunningReward,
        planner: Planner,
        seed: int,
    ) -> None:
        self._rollout, self._adapter, self._reward = rollout, adapter, reward
        self._planner = planner
        self._rng = np.random.default_rng(seed)
        self.seconds: list[tuple[float, float]] = []  # per tick: adapting, planning

    def act(self, state: Array) -> Array:
        """First action of the best plan under the model as it is adapted now."""
        begin = time.perf_counter()
        context = self._adapter.context()
        adapted = time.perf_counter()
        start = torch.as_tensor(state).float()
        plan = self._planner.plan(
            make_returns(self._rollout.begin(context, start), scored_from(self._reward, start)),
            self._rng,
            admit=lambda actions: actions,
        )
        self.seconds.append((adapted - begin, time.perf_counter() - adapted))
        return plan[0].numpy().astype(np.float64)

    def observe(self, transition: Transition) -> None:
        """Let the adapter see it."""
        self._adapter.observe(transition)


def scored_from(reward: RunningReward, start: Tensor) -> Score:
    """Rewards (N, H) of imagined states (N, H, S) that follow `start` (S,)."""

    def score(states: Tensor, actions: Tensor) -> Tensor:
        before = torch.cat([start.expand(len(states), 1, -1), states[:, :-1]], dim=1)
        rewards: Tensor = reward(before, actions, states)
        return rewards

    return score


def run_episode(
    environment: Locomotion,
    runner: Runner,
    *,
    task: Any,
    steps: int,
    seed: int,
    changes: Changes = MappingProxyType({}),
) -> tuple[EpisodeData, Array]:
    """Run once; what was observed and done, and the reward of each step.

    Args:
        environment: Where.
        runner: Who.
        task: What the episode begins with.
        steps: How long.
        seed: Of the environment.
        changes: What the task becomes, by the step before which it changes.
    """
    state, _ = environment.reset(seed=seed, options={"task": task})
    states, actions, rewards = [state], [], []
    for step in range(steps):
        if step in changes:
            environment.set_task(changes[step](environment))
        action = runner.act(state)
        next_state, reward, *_ = environment.step(action)
        runner.observe(Transition(state, action, next_state))
        state = next_state
        states.append(state)
        actions.append(action)
        rewards.append(reward)
    return EpisodeData(np.array(states), np.array(actions)), np.array(rewards)
