"""Imagined futures: action sequences through a model, scored by a reward."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from robot_meta.planning.planner import Returns

Predict = Callable[[Tensor, Tensor], Tensor]
"""Next state, (N, S), of state (N, S) under action (N, A)."""

Score = Callable[[Tensor, Tensor], Tensor]
"""Reward of states (N, H, S), each reached by the action (N, H, A) of the same step: (N, H)."""


def imagine(predict: Predict, state: Tensor, actions: Tensor) -> Tensor:
    """States (N, H, S) that follow `state` (S,) under action sequences (N, H, A)."""
    present = state.expand(len(actions), -1)
    states = []
    for h in range(actions.shape[1]):
        present = predict(present, actions[:, h])
        states.append(present)
    return torch.stack(states, dim=1)


def make_returns(predict: Predict, state: Tensor, score: Score) -> Returns:
    """Sum of the rewards along each imagined future that begins in `state` (S,)."""

    def returns(actions: Tensor) -> Tensor:
        return score(imagine(predict, state, actions), actions).sum(dim=1)

    return returns
