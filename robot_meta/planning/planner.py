"""What a sampling planner is, and how it draws action sequences."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from robot_meta.errors import PlanningFailed
from robot_meta.planning.noise import knot_matrix

Returns = Callable[[Tensor], Tensor]
"""Return of each action sequence: (N, H, A), normalized to [-1, 1], to (N,)."""

Admit = Callable[[Tensor], Tensor]
"""The sequences nearest to the given ones that may be sent, (N, H, A) to (N, H, A)."""

OutOfTime = Callable[[], bool]
"""Whether the tick is over and the best plan so far has to do."""


class Planner(Protocol):
    """Finds the action sequence with the highest return."""

    def plan(
        self,
        returns: Returns,
        rng: np.random.Generator,
        *,
        admit: Admit,
        out_of_time: OutOfTime = lambda: False,
    ) -> Tensor:
        """Best sequence found, (H, A).

        Raises:
            PlanningFailed: A return is not finite.
        """

    def reset(self) -> None:
        """Forget the plan of the tick before."""

    def diagnostics(self) -> dict[str, float]:
        """Figures of the last plan."""


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """How candidate sequences are drawn around the present plan."""

    num_samples: int = 128  # N, sequences drawn per iteration
    horizon: int = 8  # H, control periods
    iterations: int = 4  # draws per tick, each around the plan that the one before found
    knots: int = 3  # random numbers per action channel; fewer make smoother sequences
    noise_std: float = 0.03  # in normalized action units

    def __post_init__(self) -> None:
        if min(self.num_samples, self.horizon, self.iterations) < 1:
            raise ValueError("num_samples, horizon and iterations must be >= 1")
        if not 2 <= self.knots <= max(2, self.horizon):
            raise ValueError(f"knots must be in [2, horizon], got {self.knots}")
        if not self.noise_std > 0.0:
            raise ValueError(f"noise_std must be > 0, got {self.noise_std}")


class CandidateSampler:
    """Draws sequences around a plan; the first candidate is the plan itself.

    Args:
        shapes: How noise runs along the horizon: each column is a shape, (H, K) (noise.py).
        action_size: A.
    """

    def __init__(self, shapes: Tensor, action_size: int) -> None:
        self._shapes, self._action_size = shapes, action_size

    def draw(
        self, count: int, mean: Tensor, std: Tensor | float, rng: np.random.Generator
    ) -> Tensor:
        """`count` candidates (N, H, A) in [-1, 1] around `mean` (H, A), spread by `std`."""
        size, shapes = self._action_size, self._shapes.shape[1]
        numbers = torch.from_numpy(rng.standard_normal((shapes, size * count), dtype=np.float32))
        noise = (self._shapes @ numbers).view(-1, size, count)  # candidates last: fast to roll out
        noise[..., 0] = 0.0
        noise *= std[..., None] if isinstance(std, Tensor) else std
        noise += mean[..., None]
        return noise.clamp_(-1.0, 1.0).permute(2, 0, 1)


class SamplingPlanner:
    """Common to planners that draw candidates around the plan of the tick before.

    Args:
        sampling: How candidates are drawn.
        action_size: A.
        shapes: Of the noise, (H, K); by default straight lines between the knots.
    """

    def __init__(
        self, sampling: SamplingConfig, action_size: int, shapes: Tensor | None = None
    ) -> None:
        self._sampling = sampling
        if shapes is None:
            shapes = knot_matrix(sampling.horizon, sampling.knots)
        self._sampler = CandidateSampler(shapes, action_size)
        self._start = torch.zeros(sampling.horizon, action_size)
        self._mean = self._start
        self._diagnostics: dict[str, float] = {}

    def reset(self) -> None:
        """Forget the plan of the tick before."""
        self._mean = self._start

    def diagnostics(self) -> dict[str, float]:
        """Iterations done, best return, and what else the planner tells of its last plan."""
        return dict(self._diagnostics)


def shifted(plan: Tensor) -> Tensor:
    """The plan one period later, its last action repeated, (H, A)."""
    return torch.cat([plan[1:], plan[-1:]])


def require_finite(returns: Tensor) -> None:
    """Raise unless every sampled return is finite.

    Raises:
        PlanningFailed: A return is NaN or infinite; the model or the state cannot be trusted.
    """
    finite = int(torch.isfinite(returns).sum())
    if finite != len(returns):
        raise PlanningFailed(
            f"only {finite} of {len(returns)} sampled returns are finite. Check the newest "
            "observation and the model for values out of range."
        )


def effective_samples(weights: Tensor) -> float:
    """1 / Σ w², between 1 and N."""
    return 1.0 / max(float(weights.square().sum()), math.ulp(0.0))
