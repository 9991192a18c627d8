"""The rows of the table: the same planner and guard, different ideas of what the arm is.

The learned rows have the same network, data and training steps; they differ in what training
prepared the network for and in what adapts it while the arm moves.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_meta.benchmarks.arm_payload.baselines.observers import (
    IdentifiedPayload,
    IntegralObserver,
)
from robot_meta.benchmarks.arm_payload.baselines.rigid_body import RigidBodyDynamics
from robot_meta.benchmarks.arm_payload.baselines.told import ToldBody
from robot_meta.benchmarks.shards import source_hash
from robot_meta.dynamics.adapter import Adapter, NoAdapter
from robot_meta.dynamics.files import load_model
from robot_meta.dynamics.gradient import GradientAdapter
from robot_meta.dynamics.last_layer import LastLayerAdapter
from robot_meta.dynamics.model import DynamicsModel, NeuralDynamics
from robot_meta.dynamics.residual import ResidualAdapter
from robot_meta.dynamics.subspace import SubspaceAdapter
from robot_meta.robots.description import ArmDescription

Settings = Mapping[str, float]
"""A row's own hyper-parameters; whole numbers mean counts."""

LEARNED = {
    "last_layer": "fr3_last_layer.safetensors",
    "subspace": "fr3_subspace.safetensors",
    "gradient": "fr3_gradient.safetensors",
    "plain": "fr3_plain.safetensors",
    "stiff": "fr3_plain_stiff.safetensors",
}
STIFF = 3.0  # factor on the impedance in the row "stiff"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way to know the arm.

    Attributes:
        about: What it is, for the table.
        model: Key of `LEARNED`, or "" for the rigid body.
        adapter: Makes the adapter from a model and settings.
        trials: Settings that validation chooses from; the same number for every row that has any.
        stiffness_scale: Factor on the impedance of the arm.
    """

    about: str
    model: str
    adapter: Callable[..., Adapter]
    trials: tuple[Settings, ...]
    stiffness_scale: float = 1.0


def _static(model: NeuralDynamics) -> Adapter:
    return NoAdapter(model)


ROWS = {
    "static": Row(
        about="plain model, no adaptation", model="plain", adapter=_static, trials=({},)
    ),
    "adapted": Row(
        about="meta-trained last layer, closed form (default)",
        model="last_layer",
        adapter=LastLayerAdapter,
        trials=(
            {"window": 48, "ridge_scale": 0.3},
            {"window": 48, "ridge_scale": 1.0},
            {"window": 48, "ridge_scale": 0.1},
            {"window": 32, "ridge_scale": 0.3},
            {"window": 64, "ridge_scale": 0.3},
            {"window": 64, "ridge_scale": 1.0},
        ),
    ),
    "subspace": Row(
        about="meta-trained subspace of last layers",
        model="subspace",
        adapter=SubspaceAdapter,
        trials=(
            {"window": 64, "ridge_scale": 0.3},
            {"window": 64, "ridge_scale": 1.0},
            {"window": 128, "ridge_scale": 0.1},
            {"window": 128, "ridge_scale": 0.3},
            {"window": 128, "ridge_scale": 1.0},
            {"window": 200, "ridge_scale": 0.3},
        ),
    ),
    "grbal": Row(
        about="GrBAL: meta-trained gradient step",
        model="gradient",
        adapter=GradientAdapter,
        trials=(
            {"window": 16, "rate_scale": 1.0},  # as many steps as the weights were trained for
            {"window": 16, "rate_scale": 0.5},
            {"window": 16, "rate_scale": 1.5},
            {"window": 32, "rate_scale": 1.0},
            {"window": 48, "rate_scale": 1.0},
            {"window": 16, "rate_scale": 0.7, "steps": 5},
        ),
    ),
    "mbde": Row(
        about="MB+DE: plain model, same gradient step",
        model="plain",
        adapter=GradientAdapter,
        trials=(
            {"window": 16, "steps": 3, "rate": 0.1},
            {"window": 16, "steps": 3, "rate": 0.03},
            {"window": 16, "steps": 3, "rate": 0.3},
            {"window": 16, "steps": 1, "rate": 0.1},
            {"window": 16, "steps": 1, "rate": 0.03},
            {"window": 48, "steps": 3, "rate": 0.1},
        ),
    ),
    "observer": Row(
        about="plain model, mean residual as disturbance",
        model="plain",
        adapter=ResidualAdapter,
        trials=tuple({"window": window} for window in (16, 2, 4, 8, 32, 64)),
    ),
    "rigid": Row(
        about="nominal rigid body, integral observer",
        model="",
        adapter=IntegralObserver,
        trials=tuple({"gain": gain} for gain in (0.1, 0.02, 0.05, 0.2, 0.4, 0.8)),
    ),
    "identified": Row(
        about="rigid body, payload identified online",
        model="",
        adapter=IdentifiedPayload,
        trials=(
            {"gain": 0.1, "forgetting": 0.98},
            {"gain": 0.1, "forgetting": 0.995},
            {"gain": 0.1, "forgetting": 0.95},
            {"gain": 0.03, "forgetting": 0.98},
            {"gain": 0.3, "forgetting": 0.98},
            {"gain": 0.6, "forgetting": 0.95},
        ),
    ),
    "told": Row(
        about="oracle: rigid body told payload, gains and friction",
        model="",
        adapter=ToldBody,
        trials=tuple({"gain": gain} for gain in (0.1, 0.02, 0.05, 0.2, 0.4, 0.8)),
    ),
    "stiff": Row(
        about="static, arm three times as stiff",
        model="stiff",
        adapter=_static,
        trials=({},),
        stiffness_scale=STIFF,
    ),
}


def row_description(row: Row, description: ArmDescription) -> ArmDescription:
    """The arm as this row drives it; its damping grows with the root of the stiffness."""
    if row.stiffness_scale == 1.0:
        return description
    spec = dataclasses.replace(
        description.spec,
        stiffness=description.spec.stiffness * row.stiffness_scale,
        damping=description.spec.damping * np.sqrt(row.stiffness_scale),
    )
    return dataclasses.replace(description, spec=spec)


def weights_path(row: Row, folder: Path) -> Path | None:
    """Weights file of a row; None for a row that learns nothing."""
    return folder / LEARNED[row.model] if row.model else None


def row_version(name: str, folder: Path, code: str) -> str:
    """What a result of the row `name` depends on beside its settings: code and its weights."""
    path = weights_path(ROWS[name], folder)
    return f"{code}-{source_hash([path]) if path is not None and path.exists() else ''}"


def build(
    row: Row, description: ArmDescription, settings: Settings, folder: Path
) -> tuple[DynamicsModel, Adapter]:
    """Model and adapter of a row.

    Args:
        row: Which.
        description: The arm as this row drives it, from `row_description`.
        settings: Its hyper-parameters.
        folder: Where the weights are.

    Raises:
        BadModelFile: Weights are missing or damaged.
        ModelMismatch: Weights were trained for another arm.
    """
    path = weights_path(row, folder)
    if path is None:
        rigid = RigidBodyDynamics(description)
        return rigid, row.adapter(rigid, **settings)
    model, card = load_model(path)
    card.require_match(description.spec)
    return model, row.adapter(model, **settings)
