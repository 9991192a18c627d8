"""Recursive least squares of the last layer: all transitions so far, the older the fainter.

    A ← γ A + φ φᵀ + (1 − γ) λ I,   b ← γ b + φ rᵀ,   [ΔW b]ᵀ = A⁻¹ b

φ = [h 1] the features, r what the meta-learned layer leaves unexplained, γ the forgetting. The
last term keeps the prior alive, so that directions which the motion does not excite go back to
the meta-learned layer instead of winding up. With a window as long as the episode and decay
−ln γ, `LastLayerAdapter` gives the same fit; this one costs the same however long that is.
Source: Kulhavý and Kárný 1984 (forgetting towards a prior).
Differs: A itself is kept and factored anew at each tick (D = 256 takes well under 1 ms), so no
error of updates of A⁻¹ can accumulate.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import torch
from torch import Tensor

from robot_meta.dynamics.adapter import WindowAdapter
from robot_meta.dynamics.last_layer import (
    LOG_BIAS,
    LOG_RIDGE,
    augmented,
    initial_extras,
    with_change,
)
from robot_meta.dynamics.model import Context, Extras, NeuralDynamics
from robot_meta.dynamics.network import Params, num_layers
from robot_meta.dynamics.no_harm import NO_HARM, NoHarmConfig
from robot_meta.dynamics.window import Samples


@dataclass(frozen=True)
class PrecisionPosterior:
    """What all transitions say of the last layer.

    Attributes:
        extras: Of the model.
        factor: Lower Cholesky factor of A, (D + 1, D + 1).
    """

    extras: Extras
    factor: Tensor

    def spread(self, hidden: Tensor) -> Tensor:
        """φᵀ A⁻¹ φ, (..., n), at features (..., n, D)."""
        phi = augmented(self.extras, hidden)
        whitened: Tensor = torch.linalg.solve_triangular(self.factor, phi.mT, upper=False)
        return whitened.square().sum(dim=-2)


class RecursiveAdapter(WindowAdapter):
    """The last layer by recursive least squares; what it learned outlives an episode.

    Args:
        model: A model meta-trained for the closed form (or any, as a baseline).
        window: Newest transitions that the losses are told for, and that can be taken back.
        ridge_scale: Factor on the meta-learned λ; below 1 trusts the transitions more.
        forgetting: γ, per transition.
        no_harm: When an update is rejected.
    """

    def __init__(
        self,
        model: NeuralDynamics,
        window: int = 16,
        ridge_scale: float = 1.0,
        forgetting: float = 0.97,
        no_harm: NoHarmConfig = NO_HARM,
    ) -> None:
        if ridge_scale <= 0.0 or not 0.0 < forgetting <= 1.0:
            raise ValueError(
                f"want ridge_scale > 0 and forgetting in (0, 1], got {ridge_scale}, {forgetting}"
            )
        super().__init__(model, window, no_harm)
        self._extras = {**initial_extras(), **model.extras}
        self._ridge = float(ridge_scale * self._extras[LOG_RIDGE].exp())
        self._forgetting = forgetting
        self._rows: deque[tuple[Tensor, Tensor]] = deque(maxlen=window)
        self._posterior: PrecisionPosterior | None = None
        self.forget()

    def forget(self) -> None:
        """Back to the meta-learned layer."""
        last = num_layers(self._model.params) - 1
        size = self._model.params[f"layer{last}.weight"].shape[1] + 1
        self._precision = self._ridge * torch.eye(size, dtype=torch.float64)
        self._moment = torch.zeros(size, len(self._model.deltas.mean), dtype=torch.float64)
        self._rows.clear()

    @torch.no_grad()
    def absorb(self, sample: Samples) -> None:
        """One row into A and b."""
        phi = augmented(self._extras, sample.hidden)[0]
        row = phi.double(), sample.residual(self._model.params)[0].double()
        self._rows.append(row)
        self._precision.mul_(self._forgetting).addr_(row[0], row[0])
        self._precision.diagonal().add_((1.0 - self._forgetting) * self._ridge)
        self._moment.mul_(self._forgetting).addr_(*row)

    def release(self, count: int) -> None:
        """Undo the newest rows."""
        for _ in range(count):
            phi, residual = self._rows.pop()
            self._precision.diagonal().sub_((1.0 - self._forgetting) * self._ridge)
            self._precision.addr_(phi, phi, alpha=-1.0).div_(self._forgetting)
            self._moment.addr_(phi, residual, alpha=-1.0).div_(self._forgetting)

    def body_changed(self, since: int) -> None:
        """Begin anew with what the new body did."""
        super().body_changed(since)
        self.forget()
        samples = self._window.samples()
        for count in range(len(samples), 0, -1):
            self.absorb(samples.newest(count).oldest(1))

    @torch.no_grad()
    def fit(self, samples: Samples) -> Params:
        """Parameters with the last layer replaced."""
        return self._solved()

    def _solved(self) -> Params:
        factor = torch.linalg.cholesky(self._precision.float())
        self._posterior = PrecisionPosterior(self._extras, factor)
        change = torch.cholesky_solve(self._moment.float(), factor).mT  # (O, D + 1)
        bias = change[:, -1] * self._extras[LOG_BIAS].exp()
        return with_change(self._model.params, change[:, :-1], bias)

    def posterior(self) -> PrecisionPosterior | None:
        """What all transitions said of the last layer."""
        return self._posterior

    def reset_episode(self) -> None:
        """Empty the window; A and b stay."""
        super().reset_episode()
        self._rows.clear()

    def _empty_context(self) -> Context:
        """What earlier episodes taught."""
        return Context(self._solved(), self._posterior)
