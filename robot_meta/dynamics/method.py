"""What a kind of adaptation has to say so that a model can be meta-trained for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from robot_meta.dynamics.model import Extras
from robot_meta.dynamics.network import Params, mlp

Predictor = Callable[[Tensor], Tensor]
"""What adapted models say on (B, K, I) inputs, one model per row of the batch: (B, K, O)."""


class Method(ABC):
    """One way to adapt, seen from training: differentiable, for a batch of windows.

    Attributes:
        any_length: Whether training shows windows of all lengths up to M, so that what reads them
            also knows short ones.
    """

    any_length: bool = False

    def initial_extras(self, params: Params, generator: torch.Generator) -> Extras:
        """What is learned beside the network, as training begins."""
        return {}

    def constants(self) -> Extras:
        """What the adapter must know and training does not change."""
        return {}

    @abstractmethod
    def adapted(
        self, params: Params, extras: Extras, inputs: Tensor, targets: Tensor
    ) -> Predictor:
        """The models that the windows make of θ.

        Args:
            params: Meta-parameters θ.
            extras: What the method learns beside them, φ.
            inputs: Of the past steps, oldest first, (B, M, I).
            targets: Of the same steps, (B, M, O).
        """

    def spread(self, params: Params, extras: Extras, inputs: Tensor, query: Tensor) -> Tensor:
        """Variance of those outputs' mean over that of the noise, (B, K); 0 where unknown."""
        return query.new_zeros(query.shape[:-1])


class NoMethod(Method):
    """No adaptation: the plain model, for the baselines."""

    def adapted(
        self, params: Params, extras: Extras, inputs: Tensor, targets: Tensor
    ) -> Predictor:
        """The model, whatever the past steps were."""
        return partial(mlp, params)
