"""Gradient-based adaptation: one or a few steps from the meta-learned parameters.

    θ′ = θ − α ∇θ L(θ, window)

Source: Nagabandi et al. 2019 (GrBAL), eq. 6; inner rates per tensor as in Li et al. 2017.
With a model that was not meta-trained this is the baseline MB+DE of that paper.
"""

from __future__ import annotations

import torch
from torch import Tensor

from robot_meta.dynamics.adapter import WindowAdapter, prediction_loss
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.network import Params

LOG_RATE = "gradient.log_rate."


def initial_extras(params: Params, rate: float) -> dict[str, Tensor]:
    """Inner learning rates, one per parameter tensor, as logarithms."""
    return {LOG_RATE + name: torch.tensor(rate).log() for name in params}


def gradient_step(
    params: Params,
    extras: dict[str, Tensor],
    inputs: Tensor,
    targets: Tensor,
    rate_scale: float,
    *,
    create_graph: bool,
) -> Params:
    """One inner step on (m, I) inputs and (m, O) targets.

    Meta-training needs `create_graph`, since its outer step differentiates through this one.
    """
    loss = prediction_loss(params, inputs, targets)
    grads = torch.autograd.grad(loss, tuple(params.values()), create_graph=create_graph)
    return {
        name: value - rate_scale * extras[LOG_RATE + name].exp() * grad
        for (name, value), grad in zip(params.items(), grads, strict=True)
    }


class GradientAdapter(WindowAdapter):
    """GrBAL: gradient steps on the window, from the meta-learned parameters at every tick.

    Args:
        model: A meta-trained model (GrBAL) or a plain one (MB+DE).
        window: M, newest transitions used.
        steps: Inner gradient steps.
        rate_scale: Factor on the meta-learned inner rates.
        rate: Inner rate where the model has none of its own.
    """

    def __init__(
        self,
        model: NeuralDynamics,
        window: int = 16,
        steps: int = 1,
        rate_scale: float = 1.0,
        rate: float = 0.01,
    ) -> None:
        if steps < 1 or rate_scale <= 0.0 or rate <= 0.0:
            raise ValueError(
                f"want steps >= 1 and rates > 0, got steps {steps}, rate_scale {rate_scale}, "
                f"rate {rate}"
            )
        super().__init__(model, window)
        self._extras = {**initial_extras(model.params, rate), **model.extras}
        self._steps, self._rate_scale = steps, rate_scale

    def fit(self, inputs: Tensor, targets: Tensor) -> Params:
        """Parameters after the inner steps."""
        params = {name: p.detach().requires_grad_() for name, p in self._model.params.items()}
        for _ in range(self._steps):
            params = gradient_step(
                params, self._extras, inputs, targets, self._rate_scale, create_graph=False
            )
            params = {name: p.detach().requires_grad_() for name, p in params.items()}
        return {name: p.detach() for name, p in params.items()}
