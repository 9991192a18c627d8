"""Meta-training: parameters from which one cheap update on M past steps predicts the next K.

    min over θ, φ of  E over windows  L(θ′, query) + v · R(θ′, query) + w · L(θ, query)

(or over the worst share of the windows, so that no body is left behind: each stands for its body)
with θ′ = adapt(θ, φ; support). L is the error of single steps, from what was measured. R is the
error of futures imagined from the first query step on (imagination.py): a planner lives on those,
and small errors of single steps that point the same way add up in them. The last, small term keeps
the unadapted model useful, which is what flies the first M steps.
`adapt` is one of
    subspace     regression in a learned subspace of last layers, differentiated through the solve
    last_layer   ridge regression of the last layer, differentiated through the solve
    gradient     gradient steps, differentiated through (second order; GrBAL)
    mixture      the same from several priors, weighed by what the support says of them
    history      the last k transitions beside the inputs of a static network
    recurrent    a GRU over the transitions (ReBAL)
    context      a small causal transformer over the window that modulates the network
    none         no adaptation: the plain model, for the baselines
Source: Nagabandi et al. 2019, Alg. 1; Bertinetto et al. 2019; Rockafellar and Uryasev 2000
(conditional value at risk, the mean over the worst share).
Differs: futures are in the loss; normaliser statistics are fixed once for all data; early stopping
watches the loss after the update; the newest of the support steps is the one right before the
first query step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from robot_meta.dynamics.attention import ContextMethod
from robot_meta.dynamics.dataset import WindowDataset, Windows
from robot_meta.dynamics.gradient import GradientMethod
from robot_meta.dynamics.history import HistoryMethod
from robot_meta.dynamics.imagination import imagination_loss
from robot_meta.dynamics.last_layer import LastLayerMethod
from robot_meta.dynamics.method import Method, NoMethod
from robot_meta.dynamics.mixture import MixtureMethod
from robot_meta.dynamics.model import NOISE, Extras, NeuralDynamics
from robot_meta.dynamics.network import Params, init_mlp, mlp
from robot_meta.dynamics.recurrent import RecurrentMethod
from robot_meta.dynamics.subspace import SubspaceMethod

CPU = torch.device("cpu")
SCALAR_SPEED = 5.0  # learning rate of scalars in the extras over that of the network
TRUST_FUTURES = 0.2  # share of the training after which imagined futures count in full


@dataclass(frozen=True, kw_only=True)
class MetaTrainingConfig:
    """Settings of `MetaTrainer`."""

    method: str = "last_layer"  # what adapts, a key of METHODS
    hidden: tuple[int, ...] = (256, 256)  # widths of the hidden layers
    support: int = 16  # M, past steps
    query: int = 16  # K, future steps
    windows: int = 128  # windows per training step
    steps: int = 3000  # training steps
    learning_rate: float = 2e-3  # of Adam, falling to 0 along a cosine
    static_weight: float = 0.1  # w
    imagined_weight: float = 1.0  # v; 0 trains on single steps alone
    inner_steps: int = 3  # of `gradient`
    inner_rate: float = 0.1  # of `gradient`: inner learning rate that training starts from
    inner_layers: tuple[int, ...] = ()  # of `gradient`: layers that move; empty for all
    first_order: bool = False  # of `gradient`: whether the outer gradient ignores the inner one's
    subspace: int = 32  # of `subspace`: its dimension
    components: int = 4  # of `mixture`: priors
    history: int = 8  # of `history`: transitions beside the inputs (k)
    latent: int = 16  # of `context`: size of the latent
    hidden_state: int = 64  # of `recurrent`: size of the GRU
    worst_share: float = 1.0  # share of a batch's windows, the worst ones, that count
    max_grad_norm: float = 1.0  # clip of the outer gradient
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {tuple(METHODS)}, got '{self.method}'")
        if min(self.support, self.query, self.windows, self.steps) < 1:
            raise ValueError("support, query, windows and steps must be >= 1")
        if not self.imagined_weight >= 0.0:
            raise ValueError(f"imagined_weight must be >= 0, got {self.imagined_weight}")
        if not 0.0 < self.worst_share <= 1.0:
            raise ValueError(f"worst_share must be in (0, 1], got {self.worst_share}")


METHODS: dict[str, Callable[[MetaTrainingConfig], Method]] = {
    "subspace": lambda c: SubspaceMethod(size=c.subspace),
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
        device: Where to compute; batches are drawn on the CPU, the same for all devices.
    """

    def __init__(
        self,
        model: NeuralDynamics,
        train: WindowDataset,
        validation: WindowDataset,
        config: MetaTrainingConfig,
        device: torch.device = CPU,
    ) -> None:
        self.config, self._device, self._model = config, device, model.to(device)
        self._train, self._validation = train, validation.spread(2000).to(device)
        sizes = (model.space.feature_size, *config.hidden, model.space.delta_size)
        generator = torch.Generator().manual_seed(config.seed)
        params = init_mlp(sizes, generator)
        self._method = METHODS[config.method](config)
        extras = self._method.initial_extras(params, generator)
        self._params = {name: p.to(device).requires_grad_() for name, p in params.items()}
        self._extras = {name: p.to(device).requires_grad_() for name, p in extras.items()}
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
        windows = self._train.draw(c.windows, rng).to(self._device)
        shortened = int(rng.integers(c.support)) if self._method.any_length else 0
        losses = self._losses(windows.part(shortened))
        self._optimizer.zero_grad()
        trust = min(1.0, progress / TRUST_FUTURES)
        losses.total(c, trust).backward()  # type: ignore[no-untyped-call]
        everything = [*self._params.values(), *self._extras.values()]
        norm = torch.nn.utils.clip_grad_norm_(everything, c.max_grad_norm)
        if torch.isfinite(norm):  # a batch whose imagined futures blow up teaches nothing
            self._optimizer.step()
        self.steps_done += 1
        return losses.figures("train")

    def validate(self) -> dict[str, float]:
        """Losses on the validation windows, before and after the update; keeps the best model."""
        with torch.no_grad():
            losses = self._losses(self._validation)
        after = float(losses.after(self.config))
        if self._best is None or after < self._best[0]:
            self._best = (after, _detached(self._params), _detached(self._extras))
        return losses.figures("val")

    def result(self) -> NeuralDynamics:
        """The model with the lowest validated loss after the update."""
        if self._best is None:
            self.validate()
        assert self._best is not None
        _, params, extras = self._best
        kept = {**extras, **self._method.constants(), NOISE: self._noise(params, extras).log()}
        return replace(self._model, params=params, extras=kept).to(CPU)

    @torch.no_grad()
    def _noise(self, params: Params, extras: Extras) -> Tensor:
        """Std of the error of the first step after the window on the validation bodies, (O,)."""
        m = self.config.support
        support, query = self._validation.part(0, m), self._validation.part(m, m + 1)
        adapted = self._method.adapted(params, extras, support.inputs, support.targets)
        error = adapted(query.inputs) - query.targets
        spread = self._method.spread(params, extras, support.inputs, query.inputs)[..., None]
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
                key: saved[f"adam.{key}.{name}"].clone().to(CPU if key == "step" else self._device)
                for key in ("step", "exp_avg", "exp_avg_sq")
                if f"adam.{key}.{name}" in saved
            }
            if state:
                self._optimizer.state[tensor] = state
        if "best.loss" in saved:
            self._best = (
                float(saved["best.loss"]),
                {name: saved[f"best.{name}"].to(self._device) for name in self._params},
                {name: saved[f"best.{name}"].to(self._device) for name in self._extras},
            )

    def _losses(self, windows: Windows) -> Losses:
        c = self.config
        m = windows.inputs.shape[1] - c.query
        support, query = windows.part(0, m), windows.part(m)
        adapted = self._method.adapted(self._params, self._extras, support.inputs, support.targets)
        static = mlp(self._params, query.inputs)
        return Losses(
            adapted=(adapted(query.inputs) - query.targets).square().mean(dim=(1, 2)),
            imagined=imagination_loss(self._model, adapted, query)
            if c.imagined_weight
            else static.new_zeros(len(query.inputs)),
            static=(static - query.targets).square().mean(dim=(1, 2)),
        )


