"""A latent context from a small causal transformer over the window.

    z = last token of the transformer over rows [x y],   network modulated by z (modulation.py)

Source: Xiao et al. 2024 (AnyCar), for the size and for reading dynamics off a history of
transitions. Differs: read once per tick into a latent, instead of carrying the history through
every imagined step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from robot_meta.dynamics.adapter import WindowAdapter
from robot_meta.dynamics.method import Method, Predictor
from robot_meta.dynamics.model import Extras, NeuralDynamics
from robot_meta.dynamics.modulation import film, folded, initial_film, outputs_under
from robot_meta.dynamics.network import Params
from robot_meta.dynamics.no_harm import NO_HARM, NoHarmConfig
from robot_meta.dynamics.window import Samples

PREFIX = "context."
HEADS = 4
_FREQUENCIES = 0.5 ** torch.arange(0.0, 8.0)


@dataclass(frozen=True, kw_only=True)
class ContextMethod(Method):
    """How a model with an attention context is trained.

    Attributes:
        width: Of a token.
        layers: Of the transformer.
        latent: Size of z.
    """

    any_length = True

    width: int = 64
    layers: int = 2
    latent: int = 16

    def __post_init__(self) -> None:
        if self.width % HEADS:
            raise ValueError(f"width must be a multiple of {HEADS}, got {self.width}")

    def initial_extras(self, params: Params, generator: torch.Generator) -> Extras:
        """A transformer, and a modulation that does nothing yet."""
        first, last = params["layer0.weight"], list(params.values())[-1]
        rows = first.shape[1] + len(last) + 2 * len(_FREQUENCIES)

        def matrix(size_out: int, size_in: int) -> Tensor:
            drawn = torch.randn(size_out, size_in, generator=generator)
            return drawn / math.sqrt(size_in)

        extras = {f"{PREFIX}embed": matrix(self.width, rows)}
        for layer in range(self.layers):
            extras |= {
                f"{PREFIX}{layer}.attend": matrix(3 * self.width, self.width),
                f"{PREFIX}{layer}.join": 0.5 * matrix(self.width, self.width),
                f"{PREFIX}{layer}.widen": matrix(2 * self.width, self.width),
                f"{PREFIX}{layer}.narrow": 0.5 * matrix(self.width, 2 * self.width),
            }
        extras[f"{PREFIX}latent"] = matrix(self.latent, self.width)
        return {**extras, **initial_film(PREFIX, params, self.latent)}

    def adapted(
        self, params: Params, extras: Extras, inputs: Tensor, targets: Tensor
    ) -> Predictor:
        """See `Method.adapted`."""
        modulation = film(PREFIX, params, extras, encode(extras, inputs, targets))
        return partial(outputs_under, params, modulation)


def encode(extras: Extras, inputs: Tensor, targets: Tensor) -> Tensor:
    """Latent (B, Z) of windows (B, m, I) and (B, m, O), oldest first."""
    steps = inputs.shape[-2]
    age = torch.arange(steps - 1, -1, -1, dtype=inputs.dtype, device=inputs.device)
    phase = age[:, None] * _FREQUENCIES.to(age)
    place = torch.cat([phase.sin(), phase.cos()], dim=-1).expand(*inputs.shape[:-1], -1)
    tokens = torch.cat([inputs, targets, place], dim=-1) @ extras[f"{PREFIX}embed"].mT
    layer = 0
    while f"{PREFIX}{layer}.attend" in extras:
        weights = {
            n: extras[f"{PREFIX}{layer}.{n}"] for n in ("attend", "join", "widen", "narrow")
        }
        parts = (_level(tokens) @ weights["attend"].mT).chunk(3 * HEADS, dim=-1)
        query, key, value = (
            torch.stack(parts[HEADS * i : HEADS * (i + 1)], dim=-3) for i in range(3)
        )
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        joined = torch.cat(seen.unbind(dim=-3), dim=-1)
        tokens = tokens + joined @ weights["join"].mT
        inner = functional.silu(_level(tokens) @ weights["widen"].mT)
        tokens = tokens + inner @ weights["narrow"].mT
        layer += 1
    return torch.tanh(_level(tokens[..., -1, :]) @ extras[f"{PREFIX}latent"].mT)


def _level(tokens: Tensor) -> Tensor:
    return functional.layer_norm(tokens, tokens.shape[-1:])


class ContextAdapter(WindowAdapter):
    """The network modulated by what a transformer reads off the window.

    Args:
        model: A model trained with an attention context.
        window: M, newest transitions used.
        no_harm: When an update is rejected.

    Raises:
        ValueError: The model was trained without one.
    """

    def __init__(
        self, model: NeuralDynamics, window: int = 16, no_harm: NoHarmConfig = NO_HARM
    ) -> None:
        if f"{PREFIX}embed" not in model.extras:
            raise ValueError("want a model trained for 'context', got one without its weights")
        super().__init__(model, window, no_harm)

    @torch.no_grad()
    def fit(self, samples: Samples) -> Params:
        """Parameters with scales and shifts folded in."""
        params, extras = self._model.params, self._model.extras
        latent = encode(extras, samples.inputs[None], samples.targets[None])[0]
        return folded(params, film(PREFIX, params, extras, latent))
