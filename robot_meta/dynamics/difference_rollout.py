"""Imagined futures of a `DifferenceSpace` model, with normalisers and scalings folded away.

    hidden = layers(W₀′ [s_seen a 1])      W₀′: first layer and normaliser of the inputs
    s′     = s + W₂′ hidden + b₂′          W₂′, b₂′: last layer and scaling of the outputs

W₀′ a is multiplied for all steps at once.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from robot_meta.dynamics.difference_space import DifferenceSpace
from robot_meta.dynamics.model import Context, NeuralDynamics
from robot_meta.dynamics.network import Params, num_layers
from robot_meta.dynamics.rollout import Hidden, Imagine, RolloutConfig, hidden_layers


class DifferenceRollout:
    """The network and its normalisers in few operations.

    Args:
        model: Any `NeuralDynamics` with at least one hidden layer.
        space: Its layout of state and action.
        config: Arithmetic of the hidden layers.
    """

    def __init__(
        self, model: NeuralDynamics, space: DifferenceSpace, config: RolloutConfig
    ) -> None:
        if num_layers(model.params) < 2:
            raise ValueError("want a network with at least one hidden layer, got a linear model")
        self._model, self._space, self._config = model, space, config

    @torch.inference_mode()
    def begin(self, context: Context, state: Tensor) -> Imagine:
        """What imagines futures of `state` (S,) as long as `context` holds."""
        folded = _Folded(self._model, self._space, context.params)
        return partial(_imagine, folded, hidden_layers(context.params, self._config), state)


@torch.inference_mode()
def _imagine(folded: _Folded, hidden: list[Hidden], state: Tensor, actions: Tensor) -> Tensor:
    n, horizon, _ = actions.shape
    of_actions = functional.linear(actions.transpose(0, 1), folded.action, folded.bias)
    states = torch.empty(horizon + 1, n, len(state))
    states[0] = state
    for h in range(horizon):
        activations = torch.addmm(of_actions[h], states[h], folded.state)
        functional.silu(activations, inplace=True)
        for layer in hidden:
            activations = layer(activations)
        torch.add(states[h], folded.last_bias, out=states[h + 1])
        states[h + 1].addmm_(activations, folded.last)
    return states[1:].transpose(0, 1)


class _Folded:
    """First and last layer as maps from and to states; what is not seen has columns of zeros.

    Attributes:
        state: Transposed first layer, (S, D).
        action: The same for actions, not transposed, (D, A).
        bias: (D,).
        last: Transposed last layer with the scaling of the outputs, (D′, S).
        last_bias: (S,).
    """

    def __init__(self, model: NeuralDynamics, space: DifferenceSpace, params: Params) -> None:
        weight = params["layer0.weight"] / model.inputs.std
        seen = len(space.seen)
        self.state = torch.zeros(space.state_size, len(weight))
        self.state[space.seen] = weight[:, :seen].t()
        self.action = weight[:, seen:]
        self.bias = params["layer0.bias"] - weight @ model.inputs.mean
        name, scale = f"layer{num_layers(params) - 1}", model.deltas.std
        self.last = (params[f"{name}.weight"] * scale[:, None]).t()
        self.last_bias = params[f"{name}.bias"] * scale + model.deltas.mean
