"""Meta-training: parameters from which one cheap update on M past steps predicts the next K.

    min over θ, φ of  E over windows  L(adapt(θ, φ; support), query) + w · L(θ, query)

The second, small term keeps the unadapted model useful, which is what flies the first M steps.
`adapt` is one of
    last_layer   ridge regression of the last layer, differentiated through the solve
    gradient     gradient steps, differentiated through (second order; GrBAL)
    mixture      the same from several priors, weighed by what the support says of them
    history      the last k transitions beside the inputs of a static network
    recurrent    a GRU over the transitions (ReBAL)
    context      a small causal transformer over the window that modulates the network
    none         no adaptation: the plain model, for the baselines
Source: Nagabandi et al. 2019, Alg. 1; Bertinetto et al. 2019.
Differs: normaliser statistics are fixed once for all data; early stopping watches the loss after
the update; the newest of the support steps is the one right before the first query step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from robot_meta.dynamics.attention import ContextMethod
from robot_meta.dynamics.dataset import WindowDataset
from robot_meta.dynamics.gradient import GradientMethod
from robot_meta.dynamics.history import HistoryMethod
from robot_meta.dynamics.last_layer import LastLayerMethod
from robot_meta.dynamics.method import Method, NoMethod
from robot_meta.dynamics.mixture import MixtureMethod
from robot_meta.dynamics.model import NOISE, Extras, NeuralDynamics
from robot_meta.dynamics.network import Params, init_mlp, mlp
from robot_meta.dynamics.recurrent import RecurrentMethod

SCALAR_SPEED = 5.0  # learning rate of scalars in the extras over that of the network


@dataclass(frozen=True, kw_only=True)
class MetaTrainingConfig:
    """Settings of `MetaTrainer`."""

    method: str = "last_layer"  # what adapts: last_layer, gradient or none
    hidden: tuple[int, ...] = (256, 256)  # widths of the hidden layers
    support: int = 16  # M, past steps
    query: int = 16  # K, future steps
    windows: int = 128  # windows per training step
    steps: int = 3000  # training steps
    learning_rate: float = 2e-3  # of Adam, falling to 0 along a cosine
    static_weight: float = 0.1  # w
    inner_steps: int = 3  # of `gradient`
    inner_rate: float = 0.1  # of `gradient`: inner learning rate that training starts from
    inner_layers: tuple[int, ...] = ()  # of `gradient`: layers that move; empty for all
    first_order: bool = False  # of `gradient`: whether the outer gradient ignores the inner one's
    components: int = 4  # of `mixture`: priors
    history: int = 8  # of `history`: transitions beside the inputs (k)
    latent: int = 16  # of `context`: size of the latent
    hidden_state: int = 64  # of `recurrent`: size of the GRU
    max_grad_norm: float = 1.0  # clip of the outer gradient
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {tuple(METHODS)}, got '{self.method}'")
        if min(self.support, self.query, self.windows, self.steps) < 1:
            raise ValueError("support, query, windows and steps must be >= 1")


METHODS: dict[str, Callable[[MetaTrainingConfig], Method]] = {
    "last_layer": lambda c: LastLayerMethod(),
    "gradient": lambda c: GradientMethod(
        steps=c.inner_steps, rate=c.inner_rate, layers=c.inner_layers, first_order=c.first_order
    ),
    "mixture": lambda c: MixtureMethod(components=c.components),
    "history": lambda c: HistoryMethod(length=c.history),
    "recurrent": lambda c: RecurrentMethod(hidden=c.hidden_state),
    "context": lambda c: ContextMethod(latent=c.latent),
    "none": lambda c: NoMethod(),
}


class MetaTrainer:
    """Trains a model on windows, one step at a time, so that a caller may show and save progress.

    Args:
        model: Space and normalisers; its parameters are replaced.
        train: Windows to learn from.
        validation: Windows of other bodies, to choose the best parameters by.
        config: Settings.
    """

    def __init__(
        self,
        model: NeuralDynamics,
        train: WindowDataset,
        validation: WindowDataset,
        config: MetaTrainingConfig,
    ) -> None:
        self.config, self._model, self._train = config, model, train
        self._validation = validation.spread(2000)
        sizes = (train.inputs.shape[-1], *config.hidden, train.targets.shape[-1])
        generator = torch.Generator().manual_seed(config.seed)
        params = init_mlp(sizes, generator)
        self._method = METHODS[config.method](config)
        extras = self._method.initial_extras(params, generator)
        self._params = {name: p.requires_grad_() for name, p in params.items()}
        self._extras = {name: p.requires_grad_() for name, p in extras.items()}
        scalars = [p for p in self._extras.values() if p.dim() == 0]  # such as inner rates
        others = [p for p in self._extras.values() if p.dim() > 0]
        groups = [([*self._params.values(), *others], 1.0), (scalars, SCALAR_SPEED)]
        self._optimizer = torch.optim.Adam(
            [{"params": g, "lr": f * config.learning_rate} for g, f in groups if g]
        )
        self._base_rates = [group["lr"] for group in self._optimizer.param_groups]
        self._best: tuple[float, Params, Extras] | None = None
        self.steps_done = 0

    def step(self) -> dict[str, float]:
        """One training step; returns its losses.

        The batch depends on seed and step number alone, so a resumed run goes on exactly.
        """
        c = self.config
        rng = np.random.default_rng((c.seed, self.steps_done))
        progress = self.steps_done / c.steps
        for group, rate in zip(self._optimizer.param_groups, self._base_rates, strict=True):
            group["lr"] = rate * 0.5 * (1.0 + np.cos(np.pi * progress))
        inputs, targets = self._train.draw(c.windows, rng)
        shortened = int(rng.integers(c.support)) if self._method.any_length else 0
        adapted, static = self._losses(inputs[:, shortened:], targets[:, shortened:])
        loss = adapted if c.method == "none" else adapted + c.static_weight * static
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        everything = [*self._params.values(), *self._extras.values()]
        torch.nn.utils.clip_grad_norm_(everything, c.max_grad_norm)
        self._optimizer.step()
        self.steps_done += 1
        return {"train_after": float(adapted.detach()), "train_before": float(static.detach())}

    def validate(self) -> dict[str, float]:
        """Losses on the validation windows, before and after the update; keeps the best model."""
        inputs, targets = self._validation
        with torch.no_grad():
            adapted, static = self._losses(inputs, targets)
        after = float(adapted)
        if self._best is None or after < self._best[0]:
            self._best = (after, _detached(self._params), _detached(self._extras))
        return {"val_after": after, "val_before": float(static)}

    def result(self) -> NeuralDynamics:
        """The model with the lowest validated loss after the update."""
        if self._best is None:
            self.validate()
        assert self._best is not None
        _, params, extras = self._best
        kept = {**extras, **self._method.constants(), NOISE: self._noise(params, extras).log()}
        return replace(self._model, params=params, extras=kept)

    @torch.no_grad()
    def _noise(self, params: Params, extras: Extras) -> Tensor:
        """Std of the error of the first step after the window on the validation bodies, (O,)."""
        inputs, targets = self._validation
        m = self.config.support
        support, query = inputs[:, :m], inputs[:, m : m + 1]
        error = self._method.outputs(params, extras, support, targets[:, :m], query)
        error = error - targets[:, m : m + 1]
        spread = self._method.spread(params, extras, support, query)[..., None]
        return (error.square() / (1.0 + spread)).mean(dim=(0, 1)).sqrt()

    def checkpoint(self) -> dict[str, Tensor]:
        """All that `restore` needs to go on exactly."""
        saved = {"steps_done": torch.tensor(self.steps_done)}
        tensors = {**self._params, **self._extras}
        for name, tensor in tensors.items():
            saved[f"now.{name}"] = tensor.detach().clone()
            for key, value in self._optimizer.state.get(tensor, {}).items():
                saved[f"adam.{key}.{name}"] = value.detach().clone()
        if self._best is not None:
            saved["best.loss"] = torch.tensor(self._best[0], dtype=torch.float64)
            saved |= {f"best.{n}": t for n, t in (self._best[1] | self._best[2]).items()}
        return saved

    def restore(self, saved: dict[str, Tensor]) -> None:
        """Go on from a `checkpoint` of a trainer with the same data and config."""
        self.steps_done = int(saved["steps_done"])
        for name, tensor in {**self._params, **self._extras}.items():
            with torch.no_grad():
                tensor.copy_(saved[f"now.{name}"])
            state = {
                key: saved[f"adam.{key}.{name}"].clone()
                for key in ("step", "exp_avg", "exp_avg_sq")
                if f"adam.{key}.{name}" in saved
            }
            if state:
                self._optimizer.state[tensor] = state
        if "best.loss" in saved:
            self._best = (
                float(saved["best.loss"]),
                {name: saved[f"best.{name}"] for name in self._params},
                {name: saved[f"best.{name}"] for name in self._extras},
            )

    def _losses(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Query loss after and before the update."""
        m = inputs.shape[1] - self.config.query
        query_inputs, query_targets = inputs[:, m:], targets[:, m:]
        outputs = self._method.outputs(
            self._params, self._extras, inputs[:, :m], targets[:, :m], query_inputs
        )
        adapted = (outputs - query_targets).square().mean()
        static = (mlp(self._params, query_inputs) - query_targets).square().mean()
        return adapted, static


def _detached(params: Params) -> Params:
    return {name: value.detach().clone() for name, value in params.items()}
