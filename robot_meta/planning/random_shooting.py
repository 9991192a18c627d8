"""Random shooting: the best of many sequences drawn at random.

Source: Nagabandi et al. 2018, section IV-C. Has no memory: what every other planner must beat.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from robot_meta.planning.planner import (
    Admit,
    OutOfTime,
    Returns,
    SamplingConfig,
    require_finite,
)


class RandomShooting:
    """Uniform sequences of `action_size` numbers; `sampling.noise_std` and `knots` do not matter.

    Args:
        sampling: How many sequences are drawn, `iterations` times.
        action_size: A.
    """

    def __init__(self, sampling: SamplingConfig, action_size: int) -> None:
        self._sampling, self._action_size = sampling, action_size
        self._diagnostics: dict[str, float] = {}

    def reset(self) -> None:
        """Nothing is remembered."""

    def diagnostics(self) -> dict[str, float]:
        """Iterations done and best return."""
        return dict(self._diagnostics)

    @torch.inference_mode()
    def plan(
        self,
        returns: Returns,
        rng: np.random.Generator,
        *,
        admit: Admit,
        out_of_time: OutOfTime = lambda: False,
    ) -> Tensor:
        """The best sequence drawn, (H, A)."""
        size = (self._sampling.horizon, self._action_size, self._sampling.num_samples)
        best, best_return = torch.zeros(size[:2]), -np.inf
        for iteration in range(self._sampling.iterations):
            if iteration and out_of_time():
                break
            uniform = torch.from_numpy(rng.random(size, dtype=np.float32))
            actions = admit((2.0 * uniform - 1.0).permute(2, 0, 1))
            scores = returns(actions)
            require_finite(scores)
            first = int(scores.argmax())
            if float(scores[first]) > best_return:
                best, best_return = actions[first].clone(), float(scores[first])
            self._diagnostics = {"plan_iterations": iteration + 1.0, "plan_return": best_return}
        return best
