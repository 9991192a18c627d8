"""One run: one row through one scene, in lockstep, judged by where the robot really was."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from robot_meta.benchmarks.legged.judge import Series, judge
from robot_meta.benchmarks.legged.rows import ROWS, Settings, build
from robot_meta.benchmarks.legged.scenes import Timing, scene
from robot_meta.collection.lockstep import lockstep
from robot_meta.controller import LoopConfig
from robot_meta.dynamics.rollout import RolloutConfig
from robot_meta.legged_types import PosePath
from robot_meta.planning.mppi import MPPIConfig
from robot_meta.planning.planner import SamplingConfig
from robot_meta.planning.walking import WalkingConfig
from robot_meta.robots.description import legged_description
from robot_meta.robots.guarded import GuardedDriver
from robot_meta.safety.reasons import Reason
from robot_meta.safety.walking_guard import WalkingGuard
from robot_meta.twin.legged.perturbations import LeggedChange
from robot_meta.twin.legged.robot import LeggedTwin, LeggedTwinConfig
from robot_meta.twin.legged.sensors import SensorConfig

PLANNER = MPPIConfig(
    sampling=SamplingConfig(num_samples=64, horizon=12, iterations=3, knots=4, noise_std=0.3)
)


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
        planner: The same for all rows that plan.
        walking: Reward, likewise.
        version: Hash of code and weights, so that a changed one is run again.
    """

    row: str
    settings: Settings
    split: str
    scene: str
    seed: int
    models: str
    robot: str = "go2"
    timing: Timing = field(default_factory=Timing)
    planner: MPPIConfig = PLANNER
    walking: WalkingConfig = field(default_factory=WalkingConfig)
    version: str = ""


def loop_config(config: RunConfig) -> LoopConfig:
    """Settings of the controllers of all rows that plan."""
    return LoopConfig(
        seed=config.seed,
        planner=config.planner,
        rollout=RolloutConfig(precision="fp32", device="cpu"),  # the same on every machine
    )


def run_shard(config: RunConfig) -> dict[str, Any]:
    """Figures and series of a run, as JSON can hold them."""
    series = run(config)
    return {"figures": judge(series, config.timing), "series": series.as_lists()}


def run(config: RunConfig, path: PosePath | None = None) -> Series:
    """Drive the scene once, in lockstep; a robot that fell stays where it lies.

    Args:
        config: What is run.
        path: To follow instead of the scene's.
    """
    torch.set_num_threads(1)  # more of them make runs differ in the last bit
    row, timing = ROWS[config.row], config.timing
    description = legged_description(config.robot)
    world = scene(config.split, config.scene, config.seed, timing)
    path = world.path if path is None else path
    act = build(
        row,
        description.spec,
        path,
        config.settings,
        loop_config(config),
        config.walking,
        Path(config.models),
    )
    twin = LeggedTwinConfig(
        seed=config.seed,
        schedule=LeggedChange.all_at(timing.change, world.body),
        sensors=SensorConfig(pose_source=row.pose_source),
    )
    stamps, poses, commands, altered = [], [], [], []
    with LeggedTwin(description, twin) as robot:
        guard = WalkingGuard(description.spec)
        guarded = GuardedDriver(robot, guard)
        guarded.arm()
        for tick in lockstep(guarded, act, timing.ticks(description.spec.control_dt)):
            stamps.append(tick.observation.stamp)
            poses.append(robot.true_pose)
            commands.append(tick.commanded.velocity[1])
            altered.append(float(tick.commanded.altered))
        fell = guard.counts.get(str(Reason.FALLEN), 0)
    return Series(
        stamp=np.array(stamps),
        target=path.at(np.array(stamps)),
        pose=np.array(poses),
        command=np.array(commands),
        altered=np.array(altered),
        falls=np.array(float(fell)),
    )
