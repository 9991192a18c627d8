"""Cross-entropy method.  Source: Chua et al. 2018 (PETS), Alg. 1, inner loop.

Differs: warm start; elites are fitted on the actions that were rolled out; the elite mean is
returned, not the luckiest sample, which would exploit errors of the model.
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
    require_finite,
    shifted,
)


@dataclass(frozen=True, kw_only=True)
class CEMConfig:
    """Settings of `CEM`."""

    sampling: SamplingConfig = field(default_factory=lambda: SamplingConfig(iterations=3))
    elite_share: float = 0.1  # best part of the candidates that the next draw is fitted to
    min_std: float = 0.01  # floor of the fitted spread, in normalized action units

    def __post_init__(self) -> None:
        if not 0.0 < self.elite_share <= 1.0:
            raise ValueError(f"elite_share must be in (0, 1], got {self.elite_share}")


class CEM(SamplingPlanner):
    """Warm-started CEM over sequences of `action_size` numbers."""

    def __init__(self, config: CEMConfig, action_size: int) -> None:
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
        num_elites = max(2, round(self.config.elite_share * self._sampling.num_samples))
        mean = shifted(self._mean)
        std = torch.full_like(mean, self._sampling.noise_std)
        for iteration in range(self._sampling.iterations):
            if iteration and out_of_time():
                break
            actions = admit(
                self._sampler.draw(self._sampling.num_samples, mean, std, rng)
            )  # (N, H, A)
            scores = returns(actions)  # (N,)
            require_finite(scores)
            elites = actions[torch.topk(scores, min(num_elites, len(scores))).indices]
            mean = elites.mean(dim=0)
            std = elites.std(dim=0, correction=0).clamp(min=self.config.min_std)
            self._diagnostics = {
                "plan_iterations": iteration + 1.0,
                "plan_return": float(scores.max()),
            }
        self._mean = mean
        return mean
