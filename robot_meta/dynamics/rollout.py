"""Imagined futures of many action sequences under one context: where a planner spends its time.

`StepwiseRollout` asks any model for one step after another. `NeuralRollout` does the arithmetic of
`NeuralDynamics.predict` in fewer and larger operations:

    x_h      = [q, dq, tanh(dq / slow), r, v, v′ − v, 1]   one column per candidate
    hidden   = layers(W₀′ x_h)                           W₀′: first layer and normaliser
    [q′ dq′] = P x_h + W₂′ hidden                        known motion; last layer and scaling

The reference (r, v) moves by arithmetic, so its rows are filled in for all steps at once.
Positions are counted from the start state's: small numbers, whose differences keep their digits.
Weights are folded anew for every plan, since adaptation changes them at every tick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from robot_meta.dynamics.model import Context, DynamicsModel, NeuralDynamics
from robot_meta.dynamics.network import Params, num_layers
from robot_meta.dynamics.state_space import JointReferenceSpace

Imagine = Callable[[Tensor], Tensor]
"""States (N, H, S) that follow action sequences (N, H, A) from one start; valid until the next."""

Hidden = Callable[[Tensor], Tensor]
"""Activations (N, D′) after a hidden layer, from those before it (N, D)."""


class Rollout(Protocol):
    """Imagines futures.  Readable as: begin a plan, then imagine as often as it takes."""

    def begin(self, context: Context, state: Tensor) -> Imagine:
        """What imagines futures of `state` (S,) as long as `context` holds."""


@dataclass(frozen=True, kw_only=True)
class RolloutConfig:
    """How the network is evaluated.

    Attributes:
        precision: Of the layers between the first and the last, which stay in float32: "fp32";
            "onednn", the same in kernels that are faster on some processors; "bf16", half the
            time where the processor multiplies bfloat16; "auto", the last where it does.
    """

    precision: str = "auto"

    def __post_init__(self) -> None:
        choices = ["auto", *_HIDDEN]
        if self.precision not in choices:
            raise ValueError(f"precision must be one of {choices}, got '{self.precision}'")


def make_rollout(model: DynamicsModel, config: RolloutConfig) -> Rollout:
    """The fastest rollout there is for `model`."""
    if isinstance(model, NeuralDynamics) and isinstance(model.space, JointReferenceSpace):
        return NeuralRollout(model, model.space, config)
    return StepwiseRollout(model)


class StepwiseRollout:
    """Any model, one call of `predict` per step."""

    def __init__(self, model: DynamicsModel) -> None:
        self._model = model

    def begin(self, context: Context, state: Tensor) -> Imagine:
        """What imagines futures of `state` (S,) as long as `context` holds."""

        def imagine(actions: Tensor) -> Tensor:
            present = state.expand(len(actions), -1)
            states = []
            for h in range(actions.shape[1]):
                present = self._model.predict(context, present, actions[:, h])
                states.append(present)
            return torch.stack(states, dim=1)

        return imagine


class NeuralRollout:
    """The network, its known motion and its normalisers in few operations.

    Args:
        model: Any `NeuralDynamics` with at least one hidden layer.
        space: Its layout of state and action.
        config: Arithmetic of the hidden layers.
    """

    def __init__(
        self, model: NeuralDynamics, space: JointReferenceSpace, config: RolloutConfig
    ) -> None:
        if num_layers(model.params) < 2:
            raise ValueError("want a network with at least one hidden layer, got a linear model")
        self._model, self._space, self._config = model, space, config
        self._buffers: dict[tuple[int, ...], _Buffers] = {}

    @torch.inference_mode()
    def begin(self, context: Context, state: Tensor) -> Imagine:
        """What imagines futures of `state` (S,) as long as `context` holds."""
        folded = _Folded(self._model, self._space, context.params, state)
        hidden = hidden_layers(context.params, self._config)
        return partial(self._imagine, folded, hidden, state)

    @torch.inference_mode()
    def _imagine(
        self, folded: _Folded, hidden: list[Hidden], state: Tensor, actions: Tensor
    ) -> Tensor:
        buffers = self._buffers_for(actions, folded)
        self._fill_in_reference(buffers.inputs, state, actions)
        slow = 1.0 / self._space.slow
        for inputs, velocity, direction, following in buffers.steps:
            torch.mul(velocity, slow, out=direction).tanh_()
            activations = torch.mm(inputs.t(), folded.first, out=buffers.activations)
            functional.silu(activations, inplace=True)
            for layer in hidden:
                activations = layer(activations)
            torch.mm(folded.known, inputs, out=following).addmm_(folded.last, activations.t())
        return self._states(buffers, state)

    def _fill_in_reference(self, inputs: Tensor, state: Tensor, actions: Tensor) -> None:
        """Rows of the inputs (H + 1, I, N) that do not depend on the model, and the start."""
        space = self._space
        j = space.num_joints
        reference, velocity = inputs[:, 3 * j : 4 * j], inputs[:, 4 * j : 5 * j]
        inputs[0, :j] = 0.0
        inputs[0, j : 2 * j] = space.velocity(state)[:, None]
        velocity[0] = space.reference_velocity(state)[:, None]
        torch.mul(actions.permute(1, 2, 0), space.action_scale, out=velocity[1:])
        torch.sub(velocity[1:], velocity[:-1], out=inputs[:-1, 5 * j : 6 * j])
        torch.add(velocity[1:], velocity[:-1], out=reference[1:])
        reference[1:] *= 0.5 * space.control_dt
        reference[0] = space.lead(state)[:, None]
        torch.cumsum(reference, dim=0, out=reference)

    def _states(self, buffers: _Buffers, state: Tensor) -> Tensor:
        """States (N, H, S) from the inputs of all steps but the first."""
        j = self._space.num_joints
        after, states = buffers.inputs[1:], buffers.states
        position, reference = after[:, :j], after[:, 3 * j : 4 * j]
        torch.add(position, self._space.position(state)[:, None], out=states[:, :j])
        states[:, j : 2 * j] = after[:, j : 2 * j]
        torch.sub(reference, position, out=states[:, 2 * j : 3 * j])
        states[:, 3 * j :] = after[:, 4 * j : 5 * j]
        return states.permute(2, 0, 1)

    def _buffers_for(self, actions: Tensor, folded: _Folded) -> _Buffers:
        sizes = (*actions.shape, folded.first.shape[1])
        if sizes not in self._buffers:
            if len(self._buffers) >= _MAX_SIZES:
                self._buffers.clear()
            self._buffers[sizes] = _Buffers(*sizes)
        return self._buffers[sizes]


class _Folded:
    """First and last layer of a network as maps from and to the rows of `NeuralRollout`.

    Attributes:
        first: Transposed first layer with the normaliser of the inputs, (6J + 1, D).
        last: Last layer with the scaling of the outputs, (2J, D).
        known: Motion without the network, and the last layer's bias, (2J, 6J + 1).
    """

    def __init__(
        self, model: NeuralDynamics, space: JointReferenceSpace, params: Params, state: Tensor
    ) -> None:
        j = space.num_joints
        weight = params["layer0.weight"] / model.inputs.std  # (D, 6J)
        origin = torch.zeros(space.feature_size)
        origin[:j] = space.position(state)
        bias = params["layer0.bias"] + weight @ (origin - model.inputs.mean)
        position, velocity, direction, lead, lag, change = torch.split(weight, j, dim=1)
        columns = (position - lead, velocity - lag, direction, lead, lag, change, bias[:, None])
        self.first = torch.cat(columns, dim=1).t()
        name = f"layer{num_layers(params) - 1}"
        scale = model.deltas.std
        self.last = params[f"{name}.weight"] * scale[:, None]
        self.known = torch.zeros(2 * j, 6 * j + 1)
        self.known[:, : 2 * j] = torch.eye(2 * j)
        self.known[:j, j : 2 * j] = space.control_dt * torch.eye(j)
        self.known[:, -1] = params[f"{name}.bias"] * scale + model.deltas.mean


class _Buffers:
    """Memory of one rollout, and the parts of it that each step reads and writes."""

    def __init__(self, n: int, h: int, j: int, width: int) -> None:
        self.inputs = torch.ones(h + 1, 6 * j + 1, n)  # the last row stays 1
        self.activations = torch.empty(n, width)
        self.states = torch.empty(h, 4 * j, n)
        self.steps = [
            (rows, rows[j : 2 * j], rows[2 * j : 3 * j], following[: 2 * j])
            for rows, following in zip(self.inputs[:-1], self.inputs[1:], strict=True)
        ]


_MAX_SIZES = 16  # of rollouts that memory is kept for; planners change N between iterations


def hidden_layers(params: Params, config: RolloutConfig) -> list[Hidden]:
    """What lies between the first and the last layer of a network, in the arithmetic asked for."""
    precision = config.precision
    if precision == "auto":
        precision = "bf16" if _multiplies_bf16() else "fp32"
    make = _HIDDEN[precision]
    return [
        make(params[f"layer{i}.weight"], params[f"layer{i}.bias"])
        for i in range(1, num_layers(params) - 1)
    ]


def _float32(weight: Tensor, bias: Tensor) -> Hidden:
    return lambda before: functional.silu(functional.linear(before, weight, bias), inplace=True)


def _onednn(weight: Tensor, bias: Tensor) -> Hidden:
    pointwise = torch.ops.mkldnn._linear_pointwise  # nothing public reaches these kernels
    return lambda before: pointwise(before, weight, bias, "swish", [], "")


def _bfloat16(weight: Tensor, bias: Tensor) -> Hidden:
    rounded = weight.bfloat16()

    def hidden(before: Tensor) -> Tensor:
        product = functional.linear(before.bfloat16(), rounded)
        return functional.silu(product + bias, inplace=True)  # in float32, as bias is

    return hidden


def _multiplies_bf16() -> bool:
    """Whether this processor has instructions for products of bfloat16."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return supported is not None and bool(supported())


_HIDDEN: dict[str, Callable[[Tensor, Tensor], Hidden]] = {
    "fp32": _float32,
    "onednn": _onednn,
    "bf16": _bfloat16,
}
