"""One episode of generated play: the operator, the cartesian action, the guard and the twin."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import robot_meta
from robot_meta.collection.cartesian import CartesianAction, CartesianConfig
from robot_meta.collection.desk_state import recorded_state
from robot_meta.collection.play.moves import Sight
from robot_meta.collection.play.operator import Operator, OperatorConfig
from robot_meta.collection.steps import Step
from robot_meta.robots.description import ArmDescription, arm_description
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.safety.state import State
from robot_meta.twin.desk import predicates
from robot_meta.twin.desk.layout import ASPECTS, draw_layout
from robot_meta.twin.desk.model import MAX_WIDTH
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.plant import PlantConfig
from robot_meta.twin.scenes import SceneConfig
from robot_meta.types import Array, Command

ACTION = ("x", "y", "z", "hand")  # entries of a requested action
_START = np.array([[0.38, -0.10, 0.23], [0.48, 0.10, 0.27]])  # of the tool, corners, [m]


@dataclass(frozen=True, kw_only=True)
class PlayConfig:
    """Which play to generate; the same config always gives the same data.

    Attributes:
        robot: Robot type.
        seed: Of everything.
        duration: Of an episode, [s].
        control_dt: Period of actions, [s].
        physics_dt: Time step of physics and of the joint reference, [s].
        vary: What differs from desk to desk (`ASPECTS` of twin/desk/layout.py).
        operator: How it is played.
        action: How actions move the tool.
    """

    robot: str = "fr3"
    seed: int = 0
    duration: float = 10.0
    control_dt: float = 0.05
    physics_dt: float = 0.002
    vary: tuple[str, ...] = ASPECTS
    operator: OperatorConfig = field(default_factory=OperatorConfig)
    action: CartesianConfig = field(default_factory=CartesianConfig)

    def __post_init__(self) -> None:
        if not self.duration >= 2.0 * self.control_dt > 0.0:
            raise ValueError(
                f"duration must hold two periods of {self.control_dt} s, got {self.duration}"
            )

    @property
    def ticks(self) -> int:
        """Transitions of an episode."""
        return round(self.duration / self.control_dt)


@dataclass(frozen=True)
class PlayedEpisode:
    """What was recorded, T + 1 steps, and what it was about (what JSON can carry)."""

    steps: list[Step]
    about: dict[str, Any]

    @property
    def task(self) -> str:
        """The skill that was meant, or the kind of an episode that meant none."""
        return str(self.about["skill"] or self.about["kind"])


class Stage:
    """A twin with a desk behind its guard, on which one episode after the other is played."""

    def __init__(self, config: PlayConfig) -> None:
        self._config = config
        description = _description(config)
        scene = SceneConfig(desk=True)
        plant = PlantConfig(physics_dt=config.physics_dt)
        self._robot = MujocoRobot(description, TwinConfig(plant=plant, scene=scene))
        self._description = description
        self._action = CartesianAction(description, config.action)
        self._home = description.spec.home

    def play(self, number: int) -> PlayedEpisode:
        """Episode `number`, whatever was played before."""
        config, description = self._config, self._description
        rng = np.random.default_rng((config.seed, number))
        layout_seed, noise_seed = (int(n) for n in rng.integers(2**31, size=2))
        layout = draw_layout(layout_seed, config.vary)
        posture = self._action.posture(rng.uniform(*_START))
        self._robot.reset(posture, seed=noise_seed, layout=layout)
        guard = Guard(description.spec, description.chain, GuardConfig())
        guarded = GuardedRobot(self._robot, guard)
        guarded.arm()
        self._action.engage(posture)
        sight = self._sight(posture)
        operator = Operator(config.operator, (config.seed, number, 1), config.action.speed, sight)
        steps = []
        command: Command | None = None
        requested = np.zeros(len(ACTION))
        for _ in range(config.ticks + 1):
            tick = guarded.tick(command)
            now = tick.observation
            state = self._state(now.position, now.velocity)
            steps.append(
                Step(stamp=now.stamp, state=state, requested=requested, commanded=tick.commanded)
            )
            requested = operator.act(self._sight(tick.commanded.position[1]))
            command = self._action.command_for(tick.commanded, requested[:3])
            guarded.grip(MAX_WIDTH * 0.5 * (1.0 + requested[3]))
            guarded.step()
        intent = operator.intent
        about = {
            "who": "scripted operator",
            "kind": intent.kind,
            "skill": intent.skill,
            "acted": intent.acted,
            "held": guard.reason if guard.state is not State.RUNNING else "",
            "seed": [config.seed, number],
            "layout_seed": layout_seed,
            "predicates": predicates.VERSION,
            "version": robot_meta.__version__,
        }
        return PlayedEpisode(steps, about)

    def close(self) -> None:
        """Close the twin."""
        self._robot.close()

    def _sight(self, reference: Array) -> Sight:
        desk = self._robot.furniture
        return Sight(
            tool=self._description.chain.tool_position_in_base(reference),
            state=desk.state,
            handles=desk.handles,
            period=self._config.control_dt,
        )

    def _state(self, position: Array, velocity: Array) -> Array:
        tool = self._description.chain.tool_position_in_base(position)
        return recorded_state(position, velocity, tool, self._robot.furniture.scene)


def _description(config: PlayConfig) -> ArmDescription:
    description = arm_description(config.robot)
    spec = dataclasses.replace(
        description.spec, control_dt=config.control_dt, reference_dt=config.physics_dt
    )
    return dataclasses.replace(description, spec=spec)
