"""The demonstrator imagines what the simulator then does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robot_meta.benchmarks.environments.ant import AntBody
from robot_meta.benchmarks.environments.half_cheetah import CheetahBody
from robot_meta.benchmarks.grbal.demonstrator import Demonstrator
from robot_meta.benchmarks.grbal.scenarios import SCENARIOS
from robot_meta.planning.mppi import MPPI, MPPIConfig
from robot_meta.planning.planner import SamplingConfig


class Fixed:
    """A planner that asks what two sequences return, and does the first."""

    def __init__(self, actions):
        self.actions = actions

    def plan(self, returns, rng, *, admit, out_of_time=lambda: False):
        self.returns = returns(self.actions)
        return self.actions[0]


@pytest.mark.parametrize(
    ("name", "task"),
    [("cheetah_joint", CheetahBody(disabled=(2,))), ("ant_leg", AntBody(crippled=(1,)))],
)
def test_imagined_returns_are_those_of_the_simulator(name, task):
    environment = SCENARIOS[name].make()
    environment.reset(seed=0, options={"task": task})
    steps, size = 6, environment.action_size
    actions = 2.0 * torch.rand(2, steps, size, generator=torch.Generator().manual_seed(0)) - 1.0
    planner = Fixed(actions)
    Demonstrator(environment, planner, seed=0).act(np.zeros(0))
    for number in range(2):
        environment.reset(seed=0, options={"task": task})
        earned = sum(environment.step(action)[1] for action in actions[number].numpy())
        said = float(planner.returns[number]) + steps * environment.ALIVE
        assert said == pytest.approx(earned, abs=1e-4)


def test_whoever_knows_the_body_runs():
    environment = SCENARIOS["cheetah_joint"].make()
    sampling = SamplingConfig(num_samples=16, horizon=12, iterations=1, knots=4, noise_std=0.7)
    runner = Demonstrator(environment, MPPI(MPPIConfig(sampling=sampling), 6), seed=0)
    state, _ = environment.reset(seed=0, options={"task": CheetahBody()})
    earned = 0.0
    for _ in range(60):
        state, reward, *_ = environment.step(runner.act(state))
        earned += reward
    assert earned > 30.0  # half a metre per second on the way, from standing
