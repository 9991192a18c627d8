"""The rivals: how each one's model is trained, and what adapts it as the robot runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from robot_meta.dynamics.adapter import Adapter, NoAdapter
from robot_meta.dynamics.attention import ContextAdapter
from robot_meta.dynamics.gradient import GradientAdapter
from robot_meta.dynamics.history import HistoryAdapter
from robot_meta.dynamics.last_layer import LastLayerAdapter
from robot_meta.dynamics.meta_training import MetaTrainingConfig
from robot_meta.dynamics.mixture import MixtureAdapter
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.recurrent import RecurrentAdapter
from robot_meta.dynamics.recursive import RecursiveAdapter
from robot_meta.dynamics.residual import ResidualAdapter
from robot_meta.dynamics.subspace import SubspaceAdapter

PUBLISHED_RATE = 0.01  # of GrBAL's one inner step on the half-cheetah


@dataclass(frozen=True, kw_only=True)
class Method:
    """One row of the table.

    Attributes:
        method: Of meta-training.
        settings: Of meta-training, where they differ from the budget's.
        adapter: Makes the adapter of a trained model that looks back on so many transitions.
        meta_learned: Whether training knew that the model would be adapted.
        about: What the row is.
    """

    method: str = "none"
    settings: tuple[tuple[str, Any], ...] = ()
    adapter: Callable[[NeuralDynamics, int], Adapter]
    meta_learned: bool = False
    about: str

    def training(self, config: MetaTrainingConfig, seed: int) -> MetaTrainingConfig:
        """Settings of its training within a budget."""
        return replace(config, method=self.method, seed=seed, **dict(self.settings))


METHODS = {
    "static": Method(adapter=NoAdapter, about="plain model, never adapted"),
    "mbde": Method(
        adapter=lambda model, window: GradientAdapter(model, window, rate=PUBLISHED_RATE),
        about="plain model, GrBAL's gradient step at every tick (MB+DE)",
    ),
    "residual": Method(adapter=ResidualAdapter, about="plain model plus its mean error of late"),
    "history": Method(
        method="history",
        adapter=lambda model, window: HistoryAdapter(model),
        about="plain model that sees the last transitions",
    ),
    "grbal": Method(
        method="gradient",
        settings=(("inner_steps", 1), ("inner_rate", PUBLISHED_RATE)),
        adapter=GradientAdapter,
        meta_learned=True,
        about="one gradient step from meta-learned weights, as published (GrBAL)",
    ),
    "gradient": Method(
        method="gradient",
        adapter=GradientAdapter,
        meta_learned=True,
        about="several gradient steps from meta-learned weights",
    ),
    "recurrent": Method(
        method="recurrent",
        adapter=RecurrentAdapter,
        meta_learned=True,
        about="recurrent network over the transitions (ReBAL)",
    ),
    "context": Method(
        method="context",
        adapter=ContextAdapter,
        meta_learned=True,
        about="transformer over the window that modulates the network",
    ),
    "last_layer": Method(
        method="last_layer",
        adapter=LastLayerAdapter,
        meta_learned=True,
        about="last layer solved in closed form on meta-learned features",
    ),
    "recursive": Method(
        method="last_layer",
        adapter=RecursiveAdapter,
        meta_learned=True,
        about="the same from all transitions, older ones fainter",
    ),
    "subspace": Method(
        method="subspace",
        adapter=SubspaceAdapter,
        meta_learned=True,
        about="last layer solved in a meta-learned subspace, then in closed form",
    ),
    "mixture": Method(
        method="mixture",
        adapter=MixtureAdapter,
        meta_learned=True,
        about="last layer from several priors, which remembers bodies it met",
    ),
}
REQUIRED = ("static", "mbde", "grbal")  # what every figure is compared with
