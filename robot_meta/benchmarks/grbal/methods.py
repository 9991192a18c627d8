"""The rivals: how each one's model is trained, and what adapts it as the robot runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from robot_meta.dynamics.adapter import Adapter, NoAdapter
from robot_meta.dynamics.gradient import GradientAdapter
from robot_meta.dynamics.last_layer import LastLayerAdapter
from robot_meta.dynamics.meta_training import MetaTrainingConfig
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.residual import ResidualAdapter


@dataclass(frozen=True)
class Method:
    """One row of the table.

    Attributes:
        training: Method of meta-training.
        adapter: Makes the adapter of a trained model.
        meta_learned: Whether training knew that the model would be adapted.
        about: What the row is.
    """

    training: str
    adapter: Callable[[NeuralDynamics, MetaTrainingConfig], Adapter]
    meta_learned: bool
    about: str


METHODS = {
    "static": Method(
        "none", lambda model, c: NoAdapter(model, c.support), False, "plain model, never adapted"
    ),
    "mbde": Method(
        "none",
        lambda model, c: GradientAdapter(model, c.support, rate=c.inner_rate),
        False,
        "plain model, a gradient step at every tick (MB+DE)",
    ),
    "residual": Method(
        "none",
        lambda model, c: ResidualAdapter(model, c.support),
        False,
        "plain model plus its mean error of late",
    ),
    "grbal": Method(
        "gradient",
        lambda model, c: GradientAdapter(model, c.support),
        True,
        "a gradient step from meta-learned weights (GrBAL)",
    ),
    "last_layer": Method(
        "last_layer",
        lambda model, c: LastLayerAdapter(model, c.support),
        True,
        "last layer solved in closed form on meta-learned features",
    ),
}
META_LEARNED = tuple(name for name, method in METHODS.items() if method.meta_learned)
