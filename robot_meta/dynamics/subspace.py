"""Closed-form adaptation in a learned subspace of last layers.

A body differs from another in a few numbers, a last layer has thousands. Meta-training finds the
d changes U_k that bodies make to it; the window then only says how much there is of each, z:

    W′ = W₀ + Σ_k z_k U_k + E,    z = argmin Σ_t d_t ‖w ⊙ (r_t − Σ_k z_k U_k φ_t)‖² + ‖z‖²

φ = [h 1] are the features, r what W₀ leaves unexplained, w² the precision of the outputs, d the
weights of the rows. All outputs of all transitions speak for the same z, so few transitions
suffice. What no z explains, as of a body unlike any in training, is left to ridge regression of E
(last_layer.py).
Source: Zintgraf et al. 2019 (CAVIA), few parameters that stand for a task; Harrison et al. 2018
(ALPaCA), Bayesian regression that is meta-trained through the solve.
Differs: the parameters enter linearly, so the solve is exact; E takes the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from robot_meta.dynamics import last_layer as closed_form
from robot_meta.dynamics.adapter import WindowAdapter
from robot_meta.dynamics.last_layer import (
    WindowPosterior,
    augmented,
    change_of,
    predictor,
    with_change,
)
from robot_meta.dynamics.method import Method, Predictor
from robot_meta.dynamics.model import Extras, NeuralDynamics
from robot_meta.dynamics.network import Params, features, last_layer, num_layers
from robot_meta.dynamics.no_harm import NO_HARM, NoHarmConfig
from robot_meta.dynamics.window import Samples

BASIS = "subspace.basis"  # U, (d, O, D + 1)
LOG_WEIGHT = "subspace.log_weight"  # log w², (O,)
LOG_DECAY = "subspace.log_decay"


def initial_extras(params: Params, size: int, generator: torch.Generator) -> Extras:
    """What meta-training learns beside the network: U, w and decay, and what E needs."""
    outputs, width = params[f"layer{num_layers(params) - 1}.weight"].shape
    basis = torch.randn(size, outputs, width + 1, generator=generator)
    return {
        **closed_form.initial_extras(),
        BASIS: 0.3 * width**-0.5 * basis,
        LOG_WEIGHT: torch.zeros(outputs),
        LOG_DECAY: torch.tensor(-4.0),
    }


@dataclass(frozen=True)
class SubspacePosterior:
    """What the window says of z and of E.

    Attributes:
        extras: Of the model.
        z: Most likely, (..., d).
        precision: Of z, (..., d, d).
        rest: Of E.
    """

    extras: Extras
    z: Tensor
    precision: Tensor
    rest: WindowPosterior

    def layer(self) -> tuple[Tensor, Tensor]:
        """Σ_k z_k U_k as changes of weight, (..., O, D), and bias, (..., O)."""
        basis = self.extras[BASIS]
        change: Tensor = torch.einsum("...d,dow->...ow", self.z, basis)
        bias: Tensor = change[..., -1] * self.extras[closed_form.LOG_BIAS].exp()
        return change[..., :-1], bias

    def spread(self, hidden: Tensor) -> Tensor:
        """Variance of the mean over that of the noise, (..., n), at features (..., n, D)."""
        effects = _effects(self.extras, augmented(self.extras, hidden))  # (..., n, d, O)
        known = torch.linalg.solve(self.precision[..., None, :, :], effects)
        of_z: Tensor = (effects * known).sum(dim=-2).mean(dim=-1)
        return of_z + self.rest.spread(hidden)


def fitted(
    extras: Extras, hidden: Tensor, residual: Tensor, ridge_scale: float
) -> tuple[Tensor, Tensor, SubspacePosterior]:
    """Changes of the last layer, (..., O, D) and (..., O), and how sure they are.

    Args:
        extras: From `initial_extras`, or what training made of them.
        hidden: Features of the window, (..., m, D), oldest first.
        residual: What the meta-learned layer leaves of its targets, (..., m, O).
        ridge_scale: Factor on the meta-learned ridge of E.
    """
    rest = closed_form.window_posterior(extras, hidden, ridge_scale)
    m, phi = hidden.shape[-2], augmented(extras, hidden)
    age = torch.arange(m - 1, -1, -1, dtype=hidden.dtype, device=hidden.device)
    root = torch.exp(-0.5 * extras[LOG_DECAY].exp() * age)[:, None]  # d^½
    effects = (_effects(extras, phi) * root[..., None]).transpose(-3, -2).flatten(start_dim=-2)
    wanted = (residual * root * _root_weight(extras)).flatten(start_dim=-2)  # (..., m O)
    precision = effects @ effects.mT + torch.eye(effects.shape[-2], device=hidden.device)
    z = torch.linalg.solve(precision, effects @ wanted[..., None])[..., 0]
    posterior = SubspacePosterior(extras, z, precision, rest)
    weight, bias = posterior.layer()
    left = residual - hidden @ weight.mT - bias[..., None, :]
    more_weight, more_bias = change_of(rest, left)
    return weight + more_weight, bias + more_bias, posterior


def _effects(extras: Extras, phi: Tensor) -> Tensor:
    """The products w ⊙ U_k φ, (..., d, O), of augmented features (..., D + 1)."""
    basis = extras[BASIS]
    effects = (phi @ basis.flatten(end_dim=1).mT).reshape(*phi.shape[:-1], *basis.shape[:2])
    return effects * _root_weight(extras)


def _root_weight(extras: Extras) -> Tensor:
    return (0.5 * extras[LOG_WEIGHT]).exp()


@dataclass(frozen=True, kw_only=True)
class SubspaceMethod(Method):
    """How a model is meta-trained for it.

    Attributes:
        size: d.
    """

    size: int = 32

    def initial_extras(self, params: Params, generator: torch.Generator) -> Extras:
        """The subspace, the precision of the outputs, and what E needs."""
        return initial_extras(params, self.size, generator)

    def adapted(
        self, params: Params, extras: Extras, inputs: Tensor, targets: Tensor
    ) -> Predictor:
        """See `Method.adapted`."""
        hidden = features(params, inputs)
        weight, bias, _ = fitted(extras, hidden, targets - last_layer(params, hidden), 1.0)
        return predictor(params, weight, bias)

    def spread(self, params: Params, extras: Extras, inputs: Tensor, query: Tensor) -> Tensor:
        """See `Method.spread`; what the targets were does not matter to it."""
        hidden = features(params, inputs)
        nothing = torch.zeros_like(last_layer(params, hidden))
        return fitted(extras, hidden, nothing, 1.0)[2].spread(features(params, query))


class SubspaceAdapter(WindowAdapter):
    """Closed-form adaptation in a learned subspace at every tick.

    Args:
        model: A model meta-trained for it.
        window: M, newest transitions used.
        ridge_scale: Factor on the meta-learned ridge of E; below 1 trusts the window more where
            it leaves the subspace.
        no_harm: When an update is rejected.

    Raises:
        ValueError: The model was trained without a subspace.
    """

    def __init__(
        self,
        model: NeuralDynamics,
        window: int = 16,
        ridge_scale: float = 1.0,
        no_harm: NoHarmConfig = NO_HARM,
    ) -> None:
        if BASIS not in model.extras:
            raise ValueError("want a model trained for 'subspace', got one without its basis")
        if ridge_scale <= 0.0:
            raise ValueError(f"ridge_scale must be > 0, got {ridge_scale}")
        super().__init__(model, window, no_harm)
        self._ridge_scale = ridge_scale
        self._posterior: SubspacePosterior | None = None

    @torch.no_grad()
    def fit(self, samples: Samples) -> Params:
        """Parameters with the last layer replaced."""
        params = self._model.params
        residual = samples.residual(params)
        weight, bias, self._posterior = fitted(
            self._model.extras, samples.hidden, residual, self._ridge_scale
        )
        return with_change(params, weight, bias)

    def posterior(self) -> SubspacePosterior | None:
        """What the window said of z and of E."""
        return self._posterior