@dataclass(frozen=True)
class Losses:
    """Of each window, (B,): after the update, single steps and imagined futures; before it."""

    adapted: Tensor
    imagined: Tensor
    static: Tensor

    def total(self, config: MetaTrainingConfig, trust: float) -> Tensor:
        """What is minimised; without adaptation, before and after the update are the same.

        Args:
            config: Weights.
            trust: Share of v that counts; futures of a model that knows nothing yet blow up.
        """
        v = trust * config.imagined_weight
        w = 0.0 if config.method == "none" else config.static_weight
        return mean_of_worst(self.adapted + v * self.imagined + w * self.static, config)

    def after(self, config: MetaTrainingConfig) -> Tensor:
        """What the best parameters are chosen by: both losses after the update."""
        return mean_of_worst(self.adapted + config.imagined_weight * self.imagined, config)

    def figures(self, data: str) -> dict[str, float]:
        """As numbers, for people."""
        return {
            f"{data}_after": float(self.adapted.detach().mean()),
            f"{data}_imagined": float(self.imagined.detach().mean()),
            f"{data}_before": float(self.static.detach().mean()),
        }


def mean_of_worst(losses: Tensor, config: MetaTrainingConfig) -> Tensor:
    """Mean of the largest of (B,) losses, as many as the worst share says; at least one."""
    count = max(1, round(config.worst_share * len(losses)))
    return losses.mean() if count == len(losses) else losses.topk(count).values.mean()


def _detached(params: Params) -> Params:
    return {name: value.detach().clone() for name, value in params.items()}
