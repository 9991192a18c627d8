"""What all running robots here share: the control step, the reward, and tasks drawn at reset.

An observation ends with the centre of mass of the whole body, and the reward is its velocity:

    r = Δx_com / T + alive − effort · Σ a²

Source: Nagabandi et al. 2019 and the code released with it.
Differs: actions are normalized to [−1, 1] (the ant's was in Nm); the reward of a step is the one
that the planner imagines (there: the velocity of the step's last instant); the effort is that of
the action asked for, since nobody tells the planner which motor is dead; the state is observed
after the kinematics of the step's end are known; every task starts from the untouched model.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib import resources
from typing import Any, ClassVar, Generic

import gymnasium
import mujoco
import numpy as np
from gymnasium.spaces import Box

from robot_meta.benchmarks.environments.tasks import SPLITS, Task, TaskSet
from robot_meta.types import Array

OBSERVATION_BOUND = 1e6
COM_SIZE = 3  # the last numbers of an observation: centre of mass in the world, [m]
_POSITION_NOISE, _VELOCITY_NOISE = 0.01, 0.1  # standard deviations at reset
_FRAME = 240  # [pixels], width and height of a rendered frame

# Whatever a task may change of a compiled model.
_CHANGEABLE = ("body_mass", "dof_damping", "geom_size", "geom_pos", "hfield_data")


@dataclass(frozen=True, kw_only=True)
class RunningReward:
    """Speed of the centre of mass along x, less effort.

    Attributes:
        control_dt: T, [s].
        effort: Cost of a unit action squared.
        alive: What every step earns.
    """

    control_dt: float
    effort: float
    alive: float

    def __call__(self, observation: Any, action: Any, next_observation: Any) -> Any:
        """Rewards (...) of observation (..., S), action (..., A), next observation (..., S)."""
        progress = next_observation[..., -COM_SIZE] - observation[..., -COM_SIZE]
        return progress / self.control_dt + self.alive - self.effort * (action**2).sum(-1)


class Locomotion(gymnasium.Env[Array, Any], Generic[Task], ABC):
    """A robot that is rewarded for running, whose body or ground is another in every episode.

    Episodes are never terminated. A task can be forced with `reset(options={"task": task})`, and
    changed within an episode with `set_task`.

    Args:
        tasks: Key of `TASK_SETS`.
        split: Where `reset` draws the task from: "nominal", "train" or "test".
        render_mode: None or "rgb_array".
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 100}
    TASK_SETS: ClassVar[dict[str, TaskSet]]
    SUBSTEPS: ClassVar[int] = 1  # physics steps per control step
    EFFORT: ClassVar[float]
    ALIVE: ClassVar[float] = 0.0

    def __init__(
        self, tasks: str = "published", split: str = "train", render_mode: str | None = None
    ) -> None:
        if tasks not in self.TASK_SETS:
            raise ValueError(f"tasks must be one of {list(self.TASK_SETS)}, got '{tasks}'")
        if split not in SPLITS:
            raise ValueError(f"split must be one of {SPLITS}, got '{split}'")
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ValueError(f"render_mode must be None or 'rgb_array', got '{render_mode}'")
        self.task_set: TaskSet[Task] = self.TASK_SETS[tasks]
        self.render_mode, self._split = render_mode, split
        self.model = compiled(self.build())
        self.data = mujoco.MjData(self.model)
        self._pristine = {name: getattr(self.model, name).copy() for name in _CHANGEABLE}
        self._gravity = self.model.opt.gravity.copy()
        self._renderer: mujoco.Renderer | None = None
        self.powered = np.ones(self.model.nu)  # 0 where a motor is dead
        self.task: Task = self.task_set.nominal
        self.reward = RunningReward(
            control_dt=self.control_dt, effort=self.EFFORT, alive=self.ALIVE
        )
        bound = np.full(self.state_size, OBSERVATION_BOUND)
        self.observation_space = Box(-bound, bound, dtype=np.float64)
        self.action_space = Box(-1.0, 1.0, (self.action_size,), dtype=np.float32)

    @property
    def action_size(self) -> int:
        """A."""
        return int(self.model.nu)

    @property
    def state_size(self) -> int:
        """S."""
        return len(self._observe())

    @property
    def control_dt(self) -> float:
        """T, [s]."""
        return float(self.model.opt.timestep) * self.SUBSTEPS

    @abstractmethod
    def build(self) -> mujoco.MjSpec:
        """The robot and its ground."""

    @abstractmethod
    def apply(self, task: Task) -> None:
        """Make the untouched model that of `task`."""

    @abstractmethod
    def observed_state(self) -> list[Array]:
        """Parts of the observation before the centre of mass."""

    def start_position(self) -> Array:
        """Generalized position that episodes begin around, (nq,)."""
        return self.model.qpos0

    def set_task(self, task: Task) -> None:
        """From the next step on, body and ground are those of `task`."""
        for name, values in self._pristine.items():
            getattr(self.model, name)[:] = values
        self.model.opt.gravity[:] = self._gravity
        self.powered[:] = 1.0
        self.task = task
        self.apply(task)
        mujoco.mj_setConst(self.model, mujoco.MjData(self.model))  # what follows from masses
        if self._renderer is not None:  # it holds a copy of the ground
            self._renderer.close()
            self._renderer = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Begin an episode with a task of its own."""
        super().reset(seed=seed)
        forced = (options or {}).get("task")
        self.set_task(
            self.task_set.draw(self._split, self.np_random) if forced is None else forced
        )
        mujoco.mj_resetData(self.model, self.data)
        rng, nq, nv = self.np_random, self.model.nq, self.model.nv
        self.data.qpos[:] = self.start_position() + _POSITION_NOISE * rng.standard_normal(nq)
        self.data.qvel[:] = _VELOCITY_NOISE * rng.standard_normal(nv)
        mujoco.mj_forward(self.model, self.data)
        return self._observe(), {"task": dataclasses.asdict(self.task)}  # type: ignore[call-overload]

    def step(self, action: Array) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """One control period under `action` (A,) in [-1, 1]."""
        action = np.asarray(action, dtype=np.float64)
        if action.shape != self.powered.shape:
            raise ValueError(f"want {self.powered.shape} numbers as action, got {action.shape}")
        before = self._observe()
        self.data.ctrl[:] = self.powered * action
        mujoco.mj_step(self.model, self.data, nstep=self.SUBSTEPS)
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        after = self._observe()
        return after, float(self.reward(before, action, after)), False, False, {}

    def render(self) -> Any:
        """A frame (H, W, 3) of the camera that follows the robot; None without `render_mode`."""
        if self.render_mode is None:
            return None
        if self._renderer is None:
            self._renderer = mujoco.Renderer(self.model, _FRAME, _FRAME)
        self._renderer.update_scene(self.data, "track")
        return self._renderer.render()

    def close(self) -> None:
        """Free what rendering holds."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _observe(self) -> Array:
        com = self.data.subtree_com[self.model.body("torso").id]
        return np.concatenate([*self.observed_state(), com])


def asset(name: str) -> mujoco.MjSpec:
    """One of gymnasium's robots, to be edited before it is compiled."""
    path = resources.files("gymnasium") / "envs" / "mujoco" / "assets" / name
    return mujoco.MjSpec.from_string(path.read_text(encoding="utf-8"))


def compiled(spec: mujoco.MjSpec) -> mujoco.MjModel:
    """The model, its total mass scaled to what the spec asks for.

    The compiler's own way to scale it is deprecated.
    """
    total = spec.compiler.settotalmass
    spec.compiler.settotalmass = -1
    model = spec.compile()
    if total > 0:
        mujoco.mj_setTotalmass(model, total)
        mujoco.mj_setConst(model, mujoco.MjData(model))
    return model
