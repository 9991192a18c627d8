"""A recurrent context: adaptation is what a GRU keeps in mind of the transitions so far.

    z ← GRU(z, [x y]),   first layer:  W x + b + C z

Source: Nagabandi et al. 2019 (ReBAL). Differs: a GRU instead of an LSTM; the state is frozen while
the planner imagines; the network it informs is the same as of the other adapters.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from robot_meta.dynamics.adapter import WindowAdapter
from robot_meta.dynamics.method import Method, Predictor
from robot_meta.dynamics.model import Context, Extras, NeuralDynamics
from robot_meta.dynamics.modulation import Film, folded, outputs_under
from robot_meta.dynamics.network import Params
from robot_meta.dynamics.no_harm import NO_HARM, NoHarmConfig
from robot_meta.dynamics.window import Samples

PREFIX = "recurrent."
INTO, GATES = f"{PREFIX}into_first", ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


@dataclass(frozen=True, kw_only=True)
class RecurrentMethod(Method):
    """How a model with a recurrent context is trained.

    Attributes:
        hidden: Size of z.
    """

    any_length = True

    hidden: int = 64

    def initial_extras(self, params: Params, generator: torch.Generator) -> Extras:
        """A GRU, and C as nothing."""
        first, last = params["layer0.weight"], list(params.values())[-1]
        z = self.hidden
        sizes = ((3 * z, first.shape[1] + len(last)), (3 * z, z), (3 * z,), (3 * z,))
        gates = {
            PREFIX + name: z**-0.5 * (2.0 * torch.rand(size, generator=generator) - 1.0)
            for name, size in zip(GATES, sizes, strict=True)
        }
        return {**gates, INTO: torch.zeros(len(first), z)}

    def adapted(
        self, params: Params, extras: Extras, inputs: Tensor, targets: Tensor
    ) -> Predictor:
        """See `Method.adapted`."""
        rows = torch.cat([inputs, targets], dim=-1)
        start = rows.new_zeros(1, len(rows), self.hidden)
        weights = [extras[PREFIX + name] for name in GATES]
        _, final = torch.gru(rows, start, weights, True, 1, 0.0, True, False, True)
        return partial(outputs_under, params, {0: Film(final[0] @ extras[INTO].mT)})


class RecurrentAdapter(WindowAdapter):
    """ReBAL: one step of the GRU per transition; its state outlives an episode.

    Args:
        model: A model trained with a recurrent context.
        window: Newest transitions that the losses are told for, and that can be taken back.
        no_harm: When an update is rejected.

    Raises:
        ValueError: The model was trained without one.
    """

    def __init__(
        self, model: NeuralDynamics, window: int = 16, no_harm: NoHarmConfig = NO_HARM
    ) -> None:
        if INTO not in model.extras:
            raise ValueError("want a model trained for 'recurrent', got one without its weights")
        super().__init__(model, window, no_harm)
        self._gates = [model.extras[PREFIX + name] for name in GATES]
        self._earlier: deque[Tensor] = deque(maxlen=window)
        self.forget()

    def forget(self) -> None:
        """Keep nothing in mind."""
        self._state = self._model.extras[INTO].new_zeros(1, self._model.extras[INTO].shape[1])
        self._earlier.clear()

    @torch.no_grad()
    def absorb(self, sample: Samples) -> None:
        """One step of the GRU."""
        self._earlier.append(self._state)
        row = torch.cat([sample.inputs, sample.targets], dim=1)
        self._state = torch.gru_cell(row, self._state, *self._gates)

    def release(self, count: int) -> None:
        """Back to the state before the newest rows."""
        for _ in range(count):
            self._state = self._earlier.pop()

    @torch.no_grad()
    def fit(self, samples: Samples) -> Params:
        """Parameters with the context in the first bias."""
        return self._modulated()

    def _modulated(self) -> Params:
        shift = (self._state @ self._model.extras[INTO].mT)[0]
        return folded(self._model.params, {0: Film(shift)})

    def reset_episode(self) -> None:
        """Empty the window; the state stays."""
        super().reset_episode()
        self._earlier.clear()

    def _empty_context(self) -> Context:
        """What earlier episodes left in mind."""
        return Context(self._modulated())
