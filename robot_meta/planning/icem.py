"""Improved cross-entropy method.  Source: Pinneri et al. 2020 (iCEM), Alg. 1.

Coloured noise, fewer samples from one iteration to the next, elites kept within a tick and,
shifted, into the next one, and the mean as a candidate of the last iteration.
Differs: the mean is a candidate of every iteration.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from robot_meta.planning.noise import coloured_matrix
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
class ICEMConfig:
    """Settings of `ICEM`; `sampling.knots` does not matter."""

    sampling: SamplingConfig = field(default_factory=lambda: SamplingConfig(iterations=3))
    colour: float = 2.0  # β of the noise: 0 is white, 2 a random walk
    decay: float = 1.25  # γ, every iteration draws so many times fewer candidates
    num_elites: int = 10  # best candidates that the next draw is fitted to
    kept: float = 0.3  # share of the elites that stay candidates
    momentum: float = 0.1  # α, weight of mean and spread of the iteration before
    min_std: float = 0.01  # floor of the fitted spread, in normalized action units

    def __post_init__(self) -> None:
        if self.num_elites < 2:
            raise ValueError(f"num_elites must be >= 2, got {self.num_elites}")
        if self.decay < 1.0 or self.min_std < 0.0 or self.colour < 0.0:
            raise ValueError(
                "want decay >= 1, min_std >= 0 and colour >= 0, got "
                f"{self.decay}, {self.min_std} and {self.colour}"
            )
        if not (0.0 <= self.kept <= 1.0 and 0.0 <= self.momentum < 1.0):
            raise ValueError(
                f"want kept in [0, 1] and momentum in [0, 1), got {self.kept} and {self.momentum}"
            )


class ICEM(SamplingPlanner):
    """Warm-started iCEM over sequences of `action_size` numbers."""

    def __init__(self, config: ICEMConfig, action_size: int) -> None:
        shapes = coloured_matrix(config.sampling.horizon, config.colour)
        super().__init__(config.sampling, action_size, shapes)
        self.config = config
        self._none = torch.empty(0, *self._start.shape)
        self._kept = self._none

    def reset(self) -> None:
        """Forget plan and elites of the tick before."""
        super().reset()
        self._kept = self._none

    @torch.inference_mode()
    def plan(
        self,
        returns: Returns,
        rng: np.random.Generator,
        *,
        admit: Admit,
        out_of_time: OutOfTime = lambda: False,
    ) -> Tensor:
        """Improve the plan of the tick before, one period on; the best sequence found, (H, A)."""
        c = self.config
        mean = shifted(self._mean)
        std = torch.full_like(mean, self._sampling.noise_std)
        kept = torch.cat([self._kept[:, 1:], self._kept[:, -1:]], dim=1)
        best, best_return = mean, -np.inf
        for iteration in range(self._sampling.iterations):
            if iteration and out_of_time():
                break
            drawn = self._sampler.draw(self._count(iteration), mean, std, rng)
            actions = admit(_joined(drawn, kept))  # (N, H, A)
            scores = returns(actions)  # (N,)
            require_finite(scores)
            top = torch.topk(scores, min(c.num_elites, len(scores)))
            elites = actions[top.indices]
            mean = torch.lerp(elites.mean(dim=0), mean, c.momentum)
            std = torch.lerp(elites.std(dim=0, correction=0), std, c.momentum).clamp(min=c.min_std)
            kept = elites[: round(c.kept * len(elites))]
            if float(top.values[0]) > best_return:
                best, best_return = elites[0], float(top.values[0])
            self._diagnostics = {"plan_iterations": iteration + 1.0, "plan_return": best_return}
        self._mean, self._kept = mean, kept
        return best

    def _count(self, iteration: int) -> int:
        """Candidates drawn in an iteration: N γ⁻ⁱ, at least twice the elites, at most N."""
        number = self._sampling.num_samples
        fewest = min(number, 2 * self.config.num_elites)
        return max(fewest, round(number * self.config.decay**-iteration))


def _joined(drawn: Tensor, kept: Tensor) -> Tensor:
    """Both sets of candidates (N, H, A), along the last dimension in memory as drawn ones are."""
    both = torch.cat([drawn.permute(1, 2, 0), kept.permute(1, 2, 0)], dim=2)
    return both.permute(2, 0, 1)
