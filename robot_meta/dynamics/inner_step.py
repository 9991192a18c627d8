"""Gradient steps on a batch of windows at once, without a network per window.

The gradient of the loss on a window of m steps changes each layer by a matrix of rank m at most:

    ∂L/∂W = Dᵀ H,   ∂L/∂b = Dᵀ 1,

H (m, in) what entered the layer, D (m, out) = ∂L/∂(what left it). So an adapted layer need not be
formed while training; of new activations h it makes

    h W′ᵀ + b′ = h Wᵀ + b − (α h Hᵀ + β) D,   α, β the inner rates of weight and bias.

Everything is differentiable, so the outer step goes through it; detached H and D make the
first-order method of Finn et al. 2017, section 5.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from robot_meta.dynamics.network import Params, num_layers


@dataclass(frozen=True)
class Rates:
    """Inner learning rates of one layer, scalars."""

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True)
class LayerSteps:
    """What the steps taken so far do to one layer.

    Attributes:
        rates: α and β.
        entering: H of all steps, (..., R, in), R = m times the number of steps.
        errors: D of all steps, (..., R, out).
    """

    rates: Rates
    entering: Tensor
    errors: Tensor

    def forward(self, entering: Tensor) -> Tensor:
        """What they take from the layer's output for activations (..., n, in)."""
        kernel = self.rates.weight * (entering @ self.entering.mT) + self.rates.bias
        return kernel @ self.errors

    def backward(self, errors: Tensor) -> Tensor:
        """What they take from the gradient (..., n, in) with respect to the layer's input."""
        return self.rates.weight * ((errors @ self.errors.mT) @ self.entering)


Steps = Mapping[int, LayerSteps]
"""By layer; a layer without an entry keeps its meta-learned parameters."""


def adapt(
    params: Params,
    rates: Mapping[int, Rates],
    inputs: Tensor,
    targets: Tensor,
    count: int,
    *,
    first_order: bool = False,
) -> Steps:
    """`count` gradient steps on the loss of each window: inputs (..., m, I), targets (..., m, O).

    Only layers with `rates` move.
    """
    steps: dict[int, LayerSteps] = {}
    last = num_layers(params) - 1
    scale = 2.0 / (targets.shape[-2] * targets.shape[-1])  # of the mean of squares
    for _ in range(count):
        outputs, entering, slopes = _trace(params, steps, inputs)
        errors = scale * (outputs - targets)
        taken = dict(steps)
        for layer in range(last, min(rates) - 1, -1):
            if layer in rates:
                taken[layer] = _extended(
                    steps.get(layer), rates[layer], entering[layer], errors, first_order
                )
            if layer > min(rates):
                back = errors @ params[f"layer{layer}.weight"]
                if layer in steps:
                    back = back - steps[layer].backward(errors)
                errors = back * slopes[layer - 1]
        steps = taken
    return steps


def outputs_after(params: Params, steps: Steps, inputs: Tensor) -> Tensor:
    """What the adapted networks make of (..., n, I) inputs, (..., n, O)."""
    hidden = inputs
    last = num_layers(params) - 1
    for layer in range(last + 1):
        hidden = _leaving(params, steps, layer, hidden)
        if layer < last:
            hidden = functional.silu(hidden)
    return hidden


def params_after(params: Params, steps: Steps) -> Params:
    """The adapted parameters themselves, of one window."""
    changed = dict(params)
    for layer, taken in steps.items():
        weight, bias = f"layer{layer}.weight", f"layer{layer}.bias"
        changed[weight] = params[weight] - taken.rates.weight * (taken.errors.mT @ taken.entering)
        changed[bias] = params[bias] - taken.rates.bias * taken.errors.sum(dim=-2)
    return changed


def _leaving(params: Params, steps: Steps, layer: int, entering: Tensor) -> Tensor:
    leaving = functional.linear(
        entering, params[f"layer{layer}.weight"], params[f"layer{layer}.bias"]
    )
    return leaving - steps[layer].forward(entering) if layer in steps else leaving


def _trace(
    params: Params, steps: Steps, inputs: Tensor
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Outputs, what entered each layer, and the slopes of the activations between them."""
    entering, slopes = [inputs], []
    last = num_layers(params) - 1
    for layer in range(last):
        leaving = _leaving(params, steps, layer, entering[-1])
        gate = torch.sigmoid(leaving)
        entering.append(leaving * gate)
        slopes.append(gate * (1.0 + leaving * (1.0 - gate)))
    return _leaving(params, steps, last, entering[-1]), entering, slopes


def _extended(
    taken: LayerSteps | None, rates: Rates, entering: Tensor, errors: Tensor, first_order: bool
) -> LayerSteps:
    if first_order:
        entering, errors = entering.detach(), errors.detach()
    if taken is not None:
        entering = torch.cat([taken.entering, entering], dim=-2)
        errors = torch.cat([taken.errors, errors], dim=-2)
    return LayerSteps(rates, entering, errors)
