"""`--via launch`: the same runs through the real nodes, and whether the commands are the same."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from robot_meta.benchmarks.arm_payload import run as in_process
from robot_meta.benchmarks.arm_payload.rows import ROWS, weights_path
from robot_meta.benchmarks.arm_payload.run import RunConfig
from robot_meta.benchmarks.arm_payload.scenes import TEST_SCENES, Timing, scene
from robot_meta.benchmarks.launched import LaunchedArm
from robot_meta.benchmarks.results import Results
from robot_meta.controller import ControllerConfig
from robot_meta.safety.config import GuardConfig
from robot_meta.twin.perturbations import Perturbations
from robot_meta.twin.plant import PlantConfig
from robot_meta.types import Commanded

# What the nodes call the adapters of the rows that they can build.
KINDS = {"adapted": "last_layer", "static": "none", "grbal": "gradient", "observer": "residual"}
LOCKSTEP = {"backend": "twin", "lockstep": "true"}
BRIEF = Timing(period=1.0, change=1.6, settle=0.4)  # 150 ticks with the change in the middle


def run(args: argparse.Namespace, models: Path) -> Results:
    """Each scene once through the launch file and once in this process; compare."""
    from robot_meta.benchmarks.arm_payload.tuning import chosen_settings

    timing = Timing() if args.profile == "full" else BRIEF
    rows = []
    for name in tqdm(args.scenes or TEST_SCENES, desc="launches", unit="scene"):
        config = RunConfig(
            row="adapted",
            settings=chosen_settings()["adapted"],
            split="test",
            scene=name,
            seed=args.seed,
            models=str(models),
            timing=timing,
        )
        folder = args.out / "launched" / f"{name}-{args.seed}"
        here = [tick.commanded for tick in in_process.run(config).ticks]
        there = launched_commands(config, folder)
        rows.append({"scene": name, "seed": args.seed, **compare(here, there)})
    for row in rows:
        print("  ".join(f"{key} {value}" for key, value in row.items()))
    metrics = {
        "scenes": float(len(rows)),
        "identical_scenes": float(sum(bool(row["identical"]) for row in rows)),
        "compared_ticks": float(sum(int(row["ticks"]) for row in rows)),
    }
    return Results(
        name="arm-payload", profile=args.profile, seed=args.seed, metrics=metrics, rows=rows
    )


def launched_commands(config: RunConfig, folder: Path) -> list[Commanded]:
    """What the guard of the launched robot node sent, tick by tick, as recorded."""
    spec = in_process.prepare(config).description.spec
    ticks = config.timing.ticks(spec.control_dt)
    with LaunchedArm(folder, parameters_of(config), LOCKSTEP) as arm:
        arm.wait_until(ticks * spec.control_dt)
        arm.end()
        steps = list(arm.recording().steps(spec.joint_names))
    return [commanded for _, commanded in steps][:ticks]


def parameters_of(config: RunConfig) -> dict[str, dict[str, Any]]:
    """The parameters with which the nodes do what `run` does in one process."""
    world, timing = scene(config.split, config.scene, config.seed), config.timing
    weights = weights_path(ROWS[config.row], Path(config.models))
    controller = in_process.controller_config(config)
    shape = world.shape.at_period(timing.period)
    return {
        "robot": {
            "twin.seed": config.seed,
            "twin.schedule": schedule_text(world.body, timing.change),
            **changed_fields(world.plant, PlantConfig(), "twin.plant."),
            **changed_fields(config.guard, GuardConfig(), "guard."),
        },
        "controller": {
            "model": str(weights.resolve()) if weights else "",
            "adapter.kind": KINDS[config.row],
            "change.hopeless": 0.0,  # rows are compared at what they do, not at when they give up
            **{f"adapter.{key}": value for key, value in config.settings.items()},
            **changed_fields(controller, ControllerConfig(), ""),
        },
        "task": {
            "path": "figure_eight",
            "center_offset": shape.offset,
            "wide": shape.wide,
            "tall": shape.tall,
            "period": timing.period,
            "duration": timing.end + timing.period,
            "start": timing.start,
        },
    }


def schedule_text(body: Perturbations, stamp: float) -> str:
    """The change to `body` as the robot node's parameter `twin.schedule`."""
    return "; ".join(
        f"{stamp!r} {name} {list(value) if isinstance(value, tuple) else value!r}"
        for name, value in body.differences().items()
    )


def changed_fields(config: Any, defaults: Any, prefix: str) -> dict[str, Any]:
    """Parameters for the fields of a dataclass, nested ones too, that differ from `defaults`."""
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(config):
        value, default = getattr(config, field.name), getattr(defaults, field.name)
        if dataclasses.is_dataclass(value):
            changed |= changed_fields(value, default, f"{prefix}{field.name}.")
        elif value != default:
            changed[prefix + field.name] = value
    return changed


def compare(here: list[Commanded], there: list[Commanded]) -> dict[str, Any]:
    """How many ticks two runs have in common, and whether they are equal bit for bit."""
    ticks = min(len(here), len(there))
    same = [
        a.stamp == b.stamp
        and np.array_equal(a.position, b.position)
        and np.array_equal(a.velocity, b.velocity)
        and a.reason == b.reason
        for a, b in zip(here, there, strict=False)
    ]
    different = [i for i, equal in enumerate(same) if not equal]
    return {
        "ticks": ticks,
        "identical": len(here) == len(there) and not different,
        "first_difference": different[0] if different else -1,
    }
