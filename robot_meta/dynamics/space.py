"""What a state is made of, as far as models, data and meta-training have to know."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class StateSpace(Protocol):
    """Layout of state and action, and the part of the motion that need not be learned.

    `next_state(s, a, delta(s, s′))` is s′ for every step that really happened.
    """

    @property
    def state_size(self) -> int:
        """S."""

    @property
    def action_size(self) -> int:
        """A."""

    @property
    def feature_size(self) -> int:
        """Numbers that the network sees."""

    @property
    def delta_size(self) -> int:
        """Numbers that the model predicts."""

    def features(self, state: Tensor, action: Tensor) -> Tensor:
        """What the network sees of a state (..., S) and an action (..., A)."""

    def delta(self, state: Tensor, next_state: Tensor) -> Tensor:
        """What the model has to explain of one step."""

    def next_state(self, state: Tensor, action: Tensor, delta: Tensor) -> Tensor:
        """State one period later, (..., S), for a predicted `delta`."""
