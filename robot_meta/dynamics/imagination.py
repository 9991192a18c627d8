"""How wrong futures are that a model imagines, one step from the other, under the true actions."""

from __future__ import annotations

import torch
from torch import Tensor

from robot_meta.dynamics.dataset import Windows
from robot_meta.dynamics.method import Predictor
from robot_meta.dynamics.model import NeuralDynamics


def imagination_loss(model: NeuralDynamics, adapted: Predictor, future: Windows) -> Tensor:
    """Mean over h of ‖e_h / (σ h)‖², (B,), e_h the error of what is to be explained of h steps.

    σ is the spread of that in one step, so the loss of the first step is the usual one, and an
    error that grows in proportion to h counts the same at every h.

    Args:
        model: Space and normalisers.
        adapted: What stands in for the network.
        future: The steps to imagine, (B, H, ·), from the state that the first one begins in.
    """
    start = future.state[:, 0]
    present, errors = start, []
    for h in range(future.action.shape[1]):
        action = future.action[:, h]
        outputs = adapted(model.network_inputs(present, action)[:, None])[:, 0]
        present = model.space.next_state(present, action, model.deltas.denormalize(outputs))
        error = model.space.delta(start, present) - model.space.delta(
            start, future.next_state[:, h]
        )
        errors.append(error / (model.deltas.std * (h + 1)))
    return torch.stack(errors, dim=1).square().mean(dim=(1, 2))
