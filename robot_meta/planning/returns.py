"""Returns of imagined futures: action sequences through a model, scored by a reward."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from robot_meta.planning.parallel import in_parallel
from robot_meta.planning.planner import Returns

Imagine = Callable[[Tensor], Tensor]
"""States (N, H, S) that follow action sequences (N, H, A)."""

Score = Callable[[Tensor, Tensor], Tensor]
"""Reward of states (N, H, S), each reached by the action (N, H, A) of the same step: (N, H)."""


def make_returns(imagine: Imagine, score: Score, threads: int = 1) -> Returns:
    """Sum of the rewards along each imagined future, by that many threads (parallel.py)."""

    def returns(actions: Tensor) -> Tensor:
        return score(imagine(actions), actions).sum(dim=1)

    return in_parallel(returns, threads)
