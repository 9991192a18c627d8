"""A latent that is constant for a tick changes a network by scales and shifts of its channels.

    leaving layer ℓ:   (1 + γ) ⊙ (W h + b) + β,   [γ β] = F z

Source: Perez et al. 2018 (FiLM). A latent fed in beside the inputs is the special case γ = 0 at
the first layer. Because z is constant for the tick, scales and shifts fold into weights and
biases, and what the planner gets is a plain network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from robot_meta.dynamics.model import Extras
from robot_meta.dynamics.network import Params, num_layers


@dataclass(frozen=True)
class Film:
    """Of one layer.

    Attributes:
        shift: β, (..., D).
        scale: γ, (..., D); None for no scaling.
    """

    shift: Tensor
    scale: Tensor | None = None


Modulation = Mapping[int, Film]
"""By layer; a layer without an entry stays as it is."""


def initial_film(prefix: str, params: Params, latent: int) -> Extras:
    """F of all layers, (2D, Z) each, as nothing."""
    return {
        f"{prefix}film{layer}": torch.zeros(2 * len(params[f"layer{layer}.bias"]), latent)
        for layer in range(num_layers(params))
    }


def film(prefix: str, params: Params, extras: Extras, latent: Tensor) -> Modulation:
    """Modulation of all layers by a latent (..., Z)."""
    result = {}
    for layer in range(num_layers(params)):
        scale, shift = (latent @ extras[f"{prefix}film{layer}"].mT).chunk(2, dim=-1)
        result[layer] = Film(shift, scale)
    return result


def outputs_under(params: Params, modulation: Modulation, inputs: Tensor) -> Tensor:
    """What networks modulated by (B, D) scales and shifts make of inputs (B, n, I), (B, n, O)."""
    hidden = inputs
    last = num_layers(params) - 1
    for layer in range(last + 1):
        hidden = functional.linear(
            hidden, params[f"layer{layer}.weight"], params[f"layer{layer}.bias"]
        )
        if layer in modulation:
            change = modulation[layer]
            if change.scale is not None:
                hidden = hidden * (1.0 + change.scale[:, None])
            hidden = hidden + change.shift[:, None]
        if layer < last:
            hidden = functional.silu(hidden)
    return hidden


def folded(params: Params, modulation: Modulation) -> Params:
    """The plain network that a single modulation, (D,) each, amounts to."""
    changed = dict(params)
    for layer, change in modulation.items():
        weight, bias = f"layer{layer}.weight", f"layer{layer}.bias"
        if change.scale is not None:
            changed[weight] = params[weight] * (1.0 + change.scale[:, None])
            changed[bias] = params[bias] * (1.0 + change.scale)
        changed[bias] = changed[bias] + change.shift
    return changed
