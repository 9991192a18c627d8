"""A disturbance observer: the mean error of the newest transitions, added to every prediction."""

from __future__ import annotations

import torch

from robot_meta.dynamics.adapter import WindowAdapter
from robot_meta.dynamics.network import Params, num_layers
from robot_meta.dynamics.window import Samples


class ResidualAdapter(WindowAdapter):
    """Shifts the output bias by the mean residual of the window; the honest simple baseline."""

    @torch.no_grad()
    def fit(self, samples: Samples) -> Params:
        """Parameters with the last bias shifted."""
        params = self._model.params
        name = f"layer{num_layers(params) - 1}.bias"
        return {**params, name: params[name] + samples.residual(params).mean(dim=0)}
