"""Rollout rows of a robot that is driven by velocities (rows.py says what rows are)."""

from __future__ import annotations

import torch
from torch import Tensor

from robot_meta.dynamics.velocity_space import VelocityCommandSpace


class VelocityCommandRows:
    """[way, motion, a₋₁, a, 1]: the way of one step in its heading frame, and what moves with it.

    The network does not see the pose, so that all steps of it are added up at the end.
    """

    def __init__(self, space: VelocityCommandSpace) -> None:
        self._space = space
        self.predicted = space.delta_size
        self.count = self.predicted + 2 * space.action_size + 1

    def first_layer(self, weight: Tensor, bias: Tensor, state: Tensor) -> Tensor:
        """See `Rows`: the way is not seen."""
        unseen = weight.new_zeros(len(weight), 3)
        return torch.cat([unseen, weight, bias[:, None]], dim=1)

    def known_motion(self, device: torch.device) -> Tensor:
        """See `Rows`: the way at the present velocity, and motion that goes on."""
        known = torch.eye(self.predicted, self.count, device=device)
        known[:3] = 0.0
        known[:3, 3:6].fill_diagonal_(self._space.control_dt)
        return known

    def fill_in(self, rows: Tensor, state: Tensor, actions: Tensor) -> None:
        """See `Rows`."""
        begin, size = self.predicted, self._space.action_size
        rows[0, :3] = 0.0
        rows[0, 3:begin] = state[3:begin, None]
        rows[0, begin : begin + size] = self._space.last_action(state)[:, None]
        chosen = actions.permute(1, 2, 0)
        rows[1:, begin : begin + size] = chosen
        rows[:-1, begin + size : -1] = chosen

    def derived(self, rows: Tensor) -> None:
        """See `Rows`: none."""

    def write_states(self, rows: Tensor, state: Tensor, states: Tensor) -> None:
        """See `Rows`: poses are the ways one after another, each turned by its heading."""
        heading = torch.cumsum(rows[:, 2], dim=0) + state[2]  # after each step, (H, N)
        states[:, 2] = heading
        before = heading - rows[:, 2]
        cos, sin, x, y = torch.cos(before), torch.sin(before), rows[:, 0], rows[:, 1]
        states[:, 0] = torch.cumsum(cos * x - sin * y, dim=0) + state[0]
        states[:, 1] = torch.cumsum(sin * x + cos * y, dim=0) + state[1]
        states[:, 3:] = rows[:, 3 : states.shape[1]]
