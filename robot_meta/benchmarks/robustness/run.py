"""One run: the nominal arm on its path, under one condition, and what return it brought."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from robot_meta.benchmarks.arm_payload.run import Prepared, Recording, drive
from robot_meta.benchmarks.arm_payload.scenes import NOMINAL, Timing, scene
from robot_meta.benchmarks.robustness.conditions import CONDITIONS, Unreliable
from robot_meta.benchmarks.settling import rms, within
from robot_meta.build import AdapterConfig, BuildConfig, build_controller
from robot_meta.controller import ArmController, ControllerConfig
from robot_meta.dynamics.change import ChangeConfig
from robot_meta.robots.description import arm_description
from robot_meta.safety.guard import GuardConfig
from robot_meta.twin.mujoco_robot import TwinConfig
from robot_meta.twin.perturbations import changes_to
from robot_meta.types import Array


@dataclass(frozen=True, kw_only=True)
class Row:
    """Weights, and whether they adapt."""

    about: str
    weights: str
    adapter: str = "last_layer"


ROWS = {
    "history": Row(about="four past actions in the input", weights="fr3_last_layer_history"),
    "late": Row(
        about="the same data, no past actions; not shipped", weights="fr3_last_layer_late"
    ),
    "last_layer": Row(about="shipped last layer, no late bodies", weights="fr3_last_layer"),
    "default": Row(
        about="shipped default, no late bodies", weights="fr3_subspace", adapter="subspace"
    ),
    "static": Row(about="shipped plain model, no adaptation", weights="fr3_plain", adapter="none"),
}


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that a run depends on.

    Attributes:
        row: Key of `ROWS`.
        condition: Key of `CONDITIONS`.
        seed: Of path, sensor noise, planner, and of which samples are disturbed.
        models: Folder of the weights.
        timing: When things happen; a delay that appears does so at its change.
        version: Hash of code and weights, so that a changed one is run again.
    """

    row: str
    condition: str
    seed: int
    models: str
    timing: Timing = field(default_factory=Timing)
    version: str = ""


def run_shard(config: RunConfig) -> dict[str, Any]:
    """Figures of a run from the change on: mean reward, tool error, share altered by the guard."""
    prepared = prepare(config)
    condition = CONDITIONS[config.condition]
    rng = np.random.default_rng((config.seed, 1))
    answer = Unreliable(prepared.controller, condition, rng).act
    ticks = config.timing.ticks(prepared.description.spec.control_dt)
    recording = drive(prepared, answer, ticks)
    series = recording.series()
    timing = config.timing
    judged = within(series.stamp, timing.change, timing.end)
    settled = within(series.stamp, timing.change + timing.settle, timing.end)
    gained = rewards(recording, prepared.controller)[judged]
    resting = rewards(recording, prepared.controller, resting=True)[judged]
    return {
        "return": float(gained.mean()),
        "resting_return": float(resting.mean()),
        "rms_mm": rms(1e3 * series.error[judged]),
        "settled_mm": rms(1e3 * series.error[settled]),
        "peak_mm": float(1e3 * series.error[judged].max()),
        "altered_share": float(series.altered[judged].mean()),
    }


def prepare(config: RunConfig) -> Prepared:
    """Controller, path and twin of a run; from here on the tensor library uses one thread."""
    torch.set_num_threads(1)  # more of them make runs differ in the last bit
    row, condition = ROWS[config.row], CONDITIONS[config.condition]
    description = arm_description("fr3")
    guard = GuardConfig()
    controller = build_controller(
        BuildConfig(
            model=str(Path(config.models) / f"{row.weights}.safetensors"),
            adapter=AdapterConfig(kind=row.adapter),
            change=ChangeConfig(hopeless=0.0),  # no row gives up
            controller=ControllerConfig(seed=config.seed),
            guard=guard,
        )
    )
    assert isinstance(controller, ArmController)
    world = scene("test", NOMINAL, config.seed)
    home = description.chain.tool_position_in_base(description.spec.home)
    path = world.path(home, config.timing)
    controller.set_target(path)
    changes = changes_to(
        condition.body(description.spec.control_dt),
        stamp=config.timing.change if condition.appears else 0.0,
    )
    twin = TwinConfig(seed=config.seed, plant=world.plant, schedule=changes)
    return Prepared(description, controller, path, twin, guard)


def rewards(recording: Recording, controller: ArmController, *, resting: bool = False) -> Array:
    """The controller's own reward of every tick, from what was measured and commanded, (T,).

    Args:
        recording: What happened.
        controller: Whose reward.
        resting: What it had been for an arm that rests at home all the time.
    """
    ticks = recording.ticks
    position = np.array([tick.observation.position for tick in ticks])
    reference = np.array([tick.commanded.position[0] for tick in ticks])
    velocity = np.array([tick.commanded.velocity[0] for tick in ticks])
    if resting:
        position = reference = np.tile(controller.embodiment.spec.home, (len(ticks), 1))
        velocity = np.zeros_like(position)
    assert controller.target is not None
    targets = controller.target.at(np.array([tick.observation.stamp for tick in ticks]))
    measured, lead, moving = (
        torch.as_tensor(array, dtype=torch.float32)[None]  # one candidate, (1, T, J)
        for array in (position, reference - position, velocity)
    )
    wanted = torch.as_tensor(targets, dtype=torch.float32)
    scored = controller.embodiment.reward.score(measured, lead, moving, moving[0, 0], wanted)
    total: Array = scored[0].double().numpy()
    return total
