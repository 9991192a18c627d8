"""How near each arithmetic comes to the exact futures of a problem."""

from __future__ import annotations

import torch
from torch import Tensor

from robot_meta.benchmarks.planner.problem import Problem, cost
from robot_meta.dynamics.model import Context, NeuralDynamics
from robot_meta.dynamics.normalizer import Normalizer
from robot_meta.dynamics.rollout import Rollout, RolloutConfig, StepwiseRollout, make_rollout


def correctness(problem: Problem) -> dict[str, float]:
    """How near float32 is to float64, and how alike bfloat16 ranks the candidates."""
    generator = torch.Generator().manual_seed(0)
    size = (problem.candidates, problem.horizon, problem.model.space.action_size)
    actions = 0.3 * torch.randn(size, generator=generator)
    model, wide = problem.model, _float64(problem.model)
    exact = _costs(StepwiseRollout(wide), wide, problem, actions.double())
    single, half = (
        _costs(
            make_rollout(model, RolloutConfig(precision=precision, device="cpu")),
            model,
            problem,
            actions,
        )
        for precision in ("fp32", "bf16")
    )
    ranks = torch.stack([c.argsort().argsort().double() for c in (single, half)])
    return {
        "fp32_error": float(((single - exact) / exact).abs().max()),
        "bf16_rank": float(torch.corrcoef(ranks)[0, 1]),
    }


def _costs(rollout: Rollout, model: NeuralDynamics, problem: Problem, actions: Tensor) -> Tensor:
    start = problem.start.to(actions.dtype)
    states = rollout.begin(Context(model.params), start)(actions)
    return cost(states.to(torch.float64), actions.to(torch.float64)).sum(dim=1)


def _float64(model: NeuralDynamics) -> NeuralDynamics:
    def double(normalizer: Normalizer) -> Normalizer:
        return Normalizer(normalizer.mean.double(), normalizer.std.double())

    return NeuralDynamics(
        space=model.space,
        params={name: value.double() for name, value in model.params.items()},
        inputs=double(model.inputs),
        deltas=double(model.deltas),
    )
