"""Meta-training: parameters from which one cheap update on M past steps predicts the next K.

    min over θ, φ of  E over windows  L(adapt(θ, φ; support), query) + w · L(θ, query)

The second, small term keeps the unadapted model useful, which is what flies the first M steps.
`adapt` is one of
    last_layer   ridge regression of the last layer, differentiated through the solve
    gradient     one gradient step, differentiated through it (second order; GrBAL)
    none         no adaptation: the plain model, for the baselines
Source: Nagabandi et al. 2019, Alg. 1; Bertinetto et al. 2019.
Differs: normaliser statistics are fixed once for all data; early stopping watches the loss after
the update; the newest of the support steps is the one right before the first query step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from robot_meta.dynamics import gradient, last_layer
from robot_meta.dynamics.adapter import prediction_loss
from robot_meta.dynamics.dataset import WindowDataset
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.network import Params, features, init_mlp, mlp, num_layers

METHODS = ("last_layer", "gradient", "none")


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
    inner_rate: float = 0.01  # inner learning rate that `gradient` starts from
    max_grad_norm: float = 1.0  # clip of the outer gradient
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {METHODS}, got '{self.method}'")
        if min(self.support, self.query, self.windows, self.steps) < 1:
            raise ValueError("support, query, windows and steps must be >= 1")


def adapted_outputs(
    method: str,
    params: Params,
    extras: dict[str, Tensor],
    support: tuple[Tensor, Tensor],
    query_inputs: Tensor,
) -> Tensor:
    """What the adapted model says on (B, K, I) query inputs, (B, K, O).

    Args:
        method: One of `METHODS`.
        params: Meta-parameters θ.
        extras: What the method learns beside them, φ.
        support: Inputs (B, M, I) and targets (B, M, O) of the past steps.
        query_inputs: Inputs of the steps to predict.
    """
    if method == "none":
        return mlp(params, query_inputs)
    if method == "last_layer":
        weight, bias = last_layer.solve(params, extras, *support, 1.0)
        name = f"layer{num_layers(params) - 1}"
        hidden = features(params, query_inputs)
        weight = params[f"{name}.weight"] + weight  # (B, O, D)
        return hidden @ weight.transpose(-1, -2) + (params[f"{name}.bias"] + bias)[:, None]

    def one(inputs: Tensor, targets: Tensor, query: Tensor) -> Tensor:
        grads = torch.func.grad(prediction_loss)(params, inputs, targets)
        rates = {name: extras[gradient.LOG_RATE + name].exp() for name in params}
        return mlp({name: params[name] - rates[name] * grads[name] for name in params}, query)

    outputs: Tensor = torch.func.vmap(one)(*support, query_inputs)
    return outputs


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
        params = init_mlp(sizes, torch.Generator().manual_seed(config.seed))
        extras: dict[str, Tensor] = {}
        if config.method == "last_layer":
            extras = last_layer.initial_extras()
        elif config.method == "gradient":
            extras = gradient.initial_extras(params, config.inner_rate)
        self._params = {name: p.requires_grad_() for name, p in params.items()}
        self._extras = {name: p.requires_grad_() for name, p in extras.items()}
        self._optimizer = torch.optim.Adam(
            [
                {"params": list(self._params.values()), "lr": config.learning_rate},
                {"params": list(self._extras.values()), "lr": 5.0 * config.learning_rate},
            ]
            if extras
            else list(self._params.values()),
            lr=config.learning_rate,
        )
        self._base_rates = [group["lr"] for group in self._optimizer.param_groups]
        self._best: tuple[float, Params, dict[str, Tensor]] | None = None
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
        adapted, static = self._losses(inputs, targets)
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
        return replace(self._model, params=self._best[1], extras=self._best[2])

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
        m = self.config.support
        query_inputs, query_targets = inputs[:, m:], targets[:, m:]
        outputs = adapted_outputs(
            self.config.method,
            self._params,
            self._extras,
            (inputs[:, :m], targets[:, :m]),
            query_inputs,
        )
        adapted = (outputs - query_targets).square().mean()
        static = (mlp(self._params, query_inputs) - query_targets).square().mean()
        return adapted, static


def _detached(params: Params) -> Params:
    return {name: value.detach().clone() for name, value in params.items()}
