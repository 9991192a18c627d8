"""The rows of the table: the same guard and sensors, different ideas of how the robot moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from robot_meta.benchmarks.legged.pi import PathPI
from robot_meta.controller import Controller, LoopConfig
from robot_meta.dynamics.adapter import Adapter, NoAdapter
from robot_meta.dynamics.change import AdaptationMonitor, ChangeConfig
from robot_meta.dynamics.files import load_model
from robot_meta.dynamics.gradient import GradientAdapter
from robot_meta.dynamics.last_layer import LastLayerAdapter
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.subspace import SubspaceAdapter
from robot_meta.embodiments.walker import Walker
from robot_meta.legged_types import (
    LeggedObservation,
    LeggedSpec,
    PosePath,
    VelocityCommand,
    VelocityCommanded,
)
from robot_meta.planning.mppi import MPPI
from robot_meta.planning.walking import WalkingConfig

Settings = Mapping[str, float]
"""A row's own hyper-parameters; whole numbers mean counts."""

Act = Callable[[LeggedObservation, VelocityCommanded], VelocityCommand]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way to follow a path.

    Attributes:
        about: What it is, for the table.
        trials: Settings that validation chooses from; the same number for every row that has any.
        method: What the weights were trained for; "" for no model.
        adapter: Makes the adapter from a model and settings.
        pose_source: Where positions come from.
    """

    about: str
    trials: tuple[Settings, ...]
    method: str = ""
    adapter: Callable[..., Adapter] | None = None
    pose_source: str = "external"


def _static(model: NeuralDynamics) -> Adapter:
    return NoAdapter(model)


_CLOSED_FORM = tuple(
    {"window": window, "ridge_scale": scale}
    for window, scale in ((32, 0.3), (32, 1.0), (64, 0.3), (64, 1.0))
)

ROWS = {
    "static": Row(
        about="plain model, no adaptation", method="plain", adapter=_static, trials=({},)
    ),
    "adapted": Row(
        about="meta-trained last layer, closed form (default)",
        method="last_layer",
        adapter=LastLayerAdapter,
        trials=_CLOSED_FORM,
    ),
    "subspace": Row(
        about="meta-trained subspace of last layers, closed form",
        method="subspace",
        adapter=SubspaceAdapter,
        trials=_CLOSED_FORM,
    ),
    "mbde": Row(
        about="MB+DE: plain model, gradient steps",
        method="plain",
        adapter=GradientAdapter,
        trials=(
            {"window": 16, "steps": 3, "rate": 0.1},
            {"window": 32, "steps": 3, "rate": 0.03},
            {"window": 32, "steps": 3, "rate": 0.1},
            {"window": 32, "steps": 3, "rate": 0.3},
        ),
    ),
    "pi": Row(
        about="PI of position and heading, path fed forward",
        trials=tuple(
            {"position_gain": p, "heading_gain": h, "integral_gain": i}
            for p, h, i in (
                (1.5, 2.0, 0.3),
                (1.5, 2.0, 0.6),
                (2.5, 3.0, 0.6),
                (2.0, 2.5, 1.0),
            )
        ),
    ),
    "odometry": Row(
        about="as adapted, but knows its place from odometry alone",
        method="last_layer",
        adapter=LastLayerAdapter,
        trials=_CLOSED_FORM[:1],
        pose_source="odometry",
    ),
}


def weights_path(row: Row, robot: str, folder: Path) -> Path | None:
    """The weights file of a row, None where it has none."""
    return folder / f"{robot}_{row.method}.safetensors" if row.method else None


def build(
    row: Row,
    spec: LeggedSpec,
    path: PosePath,
    settings: Settings,
    loop: LoopConfig,
    walking: WalkingConfig,
    folder: Path,
) -> Act:
    """What answers measurements in a row.

    Args:
        row: Which.
        spec: The robot.
        path: To follow.
        settings: The row's hyper-parameters.
        loop: Planner, the same for all rows that plan.
        walking: Reward, likewise.
        folder: Where the weights are.

    Raises:
        BadModelFile: Weights are missing or damaged.
        ModelMismatch: Weights were trained for another robot.
    """
    file = weights_path(row, spec.name, folder)
    if file is None:
        return PathPI(spec, path, **settings).act
    assert row.adapter is not None
    model, card = load_model(file)
    card.require_match(spec)
    # As in the product, but no row gives up.
    monitor = AdaptationMonitor(model, ChangeConfig(hopeless=0.0))
    controller = Controller(
        Walker(spec, walking),
        model,
        row.adapter(model, **settings),
        MPPI(loop.planner, model.space.action_size),
        loop,
        monitor,
    )
    controller.set_target(path)
    return controller.act
