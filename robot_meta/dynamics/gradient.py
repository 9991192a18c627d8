"""Gradient-based adaptation: one or a few steps from the meta-learned parameters.

    θ′ = θ − α ∇θ L(θ, window)

Source: Nagabandi et al. 2019 (GrBAL), eq. 6; inner rates per tensor as in Li et al. 2017.
With a model that was not meta-trained this is the baseline MB+DE of that paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from robot_meta.dynamics import inner_step
from robot_meta.dynamics.adapter import WindowAdapter
from robot_meta.dynamics.inner_step import Rates
from robot_meta.dynamics.method import Method, Predictor
from robot_meta.dynamics.model import Extras, NeuralDynamics
from robot_meta.dynamics.network import Params, num_layers
from robot_meta.dynamics.no_harm import NO_HARM, NoHarmConfig
from robot_meta.dynamics.window import Samples

PREFIX = "gradient."
LOG_RATE = f"{PREFIX}log_rate."
STEPS = f"{PREFIX}steps"


def initial_extras(params: Params, rate: float, layers: tuple[int, ...] = ()) -> Extras:
    """Inner learning rates, one per parameter tensor of `layers` (none: all), as logarithms.

    Raises:
        ValueError: There is no such layer.
    """
    if not set(layers) <= set(range(num_layers(params))):
        raise ValueError(f"want layers among 0 to {num_layers(params) - 1}, got {layers}")
    return {
        f"{LOG_RATE}layer{layer}.{kind}": torch.tensor(rate).log()
        for layer in layers or range(num_layers(params))
        for kind in ("weight", "bias")
    }


def rates(extras: Extras, scale: float = 1.0) -> dict[int, Rates]:
    """Inner rates by layer, times `scale`."""
    numbers = {int(n[len(LOG_RATE) + 5 :].split(".")[0]) for n in extras if n.startswith(LOG_RATE)}
    return {
        layer: Rates(
            scale * extras[f"{LOG_RATE}layer{layer}.weight"].exp(),
            scale * extras[f"{LOG_RATE}layer{layer}.bias"].exp(),
        )
        for layer in sorted(numbers)
    }


@dataclass(frozen=True, kw_only=True)
class GradientMethod(Method):
    """How a model is meta-trained for gradient steps.

    Attributes:
        steps: Inner steps.
        rate: Inner rate that all layers start from.
        layers: Layers that move; empty for all.
        first_order: Whether the outer gradient ignores how the inner one depends on θ.
    """

    steps: int = 1
    rate: float = 0.01
    layers: tuple[int, ...] = ()
    first_order: bool = False

    def initial_extras(self, params: Params, generator: torch.Generator) -> Extras:
        """Inner rates."""
        return initial_extras(params, self.rate, self.layers)

    def constants(self) -> Extras:
        """The number of steps that the model is meant for."""
        return {STEPS: torch.tensor(float(self.steps))}

    def adapted(
        self, params: Params, extras: Extras, inputs: Tensor, targets: Tensor
    ) -> Predictor:
        """See `Method.adapted`."""
        taken = inner_step.adapt(
            params, rates(extras), inputs, targets, self.steps, first_order=self.first_order
        )
        return partial(inner_step.outputs_after, params, taken)


class GradientAdapter(WindowAdapter):
    """GrBAL: gradient steps on the window, from the meta-learned parameters at every tick.

    Args:
        model: A meta-trained model (GrBAL) or a plain one (MB+DE).
        window: M, newest transitions used.
        steps: Inner gradient steps; None for as many as the model was trained for.
        rate_scale: Factor on the meta-learned inner rates.
        rate: Inner rate where the model has none of its own.
        layers: Layers of a model without rates that move; empty for all.
        no_harm: When an update is rejected.
    """

    def __init__(
        self,
        model: NeuralDynamics,
        window: int = 16,
        steps: int | None = None,
        rate_scale: float = 1.0,
        rate: float = 0.01,
        layers: tuple[int, ...] = (),
        no_harm: NoHarmConfig = NO_HARM,
    ) -> None:
        if steps is None:
            steps = int(model.extras.get(STEPS, torch.tensor(1.0)))
        if steps < 1 or rate_scale <= 0.0 or rate <= 0.0:
            raise ValueError(
                f"want steps >= 1 and rates > 0, got steps {steps}, rate_scale {rate_scale}, "
                f"rate {rate}"
            )
        super().__init__(model, window, no_harm)
        learned = rates(model.extras, rate_scale)
        self._rates = learned or rates(initial_extras(model.params, rate, layers), rate_scale)
        self._steps = steps

    @torch.no_grad()
    def fit(self, samples: Samples) -> Params:
        """Parameters after the inner steps."""
        params = self._model.params
        taken = inner_step.adapt(params, self._rates, samples.inputs, samples.targets, self._steps)
        return inner_step.params_after(params, taken)
