"""Closed-form adaptation of the last layer on meta-trained features.

With features h and the error R = Y − (h W₀ᵀ + b₀) that the meta-learned layer leaves,

    [ΔW b] = argmin ‖D^½ (R − Φ [ΔW b]ᵀ)‖² + λ ‖[ΔW b]‖²  =  (D^½ R)ᵀ (K + λI)⁻¹ D^½ Φ,

K = D^½ Φ Φᵀ D^½ of size m × m, Φ = [h 1], D the weights of the rows (newer rows may count more).
Convex, so it cannot diverge; m is small, so it costs microseconds.
Source: Bertinetto et al. 2019 (R2-D2), eq. 4 (the dual form, meta-trained through the solve).
Differs: shrinks towards the meta-learned layer instead of towards zero; rows are weighted.
"""

from __future__ import annotations

import torch
from torch import Tensor

from robot_meta.dynamics.adapter import WindowAdapter
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.network import Params, features, last_layer, num_layers

LOG_RIDGE, LOG_BIAS = "last_layer.log_ridge", "last_layer.log_bias"
LOG_DECAY = "last_layer.log_decay"


def initial_extras() -> dict[str, Tensor]:
    """What meta-training learns beside the network: λ, the weight of the bias feature, decay."""
    return {
        LOG_RIDGE: torch.tensor(2.0),
        LOG_BIAS: torch.tensor(0.0),
        LOG_DECAY: torch.tensor(-3.0),
    }


def solve(
    params: Params, extras: dict[str, Tensor], inputs: Tensor, targets: Tensor, ridge_scale: float
) -> tuple[Tensor, Tensor]:
    """Change of the last layer that fits (..., m, I) inputs and (..., m, O) targets best.

    Returns:
        Weight change (..., O, D) and bias change (..., O).
    """
    hidden = features(params, inputs)  # (..., m, D)
    residual = targets - last_layer(params, hidden)  # (..., m, O)
    bias = extras[LOG_BIAS].exp()
    m = inputs.shape[-2]
    age = torch.arange(m - 1, -1, -1, dtype=inputs.dtype)
    root = torch.exp(-0.5 * extras[LOG_DECAY].exp() * age)[:, None]  # D^½, newest row 1
    phi = torch.cat([hidden, bias.expand(*hidden.shape[:-1], 1)], dim=-1) * root
    gram = phi @ phi.transpose(-1, -2)
    ridge = ridge_scale * extras[LOG_RIDGE].exp()
    dual = torch.linalg.solve(gram + ridge * torch.eye(m), residual * root)  # (..., m, O)
    change = dual.transpose(-1, -2) @ phi  # (..., O, D + 1)
    return change[..., :-1], change[..., -1] * bias


class LastLayerAdapter(WindowAdapter):
    """Ridge regression of the last layer at every tick.

    Args:
        model: A model meta-trained through the solve (or any, as a baseline).
        window: M, newest transitions used.
        ridge_scale: Factor on the meta-learned λ; below 1 trusts the window more.
    """

    def __init__(self, model: NeuralDynamics, window: int = 16, ridge_scale: float = 1.0) -> None:
        if ridge_scale <= 0.0:
            raise ValueError(f"ridge_scale must be > 0, got {ridge_scale}")
        super().__init__(model, window)
        self._extras = {**initial_extras(), **model.extras}
        self._ridge_scale = ridge_scale

    @torch.no_grad()
    def fit(self, inputs: Tensor, targets: Tensor) -> Params:
        """Parameters with the last layer replaced."""
        params = self._model.params
        weight, bias = solve(params, self._extras, inputs, targets, self._ridge_scale)
        name = f"layer{num_layers(params) - 1}"
        return {
            **params,
            f"{name}.weight": params[f"{name}.weight"] + weight,
            f"{name}.bias": params[f"{name}.bias"] + bias,
        }
