"""One run: one row through one scene, in lockstep, judged by where the tool really was."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from robot_meta.benchmarks.arm_payload.baselines.told import ToldBody
from robot_meta.benchmarks.arm_payload.judge import Series, judge
from robot_meta.benchmarks.arm_payload.rows import ROWS, Settings, build, row_description
from robot_meta.benchmarks.arm_payload.scenes import Scene, Timing, scene
from robot_meta.collection.lockstep import Act, lockstep
from robot_meta.controller import ArmController, ControllerConfig
from robot_meta.dynamics.adapter import Adapter
from robot_meta.dynamics.change import AdaptationMonitor, ChangeConfig
from robot_meta.dynamics.model import DynamicsModel, NeuralDynamics
from robot_meta.embodiments.arm import Arm
from robot_meta.planning.mppi import MPPI
from robot_meta.robots.description import ArmDescription, arm_description
from robot_meta.robots.guarded import GuardedRobot, Tick
from robot_meta.robots.robot import Robot
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.twin.collision import SelfCollision
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.perturbations import changes_to
from robot_meta.types import Array, Command, Commanded, Observation, TargetPath

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
        guard: What is allowed, the same for all rows.
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
    guard: GuardConfig = field(default_factory=GuardConfig)
    version: str = ""


@dataclass(frozen=True)
class Prepared:
    """All that a run needs, made but not yet moving.

    Attributes:
        description: The arm as the row drives it.
        controller: With the row's model.
        path: What the tool should follow.
        twin: The plant, and when its body changes.
        guard: What is allowed.
        tell: When the model is told of the change, [s], and how; None where it has to find out.
    """

    description: ArmDescription
    controller: ArmController
    path: TargetPath
    twin: TwinConfig
    guard: GuardConfig
    tell: tuple[float, Callable[[], None]] | None = None

    def armed(self, twin: Robot) -> GuardedRobot:
        """`twin` behind the guard that the robot node has, ready to follow commands."""
        spec, chain = self.description.spec, self.description.chain
        guard = Guard(spec, chain, self.guard, SelfCollision(self.description))
        guarded = GuardedRobot(twin, guard)
        guarded.arm()
        return guarded


class Recording:
    """What happens in a run, tick by tick."""

    def __init__(self, path: TargetPath) -> None:
        self._path = path
        self.ticks: list[Tick] = []
        self._tool: list[Array] = []
        self._seconds: list[float] = []
        self._losses: list[list[float]] = []

    def add(self, tick: Tick, tool: Array, seconds: float, diagnostics: dict[str, float]) -> None:
        """Take in one tick, where the tool truly was, and how long the controller took, [s]."""
        self.ticks.append(tick)
        self._tool.append(tool)
        self._seconds.append(seconds)
        self._losses.append([diagnostics.get(key, np.nan) for key in DIAGNOSTICS])

    def series(self) -> Series:
        """One value per tick."""
        observations = [tick.observation for tick in self.ticks]
        stamp = np.array([observation.stamp for observation in observations])
        return Series(
            stamp=stamp,
            target=self._path.at(stamp),
            tool=np.array(self._tool),
            torque=np.array([observation.torque for observation in observations]),
            external_torque=np.array([o.external_torque for o in observations]),
            altered=np.array([float(tick.commanded.altered) for tick in self.ticks]),
            act_ms=1e3 * np.array(self._seconds),
            losses=np.array(self._losses),
        )


def run_shard(config: RunConfig) -> dict[str, Any]:
    """Figures and series of a run, as JSON can hold them."""
    series = run(config).series()
    return {"figures": judge(series, config.timing), "series": series.as_lists()}


def prepare(config: RunConfig, *, realtime: bool = False) -> Prepared:
    """Controller, path and twin of a run; from here on the tensor library uses one thread."""
    torch.set_num_threads(1)  # more of them make runs differ in the last bit
    row = ROWS[config.row]
    description = row_description(row, arm_description(config.robot))
    model, adapter = build(row, description, config.settings, Path(config.models))
    monitor = None
    if isinstance(model, NeuralDynamics):  # as in the product, but no row gives up
        monitor = AdaptationMonitor(model, ChangeConfig(hopeless=0.0))
    return assemble(
        description,
        (model, adapter, monitor),
        scene(config.split, config.scene, config.seed),
        config.timing,
        controller_config(config),
        config.guard,
        realtime=realtime,
    )


def assemble(
    description: ArmDescription,
    dynamics: tuple[DynamicsModel, Adapter, AdaptationMonitor | None],
    world: Scene,
    timing: Timing,
    settings: ControllerConfig,
    guard: GuardConfig,
    *,
    realtime: bool = False,
) -> Prepared:
    """A run through any scene with any idea of what the arm is.

    Args:
        description: The arm.
        dynamics: Model, what adapts it, and what watches both.
        world: Bodies, path and plant.
        timing: When things happen.
        settings: Planner and reward; their seed is also that of the sensor noise.
        guard: What is allowed.
        realtime: Whether the twin moves by itself.
    """
    model, adapter, monitor = dynamics
    planner = MPPI(settings.planner, model.space.action_size)
    arm = Arm(description.spec, description.chain, guard, settings.tracking, settings.contact)
    controller = ArmController(arm, model, adapter, planner, settings, monitor)
    home = description.chain.tool_position_in_base(description.spec.home)
    path = world.path(home, timing)
    controller.set_target(path)
    twin = TwinConfig(
        seed=settings.seed,
        plant=world.plant,
        schedule=changes_to(world.body, stamp=timing.change),
        realtime=realtime,
    )
    tell = None
    if isinstance(adapter, ToldBody):
        tell = timing.change, partial(adapter.tell, world.body)
    return Prepared(description, controller, path, twin, guard, tell)


def controller_config(config: RunConfig) -> ControllerConfig:
    """Planner and reward as all rows have them, with the planner's seed."""
    return dataclasses.replace(config.controller, seed=config.seed)


def run(config: RunConfig, ticks: int | None = None) -> Recording:
    """Drive the scene once, in lockstep; only its first `ticks` if given."""
    prepared = prepare(config)
    all_ticks = config.timing.ticks(prepared.description.spec.control_dt)
    return drive(prepared, prepared.controller.act, ticks or all_ticks)


def drive(prepared: Prepared, answer: Act, ticks: int) -> Recording:
    """Drive for so many ticks, in lockstep; `answer` is the controller, or what wraps it."""
    recording = Recording(prepared.path)
    tell = prepared.tell
    took = 0.0

    def act(observation: Observation, commanded: Commanded) -> Command:
        nonlocal took, tell
        if tell is not None and observation.stamp >= tell[0]:
            tell[1]()
            tell = None
        begin = time.perf_counter()
        try:
            return answer(observation, commanded)
        finally:
            took = time.perf_counter() - begin

    with MujocoRobot(prepared.description, prepared.twin) as twin:
        for tick in lockstep(prepared.armed(twin), act, ticks):
            recording.add(tick, twin.tool_position(), took, prepared.controller.diagnostics())
    return recording
