"""Model predictive path integral control.  Source: Williams et al. 2017, Alg. 2.

Differs: noise is drawn at a few knots and interpolated, λ is relative to the spread of returns,
and several iterations sharpen the plan within one tick.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from robot_meta.planning.planner import (
    Admit,
    OutOfTime,
    Returns,
    SamplingConfig,
    SamplingPlanner,
    effective_samples,
    require_finite,
    shifted,
)


@dataclass(frozen=True, kw_only=True)
class MPPIConfig:
    """Settings of `MPPI`."""

    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    temperature: float = 0.05  # λ, in standard deviations of the sampled returns
    std_decay: float = 0.6  # factor on the noise from one iteration to the next

    def __post_init__(self) -> None:
        if not self.temperature > 0.0:
            raise ValueError(f"temperature must be > 0, got {self.temperature}")
        if not 0.0 < self.std_decay <= 1.0:
            raise ValueError(f"std_decay must be in (0, 1], got {self.std_decay}")


class MPPI(SamplingPlanner):
    """Warm-started MPPI over sequences of `action_size` numbers."""

    def __init__(self, config: MPPIConfig, action_size: int) -> None:
        super().__init__(config.sampling, action_size)
        self.config = config

    @torch.inference_mode()
    def plan(
        self,
        returns: Returns,
        rng: np.random.Generator,
        *,
        admit: Admit,
        out_of_time: OutOfTime = lambda: False,
    ) -> Tensor:
        """Improve the plan of the tick before, one period on, and return it, (H, A)."""
        mean, std = shifted(self._mean), self._sampling.noise_std
        for iteration in range(self._sampling.iterations):
            if iteration and out_of_time():
                break
            actions = admit(
                self._sampler.draw(self._sampling.num_samples, mean, std, rng)
            )  # (N, H, A)
            scores = returns(actions)  # (N,)
            require_finite(scores)
            weights = softmax_weights(scores, self.config.temperature)
            mean = (actions.permute(1, 2, 0) @ weights).clamp(-1.0, 1.0)  # weights sum to 1 + ε
            std *= self.config.std_decay
            self._diagnostics = {
                "plan_iterations": iteration + 1.0,
                "plan_return": float(scores.max()),
                "plan_effective_samples": effective_samples(weights),
            }
        self._mean = mean
        return mean


def softmax_weights(returns: Tensor, temperature: float) -> Tensor:
    """wᵢ = exp(Rᵢ/λσ) / Σⱼ exp(Rⱼ/λσ), (N,), with σ the standard deviation of the returns."""
    spread = returns.std(correction=0).clamp(min=1e-12)
    return torch.softmax((returns - returns.max()) / (temperature * spread), dim=0)
