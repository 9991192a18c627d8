"""One run: one row through one scene, in lockstep, judged by where the tool really was."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from robot_meta.benchmarks.arm_payload.judge import Series, judge
from robot_meta.benchmarks.arm_payload.rows import ROWS, Settings, build, row_description
from robot_meta.benchmarks.arm_payload.scenes import Timing, scene
from robot_meta.collection.lockstep import lockstep
from robot_meta.controller import Controller, ControllerConfig
from robot_meta.planning.mppi import MPPI
from robot_meta.robots.description import arm_description
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.perturbations import changes_to
from robot_meta.types import Array, Command, Commanded, Observation

DIAGNOSTICS = ("loss_before", "loss_after")


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that a run depends on.

    Attributes:
        row: Key of `ROWS`.
        settings: The row's hyper-parameters.
        split: "test" or "validation".
        scene: Name of the scene.
        seed: Of path, drawn body, sensor noise and planner.
        models: Folder of the weights.
        robot: Robot type.
        timing: When things happen.
        controller: Planner and reward, the same for all rows.
        version: Hash of code and weights, so that a changed one is run again.
    """

    row: str
    settings: Settings
    split: str
    scene: str
    seed: int
    models: str
    robot: str = "fr3"
    timing: Timing = field(default_factory=Timing)
    controller: ControllerConfig = field(default_factory=ControllerConfig)
    version: str = ""


@dataclass(frozen=True)
class Run:
    """What happened: figures, and one value per tick of everything worth a plot."""

    figures: dict[str, float]
    series: Series
    commanded: list[Commanded]


def run_shard(config: RunConfig) -> dict[str, Any]:
    """Figures and series of a run, as JSON can hold them."""
    torch.set_num_threads(1)
    done = run(config)
    return {"figures": done.figures, "series": done.series.as_lists()}


def run(config: RunConfig) -> Run:
    """Drive the scene once."""
    row, timing = ROWS[config.row], config.timing
    description = row_description(row, arm_description(config.robot))
    spec = description.spec
    world = scene(config.split, config.scene, config.seed)
    path = world.path(description, timing)
    model, adapter = build(row, description, config.settings, Path(config.models))
    planner = MPPI(config.controller.planner, model.space.action_size)
    controller = Controller(spec, description.chain, model, adapter, planner, config.controller)
    controller.set_target(path)
    twin = MujocoRobot(
        description,
        TwinConfig(
            seed=config.seed,
            plant=world.plant,
            schedule=changes_to(world.body, stamp=timing.change),
        ),
    )
    seconds: list[float] = []

    def act(observation: Observation, commanded: Commanded) -> Command:
        begin = time.perf_counter()
        command = controller.act(observation, commanded)
        seconds.append(time.perf_counter() - begin)
        return command

    tool: list[Array] = []
    diagnostics: list[dict[str, float]] = []
    ticks = []
    with twin:
        guarded = GuardedRobot(twin, Guard(spec, description.chain, GuardConfig()))
        guarded.arm()
        for tick in lockstep(guarded, act, timing.ticks(spec.control_dt)):
            ticks.append(tick)
            tool.append(twin.tool_position())
            diagnostics.append(controller.diagnostics())
    stamp = np.array([tick.observation.stamp for tick in ticks])
    series = Series(
        stamp=stamp,
        target=path.at(stamp),
        tool=np.array(tool),
        torque=np.array([tick.observation.torque for tick in ticks]),
        external_torque=np.array([tick.observation.external_torque for tick in ticks]),
        altered=np.array([float(tick.commanded.altered) for tick in ticks]),
        act_ms=1e3 * np.array(seconds),
        losses=np.array([[d.get(key, np.nan) for key in DIAGNOSTICS] for d in diagnostics]),
    )
    return Run(judge(series, timing), series, [tick.commanded for tick in ticks])
