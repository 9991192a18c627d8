"""Arithmetic of the layers between the first and the last, where most of a plan's time goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

Layer = tuple[Tensor, Tensor]
"""Weight (D′, D) and bias (D′,)."""

Hidden = Callable[[Tensor], Tensor]
"""Activations (N, D′) after the layers, from those before them (N, D), which may be overwritten;
both float32."""


def _float32(layers: Sequence[Layer]) -> Hidden:
    def hidden(activations: Tensor) -> Tensor:
        for weight, bias in layers:
            product = functional.linear(activations, weight, bias)
            activations = functional.silu(product, inplace=True)
        return activations

    return hidden


def _onednn(layers: Sequence[Layer]) -> Hidden:
    def hidden(activations: Tensor) -> Tensor:
        for weight, bias in layers:
            activations = _fused(activations, weight, bias)
        return activations

    return hidden


def _bfloat16(layers: Sequence[Layer]) -> Hidden:
    if not layers:
        return _float32(layers)  # nothing to round for
    rounded = [(weight.bfloat16(), bias) for weight, bias in layers]
    layer = _fused if rounded[0][0].is_cpu else _plain

    def hidden(activations: Tensor) -> Tensor:
        activations = activations.bfloat16()
        for weight, bias in rounded:
            activations = layer(activations, weight, bias)
        return activations.float()

    return hidden


def _fused(activations: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """SiLU of a linear layer in one kernel, summed in float32; nothing public reaches it."""
    result: Tensor = torch.ops.mkldnn._linear_pointwise(activations, weight, bias, "swish", [], "")
    return result


def _plain(activations: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The same on devices that know no such kernel."""
    product = functional.linear(activations, weight, bias.to(activations.dtype))
    return functional.silu(product, inplace=True)


_CPU = torch.device("cpu")

PRECISIONS: dict[str, Callable[[Sequence[Layer]], Hidden]] = {
    "fp32": _float32,
    "onednn": _onednn,
    "bf16": _bfloat16,
}
"""Makes what goes between the first and the last layer."""


def fastest_precision(device: torch.device = _CPU) -> str:
    """The fastest that is precise enough to plan with, on this device."""
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return "bf16" if supported is not None and supported() else "fp32"
