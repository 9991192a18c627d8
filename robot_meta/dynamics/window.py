"""The newest transitions as rows that a network reads, kept in one block of memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.network import Params, features, last_layer
from robot_meta.types import Array


@dataclass(frozen=True)
class Transition:
    """One step of the robot: state (S,), action (A,), next state (S,)."""

    state: Array
    action: Array
    next_state: Array


@dataclass(frozen=True)
class Samples:
    """Transitions as a regression sees them, oldest first.

    Attributes:
        inputs: Of the network, (m, I).
        targets: Normalised deltas, (m, O).
        hidden: Activations before the last layer under the meta-learned parameters, (m, D).
    """

    inputs: Tensor
    targets: Tensor
    hidden: Tensor

    def __len__(self) -> int:
        return len(self.inputs)

    def newest(self, count: int) -> Samples:
        """The last `count` of them."""
        begin = max(0, len(self) - count)
        return Samples(self.inputs[begin:], self.targets[begin:], self.hidden[begin:])

    def oldest(self, count: int) -> Samples:
        """The first `count` of them."""
        return Samples(self.inputs[:count], self.targets[:count], self.hidden[:count])

    def residual(self, params: Params) -> Tensor:
        """What the meta-learned `params` leave unexplained, (m, O)."""
        return self.targets - last_layer(params, self.hidden)


class Window:
    """The newest M transitions.

    Args:
        model: Whose inputs and targets they are.
        size: M.
    """

    def __init__(self, model: NeuralDynamics, size: int) -> None:
        if size < 1:
            raise ValueError(f"the window must hold at least 1 transition, got {size}")
        self._model, self.size = model, size
        widths = (len(model.inputs.mean), len(model.deltas.mean), hidden_size(model))
        self._blocks = tuple(torch.empty(2 * size, width) for width in widths)
        self.clear()

    def __len__(self) -> int:
        return self._end - self._begin

    def clear(self) -> None:
        """Empty it."""
        self._begin = self._end = 0

    def append(self, transition: Transition) -> None:
        """Add the newest transition; the oldest leaves when the window is full.

        Raises:
            ValueError: A value is not finite.
        """
        row = np.concatenate([transition.state, transition.action, transition.next_state])
        if not np.isfinite(row).all():
            raise ValueError("a transition with values that are not finite cannot be adapted to")
        state, action, next_state = (
            torch.as_tensor(part)  # differences of positions need float64
            for part in (transition.state, transition.action, transition.next_state)
        )
        model = self._model
        self.append_row(
            model.network_inputs(state.float(), action.float()),
            model.deltas.normalize(model.space.delta(state, next_state).float()),
        )

    @torch.no_grad()
    def append_row(self, inputs: Tensor, targets: Tensor) -> None:
        """Add a transition as the network sees it, (I,) and (O,)."""
        self._make_room()
        hidden = features(self._model.params, inputs)
        for block, part in zip(self._blocks, (inputs, targets, hidden), strict=True):
            block[self._end] = part
        self._end += 1

    def drop_newest(self, count: int) -> int:
        """Remove up to `count` of the newest transitions; returns how many."""
        dropped = min(count, len(self))
        self._end -= dropped
        return dropped

    def keep_newest(self, count: int) -> None:
        """Remove all but the newest `count` transitions."""
        self._begin = max(self._begin, self._end - count)

    def samples(self) -> Samples:
        """All of them, m ≤ M; a view that is valid until the window changes."""
        inputs, targets, hidden = (block[self._begin : self._end] for block in self._blocks)
        return Samples(inputs, targets, hidden)

    def _make_room(self) -> None:
        if len(self) == self.size:
            self._begin += 1
        if self._end == 2 * self.size:
            kept = len(self)
            for block in self._blocks:
                block[:kept] = block[self._begin : self._end]
            self._begin, self._end = 0, kept


def hidden_size(model: NeuralDynamics) -> int:
    """D, width of the last hidden layer; that of the inputs where there is none."""
    weights = [value for name, value in model.params.items() if name.endswith(".weight")]
    return int(weights[-1].shape[1]) if weights else len(model.inputs.mean)
