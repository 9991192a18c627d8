"""An arm that reaches for targets that jump: how well a planner uses its samples and its time.

The arm follows its joint velocities exactly, so what differs between planners is the search.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

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
    """The task.

    Attributes:
        control_dt: [s].
        horizon: Periods.
        ticks: Periods of a run.
        jump: Periods between new targets.
        reach: Targets lie so far from home at most, along each axis, [m].
        budget_s: Time after which a planner has to make do with what it found, [s].
    """

    control_dt: float = 0.05
    horizon: int = 20
    ticks: int = 60
    jump: int = 30
    reach: float = 0.25
    budget_s: float = np.inf


@dataclass(frozen=True)
class Reached:
    """How it went.

    Attributes:
        distance: Of the tool from its target, mean, [m].
        candidates: Rolled out per tick, mean.
        tick_s: Time of a plan, median, [s].
    """

    distance: float
    candidates: float
    tick_s: float


def icem(config: ReachConfig, samples: int = 32) -> Planner:
    """ICEM with that many samples in the first of its three iterations."""
    sampling = SamplingConfig(
        num_samples=samples, horizon=config.horizon, iterations=3, noise_std=0.3
    )
    return ICEM(ICEMConfig(sampling=sampling), 7)


def random_shooting(config: ReachConfig, samples: int = 350, draws: int = 1) -> Planner:
    """Random shooting with that many samples, drawn so many times."""
    sampling = SamplingConfig(num_samples=samples, horizon=config.horizon, iterations=draws)
    return RandomShooting(sampling, 7)


K = TypeVar("K")
Maker = Callable[[ReachConfig], Planner]
_PLANNERS = {
    "iCEM": (icem, (32, 64, 128, 350)),
    "random shooting": (random_shooting, (32, 128, 350, 1000, 3000)),
}
_SAME_TIME = "random shooting for as long as iCEM with 32"


def points(seeds: Sequence[int]) -> list[dict[str, Any]]:
    """A row per planner and number of samples, and one of random shooting at iCEM's pace."""
    makers: dict[tuple[str, str], Maker] = {
        (planner, str(samples)): partial(make, samples=samples)
        for planner, (make, numbers) in _PLANNERS.items()
        for samples in numbers
    }
    reached = compare(makers, seeds)
    budget = ReachConfig(budget_s=reached["iCEM", "32"].tick_s)
    unlimited = partial(random_shooting, samples=32, draws=10**6)
    reached |= compare({(_SAME_TIME, "any"): unlimited}, seeds, budget)
    return [
        {
            "planner": planner,
            "samples": samples,
            "candidates": r.candidates,
            "tick_ms": 1e3 * r.tick_s,
            "distance_cm": 100.0 * r.distance,
        }
        for (planner, samples), r in reached.items()
    ]


def metrics(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """What the bars are held against: equal model calls, and equal time."""
    named = {
        ("iCEM", "32"): "icem32",
        ("random shooting", "350"): "shooting350",
        (_SAME_TIME, "any"): "shooting_same_time",
    }
    figures: dict[str, float] = {}
    for row in rows:
        name = named.get((row["planner"], row["samples"]))
        if name:
            figures |= {
                f"reach_cm_{name}": row["distance_cm"],
                f"reach_candidates_{name}": row["candidates"],
                f"reach_ms_{name}": row["tick_ms"],
            }
    return figures


def compare(
    makers: Mapping[K, Maker], seeds: Sequence[int], config: ReachConfig | None = None
) -> dict[K, Reached]:
    """Every planner on the same targets; means over the seeds."""
    config = config or ReachConfig()
    results = {}
    for name, make in makers.items():
        runs = [reach(make(config), seed, config) for seed in seeds]
        results[name] = Reached(
            float(np.mean([run.distance for run in runs])),
            float(np.mean([run.candidates for run in runs])),
            float(np.median([run.tick_s for run in runs])),
        )
    return results


def reach(planner: Planner, seed: int, config: ReachConfig) -> Reached:
    """One run; targets and random numbers come from `seed`."""
    arm = arm_description("fr3")
    tool = ToolPositions(arm.chain)
    home = arm.chain.tool_position_in_base(arm.spec.home)
    position = torch.as_tensor(arm.spec.home, dtype=torch.float32)
    targets, rng = (np.random.default_rng([seed, part]) for part in range(2))
    distances, seconds, candidates = [], [], 0
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
            away = places - goal[:, None, None]
            return -away.square().sum(dim=0).sqrt().sum(dim=0)

        begin = time.perf_counter()
        over = begin + config.budget_s
        plan = planner.plan(
            returns,
            rng,
            admit=lambda actions: actions,
            out_of_time=lambda over=over: time.perf_counter() > over,  # type: ignore[misc]
        )
        seconds.append(time.perf_counter() - begin)
        position = position + config.control_dt * plan[0]
        distances.append(float((tool(position[:, None])[:, 0] - target).norm()))
    return Reached(float(np.mean(distances)), candidates / config.ticks, float(np.median(seconds)))
