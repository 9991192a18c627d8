"""What predicts motion: the protocol, and a network that predicts a normalised delta."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from robot_meta.dynamics.network import Params, mlp
from robot_meta.dynamics.normalizer import Normalizer
from robot_meta.dynamics.space import StateSpace


@dataclass(frozen=True)
class Context:
    """What adaptation made of the model for this tick; frozen while the planner imagines.

    Attributes:
        params: Adapted parameters, under the names that the model gives them.
    """

    params: Params


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
    extras: dict[str, Tensor] = field(default_factory=dict)

    def network_inputs(self, state: Tensor, action: Tensor) -> Tensor:
        """Normalised network inputs, (..., I)."""
        return self.inputs.normalize(self.space.features(state, action))

    def predict(self, context: Context, state: Tensor, action: Tensor) -> Tensor:
        """Next state, (..., S), of state (..., S) under action (..., A)."""
        outputs = mlp(context.params, self.network_inputs(state, action))
        return self.space.next_state(state, action, self.deltas.denormalize(outputs))
