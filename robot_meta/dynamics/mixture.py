"""Several priors for the last layer, chosen by likelihood, and a memory of the bodies met before.

    p_k ∝ exp(−L_k / τ),   prior = Σ_k p_k W_k,   then ridge regression around that prior

L_k is the loss of component k on the newest rows, τ is meta-learned. The first components are
meta-trained; the others are last layers that the adapter itself arrived at. A change detector cuts
the rows where the body changed: what was learned until then becomes a component, and only newer
rows count, so a body that comes back is known as soon as a few transitions speak for it.
Source: Nagabandi, Finn and Levine 2019 (MOLe), for the mixture and its growth; Kaushik et al. 2020
(FAMLE), for several meta-trained starts. Differs: components are last layers, not networks, so all
of them are judged in one product; the number of components is bounded.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import torch
from torch import Tensor

from robot_meta.dynamics import last_layer as closed_form
from robot_meta.dynamics.adapter import WindowAdapter
from robot_meta.dynamics.change import ChangeConfig, ChangeDetector, surprise
from robot_meta.dynamics.method import Method, Predictor
from robot_meta.dynamics.model import Extras, NeuralDynamics
from robot_meta.dynamics.network import Params, features, last_layer, num_layers
from robot_meta.dynamics.no_harm import NO_HARM, NoHarmConfig
from robot_meta.dynamics.window import Samples

WEIGHT, BIAS = "mixture.weight", "mixture.bias"  # (C, O, D) and (C, O) beyond the common layer
LOG_TEMPERATURE = "mixture.log_temperature"
FIRST_LOG_TEMPERATURE = -4.0  # losses apart by 0.02 make one component e times as likely


@dataclass(frozen=True, kw_only=True)
class MixtureMethod(Method):
    """How a model is meta-trained for several priors.

    Attributes:
        components: Priors.
    """

    components: int = 4

    def initial_extras(self, params: Params, generator: torch.Generator) -> Extras:
        """Priors a little apart, and what the closed form learns."""
        size_out, size_in = params[f"layer{num_layers(params) - 1}.weight"].shape
        draw = torch.randn(self.components, size_out, size_in, generator=generator)
        return {
            **closed_form.initial_extras(),
            WEIGHT: 0.1 * size_in**-0.5 * draw,
            BIAS: torch.zeros(self.components, size_out),
            LOG_TEMPERATURE: torch.tensor(FIRST_LOG_TEMPERATURE),
        }

    def adapted(
        self, params: Params, extras: Extras, inputs: Tensor, targets: Tensor
    ) -> Predictor:
        """See `Method.adapted`."""
        hidden = features(params, inputs)
        residual = targets - last_layer(params, hidden)
        prior = chosen(extras, hidden, residual)
        residual = residual - hidden @ prior[0].mT - prior[1][..., None, :]
        problem = closed_form.window_posterior(extras, hidden, 1.0)
        more = closed_form.change_of(problem, residual)
        weight, bias = prior[0] + more[0], (prior[1] + more[1])[..., None, :]

        def predictor(query: Tensor) -> Tensor:
            asked = features(params, query)
            return last_layer(params, asked) + asked @ weight.mT + bias

        return predictor

    def spread(self, params: Params, extras: Extras, inputs: Tensor, query: Tensor) -> Tensor:
        """See `Method.spread`."""
        problem = closed_form.window_posterior(extras, features(params, inputs), 1.0)
        return problem.spread(features(params, query))


def chosen(extras: Extras, hidden: Tensor, residual: Tensor) -> tuple[Tensor, Tensor]:
    """Prior beyond the common layer, (..., O, D) and (..., O), that the rows speak for.

    Args:
        extras: Components and temperature.
        hidden: Features (..., m, D).
        residual: What the common layer leaves of the targets, (..., m, O).
    """
    weights = responsibilities(extras, hidden, residual)
    weight = torch.einsum("...k,kod->...od", weights, extras[WEIGHT])
    return weight, weights @ extras[BIAS]


def responsibilities(extras: Extras, hidden: Tensor, residual: Tensor) -> Tensor:
    """p, (..., C)."""
    weight, bias = extras[WEIGHT], extras[BIAS]
    said = hidden @ weight.flatten(end_dim=1).mT  # (..., m, C O)
    said = said.reshape(*hidden.shape[:-1], *bias.shape) + bias  # (..., m, C, O)
    loss = (residual[..., None, :] - said).square().mean(dim=(-3, -1))
    return torch.softmax(-loss / extras[LOG_TEMPERATURE].exp(), dim=-1)


@dataclass(frozen=True, kw_only=True)
class MemoryConfig:
    """What a mixture remembers.

    Attributes:
        capacity: Bodies remembered at most; the one not used for longest goes first.
        evidence: Rows kept when a change is noticed: those that gave it away.
        settled: Rows of one body after which what was learned of it is worth keeping.
        same: Surprise of a remembered layer up to which it counts as of the body at hand.
    """

    capacity: int = 8
    evidence: int = 4
    settled: int = 32
    same: float = 5.0

    def __post_init__(self) -> None:
        if min(self.capacity, self.evidence, self.settled) < 1 or self.same <= 0.0:
            raise ValueError(
                f"want capacity, evidence and settled >= 1, same > 0, got {self.capacity}, "
                f"{self.evidence}, {self.settled}, {self.same}"
            )


@dataclass(eq=False)
class Remembered:
    """A body met before: its last layer beyond the common one, and when it was last recognised."""

    weight: Tensor
    bias: Tensor
    used: int


_MEMORY = MemoryConfig()
_CHANGE = ChangeConfig(settle=0, threshold=20.0)  # a body may come back at once


class MixtureAdapter(WindowAdapter):
    """The last layer from the prior that the newest rows speak for; bodies met are remembered.

    Args:
        model: A model meta-trained for several priors (or for the closed form: one prior).
        window: M, newest transitions used.
        ridge_scale: Factor on the meta-learned λ; below 1 trusts the window more.
        memory: What is remembered.
        change: When the body counts as changed.
        no_harm: When an update is rejected.
    """

    def __init__(
        self,
        model: NeuralDynamics,
        window: int = 32,
        ridge_scale: float = 1.0,
        memory: MemoryConfig = _MEMORY,
        change: ChangeConfig = _CHANGE,
        no_harm: NoHarmConfig = NO_HARM,
    ) -> None:
        if ridge_scale <= 0.0:
            raise ValueError(f"ridge_scale must be > 0, got {ridge_scale}")
        super().__init__(model, window, no_harm)
        size_out, size_in = model.params[f"layer{num_layers(model.params) - 1}.weight"].shape
        one_prior = {
            WEIGHT: torch.zeros(1, size_out, size_in),
            BIAS: torch.zeros(1, size_out),
            LOG_TEMPERATURE: torch.tensor(FIRST_LOG_TEMPERATURE),
        }
        self._extras = {**closed_form.initial_extras(), **one_prior, **model.extras}
        self._ridge_scale, self._memory = ridge_scale, memory
        self._clock = 0
        self._detector = ChangeDetector(change)
        self._layers: deque[tuple[Tensor, Tensor]] = deque(maxlen=self._memory.evidence + 1)
        self._posterior: closed_form.WindowPosterior | None = None
        self.forget()

    def forget(self) -> None:
        """Forget all bodies."""
        self.remembered: list[Remembered] = []
        self._begin_body(0)

    def _begin_body(self, rows: int) -> None:
        """A body of which `rows` rows have been seen."""
        self._rows = rows
        self._layers.clear()
        self._detector.reset()

    @torch.no_grad()
    def absorb(self, sample: Samples) -> None:
        """See whether the row still comes from the body that the last fit was made for."""
        self._rows += 1
        self._clock += 1
        if not self._layers or self._rows <= self._memory.settled:
            return  # a fit to few rows errs without any change
        weight, bias = self._layers[-1]
        error = sample.residual(self._model.params) - sample.hidden @ weight.mT - bias
        if self._detector.update(surprise(error, self._model.noise)):
            self._remember(*self._layers[0], rows=self._rows - self._memory.evidence)
            self._begin_body(self._memory.evidence)
            self._no_harm.clear()

    def release(self, count: int) -> None:
        """The rows are gone from the window; the fits that saw them are too."""
        self._rows = max(0, self._rows - count)
        for _ in range(min(count, len(self._layers))):
            self._layers.pop()

    @torch.no_grad()
    def fit(self, samples: Samples) -> Params:
        """Parameters with the last layer replaced."""
        params, samples = self._model.params, samples.newest(max(1, self._rows))
        hidden, residual = samples.hidden, samples.residual(params)
        components = self._components()
        weight, bias = chosen(components, hidden, residual)
        self._note_use(responsibilities(components, hidden, residual))
        self._posterior = closed_form.window_posterior(self._extras, hidden, self._ridge_scale)
        residual = residual - hidden @ weight.mT - bias
        more_weight, more_bias = closed_form.change_of(self._posterior, residual)
        layer = weight + more_weight, bias + more_bias
        self._layers.append(layer)
        return closed_form.with_change(params, *layer)

    def posterior(self) -> closed_form.WindowPosterior | None:
        """What the window said of the last layer."""
        return self._posterior

    def reset_episode(self) -> None:
        """Empty the window and keep what was learned of the body."""
        if self._layers:
            self._remember(*self._layers[-1], rows=self._rows)
        super().reset_episode()
        self._begin_body(0)

    def diagnostics(self) -> dict[str, float]:
        """Also how many bodies are remembered, and rows since the body changed."""
        own = {"remembered": float(len(self.remembered)), "body_rows": float(self._rows)}
        return {**super().diagnostics(), **own}

    def _components(self) -> Extras:
        """Meta-trained priors and remembered layers."""
        weights = [self._extras[WEIGHT], *(r.weight[None] for r in self.remembered)]
        biases = [self._extras[BIAS], *(r.bias[None] for r in self.remembered)]
        return {**self._extras, WEIGHT: torch.cat(weights), BIAS: torch.cat(biases)}

    def _note_use(self, shares: Tensor) -> None:
        best = int(shares.argmax()) - len(self._extras[WEIGHT])
        if best >= 0:
            self.remembered[best].used = self._clock

    def _remember(self, weight: Tensor, bias: Tensor, rows: int) -> None:
        """Keep a layer that was settled; in place of the one of the same body, if there is one."""
        memory = self._memory
        if rows < memory.settled or not len(self._window):
            return
        new = Remembered(weight, bias, self._clock)
        known = [self._surprise(old) for old in self.remembered]
        if known and min(known) <= memory.same:
            self.remembered[known.index(min(known))] = new
            return
        self.remembered.append(new)
        if len(self.remembered) > memory.capacity:
            self.remembered.remove(min(self.remembered, key=lambda r: r.used))

    def _surprise(self, old: Remembered) -> float:
        """Of a remembered layer at the window without the rows that may be of another body."""
        samples = self._window.samples()
        samples = samples.oldest(max(1, len(samples) - self._memory.evidence))
        error = samples.residual(self._model.params) - samples.hidden @ old.weight.mT - old.bias
        return surprise(error, self._model.noise)
