"""Arithmetic of the layers between the first and the last, where most of a plan's time goes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Hidden = Callable[[Tensor], Tensor]
"""Activations (N, D′) after a hidden layer, from those before it (N, D)."""


def _float32(weight: Tensor, bias: Tensor) -> Hidden:
    return lambda before: functional.silu(functional.linear(before, weight, bias), inplace=True)


def _onednn(weight: Tensor, bias: Tensor) -> Hidden:
    pointwise = torch.ops.mkldnn._linear_pointwise  # nothing public reaches these kernels
    return lambda before: pointwise(before, weight, bias, "swish", [], "")


def _bfloat16(weight: Tensor, bias: Tensor) -> Hidden:
    rounded = weight.bfloat16()

    def hidden(before: Tensor) -> Tensor:
        product = functional.linear(before.bfloat16(), rounded)
        return functional.silu(product + bias, inplace=True)  # in float32, as bias is

    return hidden


PRECISIONS: dict[str, Callable[[Tensor, Tensor], Hidden]] = {
    "fp32": _float32,
    "onednn": _onednn,
    "bf16": _bfloat16,
}
"""Makes a layer from weight (D′, D) and bias (D′,)."""


def fastest_precision() -> str:
    """The fastest that is precise enough to plan with, on this processor."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return "bf16" if supported is not None and supported() else "fp32"
