"""Adaptation: the newest M transitions in, a frozen `Context` for this tick out.

An adapter that fits a window restarts from the meta-learned parameters at each tick, so a bad
stretch of data is forgotten as soon as it leaves the window; one with a memory says so, and how
long it lasts. Source: Nagabandi et al. 2019, Alg. 2.
Differs: the newest transition is in the window, the window empties when an episode begins, and an
update that harms is rejected (no_harm.py).
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from typing import Protocol

import torch
from torch import Tensor

from robot_meta.dynamics.model import Context, NeuralDynamics, Posterior
from robot_meta.dynamics.network import Params, mlp, num_layers
from robot_meta.dynamics.no_harm import NO_HARM, NoHarm, NoHarmConfig
from robot_meta.dynamics.window import Samples, Transition, Window


class Adapter(Protocol):
    """Turns recent transitions into a context.  Readable as: observe, observe, ..., context."""

    @property
    def window(self) -> int:
        """M, periods for which a transition counts; a longer gap in time ends the episode."""

    def reset_episode(self) -> None:
        """Forget the window: time was interrupted. What was learned about the body stays."""

    def reset_task(self) -> None:
        """Forget all that was learned since the robot was switched on."""

    def observe(self, transition: Transition) -> None:
        """Take in the newest transition."""

    def forget_newest(self, count: int) -> None:
        """Take back the newest transitions, which turned out not to be the robot's own doing."""

    def body_changed(self, since: int) -> None:
        """What is older than the newest `since` transitions is of another body."""

    def context(self) -> Context:
        """The model as the newest M transitions suggest it is."""

    def diagnostics(self) -> dict[str, float]:
        """Figures of the last `context()`, such as the loss before and after the update."""


def shift(params: Params, base: Params) -> float:
    """How far parameters are from others, ‖θ′ − θ‖."""
    moved = [p - base[name] for name, p in params.items() if p is not base[name]]
    return math.sqrt(sum(float(difference.square().sum()) for difference in moved))


class WindowAdapter(ABC):
    """Common to all adapters: they keep the newest transitions and fit at every tick.

    A subclass says what the newest transitions make of the parameters, in `fit`. One that
    remembers more than the window also takes in every row, in `absorb`, and takes it back, in
    `release`.

    Args:
        model: What is adapted.
        window: M, newest transitions kept.
        no_harm: When an update is rejected.
    """

    def __init__(
        self, model: NeuralDynamics, window: int = 16, no_harm: NoHarmConfig = NO_HARM
    ) -> None:
        self._model = model
        self._window = Window(model, window)
        self._no_harm = NoHarm(model.params, no_harm)
        self._count = 0
        self._absorb_s = 0.0
        self._diagnostics: dict[str, float] = {}

    @property
    def window(self) -> int:
        """M, newest transitions kept."""
        return self._window.size

    @abstractmethod
    def fit(self, samples: Samples) -> Params:
        """Adapted parameters."""

    def posterior(self) -> Posterior | None:
        """How sure the last `fit` is; None where the adapter cannot say."""
        return None

    def absorb(self, sample: Samples) -> None:  # noqa: B027 (most remember nothing)
        """Take the newest transition into what outlives the window."""

    def release(self, count: int) -> None:  # noqa: B027
        """Take back the newest `count` rows."""

    def forget(self) -> None:  # noqa: B027
        """Forget what outlives the window."""

    def reset_episode(self) -> None:
        """Forget the window: time was interrupted. What was learned about the body stays."""
        self._window.clear()
        self._no_harm.clear()
        self._count = 0
        self._diagnostics = {}

    def reset_task(self) -> None:
        """Forget everything: the body may be another."""
        self.reset_episode()
        self.forget()

    def observe(self, transition: Transition) -> None:
        """Take in the newest transition."""
        self._window.append(transition)
        self._count += 1
        begin = time.perf_counter()
        self.absorb(self._window.samples().newest(1))
        self._absorb_s = time.perf_counter() - begin

    def forget_newest(self, count: int) -> None:
        """Take back the newest transitions, which turned out not to be the robot's own doing."""
        dropped = self._window.drop_newest(count)
        self._count -= dropped
        self._no_harm.forget_since(self._count)
        self.release(dropped)

    def body_changed(self, since: int) -> None:
        """Fit to what the new body did alone; fits to the old one judge nothing any more."""
        self._window.keep_newest(since)
        self._no_harm.clear()

    def context(self) -> Context:
        """Adapted parameters; those before any update as long as the window is empty."""
        begin = time.perf_counter()
        if not len(self._window):
            self._diagnostics = {"window": 0.0}
            return self._empty_context()
        samples = self._window.samples()
        params = self.fit(samples)
        accepted = self._no_harm.accepts(params, self._count, samples)
        update_ms = 1e3 * (time.perf_counter() - begin + self._absorb_s)
        with torch.no_grad():
            self._diagnostics = {
                "window": float(len(self._window)),
                "loss_before": float(samples.residual(self._model.params).square().mean()),
                "loss_after": float(self._error(params, samples).square().mean()),
                "shift": shift(params, self._model.params) if accepted else 0.0,
                "update_ms": update_ms,
                **self._no_harm.figures,
            }
        return Context(params, self.posterior()) if accepted else Context(self._model.params)

    def diagnostics(self) -> dict[str, float]:
        """Window, loss on it before and after the last update, its size, judgement, time [ms]."""
        return dict(self._diagnostics)

    def _error(self, params: Params, samples: Samples) -> Tensor:
        """(m, O); where only the last layer differs from the meta-learned one, at little cost."""
        last = f"layer{num_layers(params) - 1}."
        shared = all(
            params[name] is value
            for name, value in self._model.params.items()
            if not name.startswith(last)
        )
        return (
            samples.residual(params) if shared else samples.targets - mlp(params, samples.inputs)
        )

    def _empty_context(self) -> Context:
        """What is known before the first transition of an episode."""
        return Context(self._model.params)


class NoAdapter(WindowAdapter):
    """The static model; it still reports how wrong it is."""

    def fit(self, samples: Samples) -> Params:
        """The meta-learned parameters themselves."""
        return self._model.params
