"""An arm that reaches for targets that jump: how well a planner uses its samples.

The arm follows its joint velocities exactly, so what differs between planners is the search.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from robot_meta.planning.icem import ICEM, ICEMConfig
from robot_meta.planning.planner import Planner, SamplingConfig
from robot_meta.planning.random_shooting import RandomShooting
from robot_meta.planning.tool import ToolPositions
from robot_meta.robots.description import arm_description


@dataclass(frozen=True, kw_only=True)
class ReachConfig:
    """The task."""

    control_dt: float = 0.05  # [s]
    horizon: int = 20
    ticks: int = 60
    jump: int = 30  # ticks between new targets
    reach: float = 0.25  # targets lie so far from home at most, along each axis, [m]


@dataclass(frozen=True)
class Reached:
    """How it went: mean distance of the tool from its target [m], candidates rolled out a tick."""

    distance: float
    candidates: float


def icem(config: ReachConfig, samples: int = 32) -> Planner:
    """ICEM with that many samples in the first of its three iterations."""
    sampling = SamplingConfig(
        num_samples=samples, horizon=config.horizon, iterations=3, noise_std=0.3
    )
    return ICEM(ICEMConfig(sampling=sampling), 7)


def random_shooting(config: ReachConfig, samples: int = 350) -> Planner:
    """Random shooting with that many samples."""
    sampling = SamplingConfig(num_samples=samples, horizon=config.horizon, iterations=1)
    return RandomShooting(sampling, 7)


def compare(
    makers: Mapping[str, Callable[[ReachConfig], Planner]],
    seeds: Sequence[int],
    config: ReachConfig | None = None,
) -> dict[str, Reached]:
    """Every planner on the same targets; means over the seeds."""
    config = config or ReachConfig()
    results = {}
    for name, make in makers.items():
        runs = [reach(make(config), seed, config) for seed in seeds]
        results[name] = Reached(
            float(np.mean([run.distance for run in runs])),
            float(np.mean([run.candidates for run in runs])),
        )
    return results


def reach(planner: Planner, seed: int, config: ReachConfig) -> Reached:
    """One run; targets and random numbers come from `seed`."""
    arm = arm_description("fr3")
    tool = ToolPositions(arm.chain)
    home = arm.chain.tool_position_in_base(arm.spec.home)
    position = torch.as_tensor(arm.spec.home, dtype=torch.float32)
    targets, rng = (np.random.default_rng([seed, part]) for part in range(2))
    distances, candidates = [], 0
    for tick in range(config.ticks):
        if tick % config.jump == 0:
            away = targets.uniform(-config.reach, config.reach, 3)
            target = torch.as_tensor(home + away, dtype=torch.float32)

        def returns(actions: Tensor, start: Tensor = position, goal: Tensor = target) -> Tensor:
            nonlocal candidates
            candidates += len(actions)
            moves = config.control_dt * actions.permute(2, 1, 0).cumsum(dim=1)  # (J, H, N)
            postures = start[:, None, None] + moves
            places = tool(postures.reshape(len(start), -1)).view(3, *moves.shape[1:])
            return -(places - goal[:, None, None]).norm(dim=0).sum(dim=0)

        plan = planner.plan(returns, rng, admit=lambda actions: actions)
        position = position + config.control_dt * plan[0]
        distances.append(float((tool(position[:, None])[:, 0] - target).norm()))
    return Reached(float(np.mean(distances)), candidates / config.ticks)
