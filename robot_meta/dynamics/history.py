"""A static network that also sees the last k transitions: what every adapter has to beat.

The history enters the first layer beside the inputs and stays what it is while the planner
imagines, so that model error does not become evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from robot_meta.dynamics.adapter import WindowAdapter
from robot_meta.dynamics.method import Method, Predictor
from robot_meta.dynamics.model import Extras, NeuralDynamics
from robot_meta.dynamics.modulation import Film, folded, outputs_under
from robot_meta.dynamics.network import Params
from robot_meta.dynamics.no_harm import NO_HARM, NoHarmConfig
from robot_meta.dynamics.window import Samples

WEIGHT = "history.weight"


@dataclass(frozen=True, kw_only=True)
class HistoryMethod(Method):
    """How a model with history is trained.

    Attributes:
        length: k.
    """

    any_length = True

    length: int = 8

    def initial_extras(self, params: Params, generator: torch.Generator) -> Extras:
        """Weights from the history to the first layer, as small as those of k more inputs."""
        first, last = params["layer0.weight"], list(params.values())[-1]
        size = self.length * (first.shape[1] + len(last))
        return {WEIGHT: 0.5 * size**-0.5 * torch.randn(len(first), size, generator=generator)}

    def adapted(
        self, params: Params, extras: Extras, inputs: Tensor, targets: Tensor
    ) -> Predictor:
        """See `Method.adapted`."""
        return partial(outputs_under, params, modulation(extras, inputs, targets))


def modulation(extras: Extras, inputs: Tensor, targets: Tensor) -> dict[int, Film]:
    """What rows (..., m, I) and (..., m, O) add to the first layer; missing ones count as 0."""
    weight = extras[WEIGHT]
    rows = torch.cat([inputs, targets], dim=-1)
    length = weight.shape[1] // rows.shape[-1]
    rows = rows[..., -length:, :]
    rows = functional.pad(rows, (0, 0, length - rows.shape[-2], 0))
    return {0: Film(rows.flatten(start_dim=-2) @ weight.mT)}


class HistoryAdapter(WindowAdapter):
    """The network with the last k transitions beside its inputs.

    Args:
        model: A model trained with a history.
        no_harm: When an update is rejected.

    Raises:
        ValueError: The model was trained without one.
    """

    def __init__(self, model: NeuralDynamics, no_harm: NoHarmConfig = NO_HARM) -> None:
        if WEIGHT not in model.extras:
            raise ValueError("want a model trained for 'history', got one without its weights")
        width = len(model.inputs.mean) + len(model.deltas.mean)
        super().__init__(model, model.extras[WEIGHT].shape[1] // width, no_harm)

    @torch.no_grad()
    def fit(self, samples: Samples) -> Params:
        """Parameters with the history in the first bias."""
        change = modulation(self._model.extras, samples.inputs, samples.targets)
        return folded(self._model.params, change)
