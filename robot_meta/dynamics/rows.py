"""State and action of a rollout as rows of one matrix per step, one column per candidate.

What a network predicts comes first, so that its last layer writes straight into the next step;
what is known beforehand, such as actions, is filled in for all steps at once; the last row is 1,
for biases. Positions are counted from the start state's: small numbers, whose differences keep
their digits.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from robot_meta.dynamics.difference_space import DifferenceSpace
from robot_meta.dynamics.network import Params, num_layers
from robot_meta.dynamics.normalizer import Normalizer
from robot_meta.dynamics.state_space import JointReferenceSpace


class Rows(Protocol):
    """How a state space is laid out.

    Attributes:
        count: Rows of a step, R.
        predicted: How many of them the network writes, P.
    """

    count: int
    predicted: int

    def first_layer(self, weight: Tensor, bias: Tensor, state: Tensor) -> Tensor:
        """The layer (D, features) that begins in `state` (S,), from rows, (D, R)."""

    def known_motion(self, device: torch.device) -> Tensor:
        """Predicted rows one step later without the network, from rows, (P, R)."""

    def fill_in(self, rows: Tensor, state: Tensor, actions: Tensor) -> None:
        """Write the start and all that does not depend on the model into (H + 1, R, N)."""

    def derived(self, rows: Tensor) -> tuple[Tensor, Tensor, float] | None:
        """Of one step (R, N): rows that are tanh(other rows · factor), as (to, from, factor)."""

    def write_states(self, rows: Tensor, state: Tensor, states: Tensor) -> None:
        """States (H, S, N) from the rows of all steps but the first."""


class JointReferenceRows:
    """[q, dq, tanh(dq / slow), r, v, v′ − v, past changes, 1].

    The reference (r, v) moves by arithmetic; v′ − v of one step is the newest past change of the
    next.
    """

    def __init__(self, space: JointReferenceSpace) -> None:
        self._space, self._j = space, space.num_joints
        self.count, self.predicted = space.feature_size + 1, 2 * self._j

    def first_layer(self, weight: Tensor, bias: Tensor, state: Tensor) -> Tensor:
        """See `Rows`."""
        now, past = weight[:, : 6 * self._j], weight[:, 6 * self._j :]
        position, velocity, direction, lead, lag, change = torch.split(now, self._j, dim=1)
        constant = bias + position @ self._space.position(state)
        columns = (
            position - lead,
            velocity - lag,
            direction,
            lead,
            lag,
            change,
            past,
            constant[:, None],
        )
        return torch.cat(columns, dim=1)

    def known_motion(self, device: torch.device) -> Tensor:
        """See `Rows`: q + T dq and dq."""
        j = self._j
        known = torch.eye(self.predicted, self.count, device=device)
        known[:j, j : 2 * j].fill_diagonal_(self._space.control_dt)
        return known

    def fill_in(self, rows: Tensor, state: Tensor, actions: Tensor) -> None:
        """See `Rows`."""
        space, j = self._space, self._j
        reference, velocity = rows[:, 3 * j : 4 * j], rows[:, 4 * j : 5 * j]
        rows[0, :j] = 0.0
        rows[0, j : 2 * j] = space.velocity(state)[:, None]
        velocity[0] = space.reference_velocity(state)[:, None]
        torch.mul(actions.permute(1, 2, 0), space.action_scale, out=velocity[1:])
        torch.sub(velocity[1:], velocity[:-1], out=rows[:-1, 5 * j : 6 * j])
        torch.add(velocity[1:], velocity[:-1], out=reference[1:])
        reference[1:] *= 0.5 * space.control_dt
        reference[0] = space.lead(state)[:, None]
        torch.cumsum(reference, dim=0, out=reference)
        change, past = rows[:-1, 5 * j : 6 * j], rows[:-1, 6 * j : -1]
        _shift(change, space.past_changes(state), past)

    def derived(self, rows: Tensor) -> tuple[Tensor, Tensor, float]:
        """See `Rows`: the direction of motion."""
        j = self._j
        return rows[2 * j : 3 * j], rows[j : 2 * j], 1.0 / self._space.slow

    def write_states(self, rows: Tensor, state: Tensor, states: Tensor) -> None:
        """See `Rows`."""
        j = self._j
        position, reference = rows[:, :j], rows[:, 3 * j : 4 * j]
        torch.add(position, self._space.position(state)[:, None], out=states[:, :j])
        states[:, j : 2 * j] = rows[:, j : 2 * j]
        torch.sub(reference, position, out=states[:, 2 * j : 3 * j])
        states[:, 3 * j : 4 * j] = rows[:, 4 * j : 5 * j]
        _shift(rows[:, 4 * j : 5 * j], state[3 * j : -j], states[:, 4 * j :])


def _shift(values: Tensor, before: Tensor, past: Tensor) -> None:
    """Write the n values (J,) before each of `values` (H, J, N), newest first, into (H, n J, N).

    Args:
        values: One per step.
        before: Those before the first, newest first, (n J,).
        past: Where to.
    """
    h, j, _ = values.shape
    for i in range(past.shape[1] // j):  # `i` steps before the newest past one
        known = min(i + 1, h)
        column = past[:, i * j : (i + 1) * j]
        column[:known] = before[: (i + 1) * j].view(-1, j).flip(0)[:known, :, None]
        column[known:] = values[: h - known]


class DifferenceRows:
    """[s, a, 1]: the whole state is predicted."""

    def __init__(self, space: DifferenceSpace) -> None:
        self._seen = [i for i in range(space.state_size) if i not in space.unseen]
        self.count, self.predicted = space.state_size + space.action_size + 1, space.state_size

    def first_layer(self, weight: Tensor, bias: Tensor, state: Tensor) -> Tensor:
        """See `Rows`."""
        seen = len(self._seen)
        layer = weight.new_zeros(len(weight), self.count)
        layer[:, self._seen] = weight[:, :seen]
        layer[:, self.predicted : -1] = weight[:, seen:]
        layer[:, -1] = bias + weight[:, :seen] @ state[self._seen]
        return layer

    def known_motion(self, device: torch.device) -> Tensor:
        """See `Rows`: the state stays."""
        return torch.eye(self.predicted, self.count, device=device)

    def fill_in(self, rows: Tensor, state: Tensor, actions: Tensor) -> None:
        """See `Rows`."""
        rows[0, : self.predicted] = 0.0
        rows[:-1, self.predicted : -1] = actions.permute(1, 2, 0)

    def derived(self, rows: Tensor) -> None:
        """See `Rows`: none."""

    def write_states(self, rows: Tensor, state: Tensor, states: Tensor) -> None:
        """See `Rows`."""
        torch.add(rows[:, : self.predicted], state[:, None], out=states)


class FoldedLayers:
    """First and last layer of a network as maps from and to rows, normalisers included.

    Attributes:
        first: The first layer, transposed, (R, D).
        last: The last layer, (P, D).
        known: Motion without the network, and the last layer's bias, (P, R).
    """

    def __init__(
        self, inputs: Normalizer, deltas: Normalizer, rows: Rows, params: Params, state: Tensor
    ) -> None:
        weight = params["layer0.weight"] / inputs.std
        bias = params["layer0.bias"] - weight @ inputs.mean
        self.first = rows.first_layer(weight, bias, state).t()
        name = f"layer{num_layers(params) - 1}"
        scale = deltas.std
        self.last = params[f"{name}.weight"] * scale[:, None]
        self.known = rows.known_motion(state.device)
        self.known[:, -1] = params[f"{name}.bias"] * scale + deltas.mean
