"""Closed-form adaptation of the last layer on meta-trained features.

With features h and the error R = Y − (h W₀ᵀ + b₀) that the meta-learned layer leaves,

    [ΔW b] = argmin ‖D^½ (R − Φ [ΔW b]ᵀ)‖² + λ ‖[ΔW b]‖²  =  (D^½ R)ᵀ (K + λI)⁻¹ D^½ Φ,

K = D^½ Φ Φᵀ D^½ of size m × m, Φ = [h 1], D the weights of the rows (newer rows may count more).
Convex, so it cannot diverge; m is small, so it costs microseconds.
Source: Bertinetto et al. 2019 (R2-D2), eq. 4 (the dual form, meta-trained through the solve).
Differs: shrinks towards the meta-learned layer instead of towards zero; rows are weighted.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from robot_meta.dynamics.adapter import WindowAdapter
from robot_meta.dynamics.method import Method, Predictor
from robot_meta.dynamics.model import Extras, NeuralDynamics
from robot_meta.dynamics.network import Params, features, last_layer, num_layers
from robot_meta.dynamics.no_harm import NO_HARM, NoHarmConfig
from robot_meta.dynamics.window import Samples

LOG_RIDGE, LOG_BIAS = "last_layer.log_ridge", "last_layer.log_bias"
LOG_DECAY = "last_layer.log_decay"


def initial_extras() -> Extras:
    """What meta-training learns beside the network: λ, the weight of the bias feature, decay."""
    return {
        LOG_RIDGE: torch.tensor(2.0),
        LOG_BIAS: torch.tensor(0.0),
        LOG_DECAY: torch.tensor(-3.0),
    }


def augmented(extras: Extras, hidden: Tensor) -> Tensor:
    """Φ = [h, bias feature], (..., D + 1), of features (..., D)."""
    bias = extras[LOG_BIAS].exp()
    return torch.cat([hidden, bias.expand(*hidden.shape[:-1], 1)], dim=-1)


@dataclass(frozen=True)
class WindowPosterior:
    """What the window says of the last layer, as Bayesian regression with prior precision λ.

    Attributes:
        extras: Of the model.
        root: D^½, (m, 1); the newest row has 1.
        phi: D^½ Φ, (..., m, D + 1).
        system: K + λI, (..., m, m).
        ridge: λ.
    """

    extras: Extras
    root: Tensor
    phi: Tensor
    system: Tensor
    ridge: Tensor

    def spread(self, hidden: Tensor) -> Tensor:
        """φᵀ (Φᵀ D Φ + λI)⁻¹ φ by the dual form, (..., n), at features (..., n, D)."""
        phi = augmented(self.extras, hidden)
        across = phi @ self.phi.mT  # (..., n, m)
        known = (across * torch.linalg.solve(self.system, across.mT).mT).sum(dim=-1)
        unknown: Tensor = phi.square().sum(dim=-1) - known
        return unknown.clamp(min=0.0) / self.ridge


def window_posterior(extras: Extras, hidden: Tensor, ridge_scale: float) -> WindowPosterior:
    """Regression problem of features (..., m, D), oldest first; older rows count less."""
    m = hidden.shape[-2]
    age = torch.arange(m - 1, -1, -1, dtype=hidden.dtype, device=hidden.device)
    root = torch.exp(-0.5 * extras[LOG_DECAY].exp() * age)[:, None]
    phi = augmented(extras, hidden) * root
    ridge = ridge_scale * extras[LOG_RIDGE].exp()
    system = phi @ phi.mT + ridge * torch.eye(m, device=hidden.device)
    return WindowPosterior(extras, root, phi, system, ridge)


def change_of(problem: WindowPosterior, residual: Tensor) -> tuple[Tensor, Tensor]:
    """Change of the last layer that explains residuals (..., m, O): (..., O, D) and (..., O)."""
    dual = torch.linalg.solve(problem.system, residual * problem.root)  # (..., m, O)
    change = dual.mT @ problem.phi  # (..., O, D + 1)
    return change[..., :-1], change[..., -1] * problem.extras[LOG_BIAS].exp()


def with_change(params: Params, weight: Tensor, bias: Tensor) -> Params:
    """`params` with the last layer changed."""
    name = f"layer{num_layers(params) - 1}"
    return {
        **params,
        f"{name}.weight": params[f"{name}.weight"] + weight,
        f"{name}.bias": params[f"{name}.bias"] + bias,
    }


def solve(
    params: Params, extras: Extras, inputs: Tensor, targets: Tensor, ridge_scale: float
) -> tuple[Tensor, Tensor]:
    """Change of the last layer that fits (..., m, I) inputs and (..., m, O) targets best.

    Returns:
        Weight change (..., O, D) and bias change (..., O).
    """
    hidden = features(params, inputs)  # (..., m, D)
    residual = targets - last_layer(params, hidden)  # (..., m, O)
    return change_of(window_posterior(extras, hidden, ridge_scale), residual)


def predictor(params: Params, weight: Tensor, bias: Tensor) -> Predictor:
    """What `params` say with changes of the last layer, (B, O, D) and (B, O), one per query."""
    name = f"layer{num_layers(params) - 1}"
    weight = params[f"{name}.weight"] + weight
    bias = params[f"{name}.bias"] + bias
    return lambda query: features(params, query) @ weight.mT + bias[..., None, :]


class LastLayerMethod(Method):
    """How a model is meta-trained for the closed form."""

    def initial_extras(self, params: Params, generator: torch.Generator) -> Extras:
        """λ, the weight of the bias feature, decay."""
        return initial_extras()

    def adapted(
        self, params: Params, extras: Extras, inputs: Tensor, targets: Tensor
    ) -> Predictor:
        """See `Method.adapted`."""
        return predictor(params, *solve(params, extras, inputs, targets, 1.0))

    def spread(self, params: Params, extras: Extras, inputs: Tensor, query: Tensor) -> Tensor:
        """See `Method.spread`."""
        problem = window_posterior(extras, features(params, inputs), 1.0)
        return problem.spread(features(params, query))


class LastLayerAdapter(WindowAdapter):
    """Ridge regression of the last layer at every tick.

    Args:
        model: A model meta-trained through the solve (or any, as a baseline).
        window: M, newest transitions used.
        ridge_scale: Factor on the meta-learned λ; below 1 trusts the window more.
        no_harm: When an update is rejected.
    """

    def __init__(
        self,
        model: NeuralDynamics,
        window: int = 16,
        ridge_scale: float = 1.0,
        no_harm: NoHarmConfig = NO_HARM,
    ) -> None:
        if ridge_scale <= 0.0:
            raise ValueError(f"ridge_scale must be > 0, got {ridge_scale}")
        super().__init__(model, window, no_harm)
        self._extras = {**initial_extras(), **model.extras}
        self._ridge_scale = ridge_scale
        self._posterior: WindowPosterior | None = None

    @torch.no_grad()
    def fit(self, samples: Samples) -> Params:
        """Parameters with the last layer replaced."""
        params = self._model.params
        self._posterior = window_posterior(self._extras, samples.hidden, self._ridge_scale)
        change = change_of(self._posterior, samples.residual(params))
        return with_change(params, *change)

    def posterior(self) -> WindowPosterior | None:
        """What the window said of the last layer."""
        return self._posterior
