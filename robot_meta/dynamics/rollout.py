"""Imagined futures of many action sequences under one context: where a planner spends its time.

`StepwiseRollout` asks any model for one step after another. `NeuralRollout` does the arithmetic of
`NeuralDynamics.predict` in fewer and larger operations:

    x_h      = rows of state and action (rows.py)    one column per candidate
    hidden   = layers(W₀′ x_h)                       W₀′: first layer and normaliser
    predicted rows of x_{h+1} = P x_h + W₂′ hidden   known motion; last layer and scaling

Weights are folded anew for every plan, since adaptation changes them at every tick.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from robot_meta.dynamics.difference_space import DifferenceSpace
from robot_meta.dynamics.hidden_layer import PRECISIONS, Hidden, fastest_precision
from robot_meta.dynamics.model import Context, DynamicsModel, NeuralDynamics
from robot_meta.dynamics.network import num_layers
from robot_meta.dynamics.rows import DifferenceRows, FoldedLayers, JointReferenceRows, Rows
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.dynamics.velocity_rows import VelocityCommandRows
from robot_meta.dynamics.velocity_space import VelocityCommandSpace

Imagine = Callable[[Tensor], Tensor]
"""States (N, H, S) that follow action sequences (N, H, A) from one start; valid until the next."""


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
        device: Where: "cpu", "cuda", or "auto", the latter where there is one. Actions come from
            the CPU and states go back to it in any case.
    """

    precision: str = "auto"
    device: str = "auto"

    def __post_init__(self) -> None:
        for name, choices in (("precision", ["auto", *PRECISIONS]), ("device", _DEVICES)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {choices}, got '{getattr(self, name)}'")
        if self.precision == "onednn" and self.device == "cuda":
            raise ValueError("precision 'onednn' is for device 'cpu', got device 'cuda'")

    def chosen_device(self) -> torch.device:
        """What `device` comes to on this machine."""
        if self.device != "auto":
            return torch.device(self.device)
        suitable = torch.cuda.is_available() and self.precision != "onednn"
        return torch.device("cuda" if suitable else "cpu")


_DEVICES = ["auto", "cpu", "cuda"]


def make_rollout(model: DynamicsModel, config: RolloutConfig) -> Rollout:
    """The fastest rollout there is for `model`."""
    if isinstance(model, NeuralDynamics) and num_layers(model.params) > 1:
        how = (config.precision, config.chosen_device())
        if isinstance(model.space, JointReferenceSpace):
            return NeuralRollout(model, JointReferenceRows(model.space), *how)
        if isinstance(model.space, DifferenceSpace):
            return NeuralRollout(model, DifferenceRows(model.space), *how)
        if isinstance(model.space, VelocityCommandSpace):
            return NeuralRollout(model, VelocityCommandRows(model.space), *how)
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
        model: With at least one hidden layer.
        rows: Layout of its state space.
        precision: Arithmetic of the hidden layers, as in `RolloutConfig`.
        device: Where all of it happens.
    """

    def __init__(
        self, model: NeuralDynamics, rows: Rows, precision: str, device: torch.device
    ) -> None:
        self._inputs, self._deltas = model.inputs.to(device), model.deltas.to(device)
        self._rows, self._device = rows, device
        if precision == "auto":
            precision = fastest_precision(device)
        self._make_hidden = PRECISIONS[precision]
        self._memory = _Memory()

    @torch.inference_mode()
    def begin(self, context: Context, state: Tensor) -> Imagine:
        """What imagines futures of `state` (S,) as long as `context` holds."""
        params = {name: value.to(self._device) for name, value in context.params.items()}
        state = state.to(self._device)
        folded = FoldedLayers(self._inputs, self._deltas, self._rows, params, state)
        between = range(1, num_layers(params) - 1)
        hidden = self._make_hidden(
            [(params[f"layer{i}.weight"], params[f"layer{i}.bias"]) for i in between]
        )
        return partial(self._imagine, folded, hidden, state)

    @torch.inference_mode()
    def _imagine(
        self, folded: FoldedLayers, hidden: Hidden, state: Tensor, actions: Tensor
    ) -> Tensor:
        buffers = self._buffers_for(actions, len(state), folded.first.shape[1])
        self._rows.fill_in(buffers.rows, state, actions.to(self._device))
        for rows, derived, following, memory in buffers.steps:
            if derived is not None:
                to, source, factor = derived
                torch.mul(source, factor, out=to).tanh_()
            activations = torch.mm(rows.t(), folded.first, out=memory)
            activations = hidden(functional.silu(activations, inplace=True))
            torch.mm(folded.known, rows, out=following).addmm_(folded.last, activations.t())
        self._rows.write_states(buffers.rows[1:], state, buffers.states)
        return buffers.states.permute(2, 0, 1).to(actions.device)

    def _buffers_for(self, actions: Tensor, state_size: int, width: int) -> _Buffers:
        n, h, _ = actions.shape
        sizes, buffers = (n, h, state_size, width), self._memory.buffers
        if sizes not in buffers:
            if len(buffers) >= _MAX_SIZES:
                buffers.clear()
            buffers[sizes] = _Buffers(self._rows, *sizes, self._device)
        return buffers[sizes]


class _Buffers:
    """Memory of one rollout, and the parts of it that each step reads and writes."""

    def __init__(
        self, rows: Rows, n: int, h: int, state_size: int, width: int, device: torch.device
    ) -> None:
        self.rows = torch.ones(h + 1, rows.count, n, device=device)  # the last row stays 1
        self.states = torch.empty(h, state_size, n, device=device)
        count = math.ceil(n * width / _TILE) if device.type == "cpu" else 1
        tiles = self.rows.tensor_split(count, dim=2)
        activations = torch.empty(max(tile.shape[2] for tile in tiles), width, device=device)
        self.steps = [
            (now, rows.derived(now), following[: rows.predicted], activations[: now.shape[1]])
            for tile in tiles
            for now, following in zip(tile[:-1], tile[1:], strict=True)
        ]


class _Memory(threading.local):
    """Buffers by sizes, for every thread that imagines."""

    def __init__(self) -> None:
        self.buffers: dict[tuple[int, ...], _Buffers] = {}


_TILE = 2**17  # activations of the candidates that are rolled out at once: they stay in cache
_MAX_SIZES = 16  # of rollouts that memory is kept for; planners change N between iterations
