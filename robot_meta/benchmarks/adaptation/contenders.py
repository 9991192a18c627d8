"""The adapters that are compared: what each is trained for, and what validation may choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from robot_meta.build import AdapterConfig, BuildConfig, Dynamics, build_dynamics, model_path
from robot_meta.dynamics.change import ChangeConfig

Settings = Mapping[str, Any]
"""Fields of `AdapterConfig` that differ from their defaults."""

PLAIN, GRADIENT_TYPE, BLACK_BOX = "plain", "gradient type", "black box"


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One adapter.

    Attributes:
        trained: Method of meta-training that its weights come from.
        family: `PLAIN` (not meta-trained), `GRADIENT_TYPE` (solves an inner problem on the
            transitions) or `BLACK_BOX` (a network reads the transitions).
        trials: Settings that validation chooses from.
        about: What it is, for the table.
    """

    trained: str
    family: str
    trials: tuple[Settings, ...] = ({},)
    about: str


_RIDGES: tuple[Settings, ...] = ({}, {"ridge_scale": 0.3}, {"window": 32})

# By kind of `AdapterConfig`.
CONTENDERS = {
    "none": Contender(trained="none", family=PLAIN, about="plain model, never adapted"),
    "residual": Contender(
        trained="none",
        family=PLAIN,
        trials=({}, {"window": 32}, {"window": 16}),
        about="plain model plus its mean error of late",
    ),
    "finetune": Contender(
        trained="none",
        family=PLAIN,
        trials=(
            {"window": 16, "steps": 3, "rate": 0.03},
            {"window": 48, "steps": 3, "rate": 0.03},
            {"window": 16, "steps": 3, "rate": 0.1},
        ),
        about="plain model, gradient steps at every tick (MB+DE)",
    ),
    "history": Contender(
        trained="history", family=BLACK_BOX, about="plain network that sees the last transitions"
    ),
    "recurrent": Contender(
        trained="recurrent", family=BLACK_BOX, about="GRU over the transitions (ReBAL)"
    ),
    "context": Contender(
        trained="context",
        family=BLACK_BOX,
        trials=({"window": 48}, {"window": 32}, {"window": 16}),
        about="transformer over the window that modulates the network",
    ),
    "gradient": Contender(
        trained="gradient",
        family=GRADIENT_TYPE,
        trials=({"window": 48}, {"window": 32}, {"window": 16}),
        about="one gradient step from meta-learned weights (GrBAL)",
    ),
    "subspace": Contender(
        trained="subspace",
        family=GRADIENT_TYPE,
        trials=_RIDGES,
        about="closed form in a meta-learned subspace of last layers",
    ),
    "last_layer": Contender(
        trained="last_layer",
        family=GRADIENT_TYPE,
        trials=_RIDGES,
        about="last layer in closed form on meta-learned features",
    ),
    "recursive": Contender(
        trained="last_layer",
        family=GRADIENT_TYPE,
        trials=({}, {"forgetting": 0.985}, {"forgetting": 0.94}),
        about="the same from all transitions, older ones fainter",
    ),
    "mixture": Contender(
        trained="mixture",
        family=GRADIENT_TYPE,
        trials=_RIDGES,
        about="the same from several priors, which remembers bodies",
    ),
}
SHIPPED = "shipped"  # the product as it comes: default adapter, shipped weights
DEFAULT = AdapterConfig().kind


@dataclass(frozen=True, kw_only=True)
class Player:
    """A contender with weights and settings, or the shipped one.

    Attributes:
        name: Of its row.
        kind: Of adapter.
        weights: File that it was trained into.
        settings: Of the adapter.
        version: Hash of the weights, where their name does not say all that made them.
    """

    name: str
    kind: str
    weights: str
    settings: dict[str, Any] = field(default_factory=dict)
    version: str = ""

    def dynamics(self) -> Dynamics:
        """Model, adapter and monitor as the product builds them; but none gives up."""
        return build_dynamics(
            BuildConfig(
                model=self.weights,
                adapter=AdapterConfig(kind=self.kind, **self.settings),
                change=ChangeConfig(hopeless=0.0),
            )
        )


def shipped_weights() -> str:
    """File of the default adapter's shipped weights.

    Raises:
        MissingAsset: They are not there.
    """
    return str(model_path(BuildConfig()))


def about(name: str) -> str:
    """What a row is."""
    if name == SHIPPED:
        return f"{DEFAULT} with the shipped weights, which had more data and steps"
    return CONTENDERS[name].about
