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
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from robot_meta.dynamics.model import Context, NeuralDynamics, Posterior
from robot_meta.dynamics.network import Params, mlp
from robot_meta.dynamics.no_harm import NO_HARM, NoHarm, NoHarmConfig
from robot_meta.types import Array


@dataclass(frozen=True)
class Transition:
    """One step of the robot: state (S,), action (A,), next state (S,)."""

    state: Array
    action: Array
    next_state: Array


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


class Window:
    """The newest M transitions as network inputs and targets; `size` is M."""

    def __init__(self, model: NeuralDynamics, size: int) -> None:
        if size < 1:
            raise ValueError(f"the window must hold at least 1 transition, got {size}")
        self._model, self.size = model, size
        self._rows: deque[tuple[Tensor, Tensor]] = deque(maxlen=size)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return iter(self._rows)

    def clear(self) -> None:
        """Empty it."""
        self._rows.clear()

    def append(self, transition: Transition) -> None:
        """Add the newest transition; the oldest leaves when the window is full.

        Raises:
            ValueError: A value is not finite.
        """
        row = np.concatenate([transition.state, transition.action, transition.next_state])
        if not np.isfinite(row).all():
            raise ValueError("a transition with values that are not finite cannot be adapted to")
        state, action, next_state = (
            torch.as_tensor(part)  # differences of positions need float64
            for part in (transition.state, transition.action, transition.next_state)
        )
        delta = self._model.space.delta(state, next_state).float()
        self._rows.append(
            (
                self._model.network_inputs(state.float(), action.float()),
                self._model.deltas.normalize(delta),
            )
        )

    def newest(self) -> tuple[Tensor, Tensor]:
        """Input (I,) and target (2J,) of the newest transition."""
        return self._rows[-1]

    def drop_newest(self, count: int) -> int:
        """Remove up to `count` of the newest transitions; returns how many."""
        dropped = min(count, len(self._rows))
        for _ in range(dropped):
            self._rows.pop()
        return dropped

    def keep_newest(self, count: int) -> None:
        """Remove all but the newest `count` transitions."""
        while len(self._rows) > count:
            self._rows.popleft()

    def tensors(self) -> tuple[Tensor, Tensor]:
        """Inputs (m, I) and targets (m, 2J), oldest first, m ≤ M."""
        inputs, targets = zip(*self._rows, strict=True)
        return torch.stack(inputs), torch.stack(targets)


def prediction_loss(params: Params, inputs: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error of the normalised deltas."""
    return (mlp(params, inputs) - targets).square().mean()


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
    def fit(self, inputs: Tensor, targets: Tensor) -> Params:
        """Adapted parameters from inputs (m, I) and targets (m, 2J)."""

    def posterior(self) -> Posterior | None:
        """How sure the last `fit` is; None where the adapter cannot say."""
        return None

    def absorb(self, inputs: Tensor, targets: Tensor) -> None:  # noqa: B027 (most remember nothing)
        """Take one row, (I,) and (2J,), into what outlives the window."""

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
        self.absorb(*self._window.newest())
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
        inputs, targets = self._window.tensors()
        params = self.fit(inputs, targets)
        accepted = self._no_harm.accepts(params, self._count, inputs, targets)
        update_ms = 1e3 * (time.perf_counter() - begin + self._absorb_s)
        with torch.no_grad():
            self._diagnostics = {
                "window": float(len(self._window)),
                "loss_before": float(prediction_loss(self._model.params, inputs, targets)),
                "loss_after": float(prediction_loss(params, inputs, targets)),
                "shift": shift(params, self._model.params) if accepted else 0.0,
                "update_ms": update_ms,
                **self._no_harm.figures,
            }
        return Context(params, self.posterior()) if accepted else Context(self._model.params)

    def diagnostics(self) -> dict[str, float]:
        """Window, loss on it before and after the last update, its size, judgement, time [ms]."""
        return dict(self._diagnostics)

    def _empty_context(self) -> Context:
        """What is known before the first transition of an episode."""
        return Context(self._model.params)


class NoAdapter(WindowAdapter):
    """The static model; it still reports how wrong it is."""

    def fit(self, inputs: Tensor, targets: Tensor) -> Params:
        """The meta-learned parameters themselves."""
        return self._model.params
