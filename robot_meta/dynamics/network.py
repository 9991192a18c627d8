"""A multilayer perceptron as plain functions of its parameters.

Adaptation makes new parameters at every tick, so parameters are data here, not hidden in modules.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

Params = dict[str, Tensor]


def num_layers(params: Params) -> int:
    """Linear layers in `params`."""
    return sum(name.endswith(".weight") for name in params)


def init_mlp(sizes: Sequence[int], generator: torch.Generator) -> Params:
    """Fresh parameters: weights `layer<i>.weight` (out, in) and biases, He et al. 2015 scaling."""
    params: Params = {}
    for i, (fan_in, fan_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        std = (2.0 / fan_in) ** 0.5 if i < len(sizes) - 2 else 0.1 / fan_in**0.5
        params[f"layer{i}.weight"] = std * torch.randn(fan_out, fan_in, generator=generator)
        params[f"layer{i}.bias"] = torch.zeros(fan_out)
    return params


def features(params: Params, inputs: Tensor) -> Tensor:
    """Activations before the last layer, (..., D)."""
    hidden = inputs
    for i in range(num_layers(params) - 1):
        hidden = functional.silu(
            functional.linear(hidden, params[f"layer{i}.weight"], params[f"layer{i}.bias"])
        )
    return hidden


def last_layer(params: Params, hidden: Tensor) -> Tensor:
    """Outputs, (..., O), from the activations before the last layer."""
    name = f"layer{num_layers(params) - 1}"
    return functional.linear(hidden, params[f"{name}.weight"], params[f"{name}.bias"])


def mlp(params: Params, inputs: Tensor) -> Tensor:
    """Outputs, (..., O)."""
    return last_layer(params, features(params, inputs))
