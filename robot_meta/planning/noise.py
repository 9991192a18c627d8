"""How noise runs along the horizon, as matrices from independent numbers to periods."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def knot_matrix(horizon: int, knots: int) -> Tensor:
    """Linear interpolation from knots to periods, (H, knots)."""
    place = np.linspace(0.0, knots - 1.0, horizon)
    left = np.minimum(place.astype(int), knots - 2)
    matrix = np.zeros((horizon, knots))
    rows = np.arange(horizon)
    matrix[rows, left] = 1.0 - (place - left)
    matrix[rows, left + 1] = place - left
    return torch.as_tensor(matrix, dtype=torch.float32)


def coloured_matrix(horizon: int, exponent: float) -> Tensor:
    """Waves whose power falls with frequency as 1/f^β, β the `exponent`; unit variance, (H, H).

    β = 0 is white noise, 2 a random walk. The constant counts as the lowest frequency.
    Source: Timmer and König 1995, eq. 9: independent amplitudes of sine and cosine.
    Differs: a matrix product instead of a Fourier transform, since horizons are short.
    """
    period = np.arange(horizon)
    waves = []
    for cycles in range(horizon // 2 + 1):
        amplitude = max(cycles, 1) ** (-0.5 * exponent)
        phase = 2.0 * np.pi * cycles * period / horizon
        waves.append(amplitude * np.cos(phase))
        if 0 < 2 * cycles < horizon:
            waves.append(amplitude * np.sin(phase))
    matrix = np.stack(waves, axis=1)
    matrix /= np.sqrt(np.square(matrix).sum(axis=1).mean())
    return torch.as_tensor(matrix, dtype=torch.float32)
