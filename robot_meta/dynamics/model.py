"""What predicts motion: the protocol, and a network that predicts a normalised delta."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

import torch
from torch import Tensor

from robot_meta.dynamics.network import Params, features, mlp
from robot_meta.dynamics.normalizer import Normalizer
from robot_meta.dynamics.space import StateSpace

Extras = dict[str, Tensor]
"""What a method of adaptation has learned beside the network, by "method.name"."""

NOISE = "noise.log_std"
DEFAULT_NOISE = 0.3  # of models trained before their noise was measured


class Posterior(Protocol):
    """How sure adaptation is of the last layer that it made."""

    def spread(self, hidden: Tensor) -> Tensor:
        """Variance of the mean prediction over that of the noise, (..., n), at (..., n, D)."""


@dataclass(frozen=True)
class Context:
    """What adaptation made of the model for this tick; frozen while the planner imagines.

    Attributes:
        params: Adapted parameters, under the names that the model gives them.
        posterior: How sure it is of them; None where the adapter cannot say.
    """

    params: Params
    posterior: Posterior | None = None


class DynamicsModel(Protocol):
    """Anything that predicts the next state under a context."""

    @property
    def space(self) -> StateSpace:
        """Layout of state and action."""

    def predict(self, context: Context, state: Tensor, action: Tensor) -> Tensor:
        """Next state, (N, S), of state (N, S) under action (N, A)."""


@dataclass(frozen=True, kw_only=True)
class NeuralDynamics:
    """next_state = known motion + denormalised MLP(normalised features of state and action).

    Attributes:
        space: Layout of state and action, and the known part of the motion.
        params: Meta-learned network parameters, never changed by adaptation.
        inputs: Statistics of the features of state and action.
        deltas: Statistics of the predicted delta.
        extras: What meta-training learned beside the network, such as inner learning rates.
    """

    space: StateSpace
    params: Params
    inputs: Normalizer
    deltas: Normalizer
    extras: Extras = field(default_factory=dict)

    def to(self, device: torch.device) -> NeuralDynamics:
        """The same on another device."""
        params, extras = (
            {name: tensor.to(device) for name, tensor in tensors.items()}
            for tensors in (self.params, self.extras)
        )
        inputs, deltas = self.inputs.to(device), self.deltas.to(device)
        return replace(self, params=params, extras=extras, inputs=inputs, deltas=deltas)

    @property
    def noise(self) -> Tensor:
        """Std of what even the adapted model does not explain, normalised, (O,)."""
        if NOISE in self.extras:
            return self.extras[NOISE].exp()
        return torch.full_like(self.deltas.std, DEFAULT_NOISE)

    def network_inputs(self, state: Tensor, action: Tensor) -> Tensor:
        """Normalised network inputs, (..., I)."""
        return self.inputs.normalize(self.space.features(state, action))

    def network_outputs(self, context: Context, state: Tensor, action: Tensor) -> Tensor:
        """Normalised delta, (..., O), that the network predicts."""
        return mlp(context.params, self.network_inputs(state, action))

    def predict(self, context: Context, state: Tensor, action: Tensor) -> Tensor:
        """Next state, (..., S), of state (..., S) under action (..., A)."""
        outputs = self.network_outputs(context, state, action)
        return self.space.next_state(state, action, self.deltas.denormalize(outputs))

    def predictive_std(self, context: Context, state: Tensor, action: Tensor) -> Tensor:
        """Std of what q and dq do beyond the known motion, (..., 2J), physical units.

            σ² = noise² · (1 + φᵀ A⁻¹ φ)

        A is the precision of the adapted last layer; without a posterior the noise alone.
        """
        std = (self.noise * self.deltas.std).expand(*state.shape[:-1], -1)
        if context.posterior is None:
            return std
        hidden = features(context.params, self.network_inputs(state, action))
        return std * (1.0 + context.posterior.spread(hidden))[..., None].sqrt()
