"""Whether predicted uncertainty is as large as the errors are."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

LEVELS = (0.5, 0.8, 0.9, 0.95)


def coverage(error: Tensor, std: Tensor, levels: Sequence[float] = LEVELS) -> dict[str, float]:
    """Share of errors inside the central interval of each level, were they normal with `std`.

    Args:
        error: (..., O).
        std: Predicted, broadcasts to `error`.
        levels: Of the intervals.

    Returns:
        `coverage_<percent>` per level, and `calibration_error`, the mean distance from the level.
    """
    standardised = (error / std).abs()
    shares = {
        level: float((standardised <= math.sqrt(2.0) * _inverse_erf(level)).float().mean())
        for level in levels
    }
    named = {f"coverage_{100 * level:g}": share for level, share in shares.items()}
    distance = sum(abs(share - level) for level, share in shares.items()) / len(levels)
    return {**named, "calibration_error": distance}


def log_likelihood(error: Tensor, std: Tensor) -> float:
    """Mean log density of the errors, were they normal with `std`."""
    density = -0.5 * (error / std).square() - std.log() - 0.5 * math.log(2.0 * math.pi)
    return float(density.mean())


def _inverse_erf(level: float) -> float:
    return float(torch.erfinv(torch.tensor(level, dtype=torch.float64)))
