"""Per-channel scaling with one frozen set of statistics for all data, old and new."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

STD_FLOOR = 1e-3  # relative to the typical channel; a constant channel must not explode


@dataclass(frozen=True)
class Normalizer:
    """x ↦ (x − mean) / std.

    Attributes:
        mean: (D,).
        std: (D,), floored at `STD_FLOOR` times the median std so that a channel that hardly moved
            in the data does not turn noise into large inputs.
    """

    mean: Tensor
    std: Tensor

    @classmethod
    def fit(cls, values: Tensor) -> Normalizer:
        """Statistics of `values` (..., D)."""
        flat = values.reshape(-1, values.shape[-1])
        if not torch.isfinite(flat).all():
            raise ValueError("cannot normalize data that is not finite")
        std = flat.std(dim=0)
        floor = STD_FLOOR * std.median().clamp(min=torch.finfo(std.dtype).eps)
        return cls(flat.mean(dim=0), std.clamp(min=float(floor)))

    def to(self, device: torch.device) -> Normalizer:
        """The same statistics on `device`."""
        return Normalizer(self.mean.to(device), self.std.to(device))

    def normalize(self, values: Tensor) -> Tensor:
        """To mean 0 and std 1, (..., D)."""
        return (values - self.mean) / self.std

    def denormalize(self, values: Tensor) -> Tensor:
        """Back to physical units, (..., D)."""
        return values * self.std + self.mean
