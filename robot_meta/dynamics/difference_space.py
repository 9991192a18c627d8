"""The state space of a robot that nothing is known about: all of its motion is learned.

Source: Nagabandi et al. 2019, where the model predicts the change of the observation.
Differs: entries that motion does not depend on, such as the place in the world, are predicted but
not shown to the network, which would otherwise meet values it was never trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class DifferenceSpace:
    """State is what is observed; its difference from step to step is what the model predicts.

    Attributes:
        state_size: S.
        action_size: A.
        unseen: Entries of the state that the network does not see.
    """

    state_size: int
    action_size: int
    unseen: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if min(self.state_size, self.action_size) < 1:
            raise ValueError("state_size and action_size must be >= 1")
        if not set(self.unseen) < set(range(self.state_size)):
            raise ValueError(
                f"unseen must leave some of the entries 0 to {self.state_size - 1}, got "
                f"{self.unseen}"
            )

    @cached_property
    def _seen(self) -> Tensor:
        return torch.tensor([i for i in range(self.state_size) if i not in self.unseen])

    @property
    def feature_size(self) -> int:
        """Numbers that the network sees."""
        return len(self._seen) + self.action_size

    @property
    def delta_size(self) -> int:
        """Numbers that the model predicts."""
        return self.state_size

    def features(self, state: Tensor, action: Tensor) -> Tensor:
        """What the network sees of a state and an action, (..., feature_size)."""
        return torch.cat([state.index_select(-1, self._seen), action], dim=-1)

    def delta(self, state: Tensor, next_state: Tensor) -> Tensor:
        """Difference of two states, (..., S)."""
        return next_state - state

    def next_state(self, state: Tensor, action: Tensor, delta: Tensor) -> Tensor:
        """State one period later, (..., S), for a predicted difference."""
        return state + delta
