"""Training data of walking robots from the twin: many bodies, each shown in one walk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from robot_meta.collection.lockstep import lockstep
from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.dynamics.velocity_space import VelocityCommandSpace
from robot_meta.legged_types import (
    LeggedObservation,
    LeggedSpec,
    VelocityCommand,
    VelocityCommanded,
)
from robot_meta.robots.description import LeggedDescription, legged_description
from robot_meta.robots.guarded import GuardedDriver
from robot_meta.safety.walking_guard import WalkingGuard
from robot_meta.twin.legged.robot import LeggedTwin, LeggedTwinConfig
from robot_meta.twin.splits import LEGGED
from robot_meta.types import Array


@dataclass(frozen=True, kw_only=True)
class WanderingConfig:
    """Settings of `Wandering`."""

    correlation: float = 1.0  # [s], how long a velocity lasts
    stretch: float = 3.0  # [s], how long it wanders about the same mean
    spread: float = 0.35  # of the wandering, as a share of half the range of each command
    jitter: float = (
        0.15  # largest tick-to-tick noise, the same share, as a planner's output has it
    )


class Wandering:
    """Velocity commands that wander about means that change, over the whole range.

    Args:
        spec: The robot.
        config: Settings.
        rng: Source of all randomness.
    """

    def __init__(
        self, spec: LeggedSpec, config: WanderingConfig, rng: np.random.Generator
    ) -> None:
        self._spec, self._config, self._rng = spec, config, rng
        self._wandering, self._mean, self._jitter = np.zeros(3), np.zeros(3), 0.0
        self._ticks = 0

    def act(self, observation: LeggedObservation, commanded: VelocityCommanded) -> VelocityCommand:
        """Next command."""
        c, rng, spec = self._config, self._rng, self._spec
        half = 0.5 * (spec.command_upper - spec.command_lower)
        if self._ticks % round(c.stretch / spec.control_dt) == 0:
            self._mean = rng.uniform(spec.command_lower, spec.command_upper)
            self._mean[1:] *= rng.uniform(size=2)  # straight ahead more often than not
            self._jitter = c.jitter * rng.uniform()
        self._ticks += 1
        keep = np.exp(-spec.control_dt / c.correlation)
        kick = np.sqrt(1.0 - keep**2) * rng.standard_normal(3)
        self._wandering = keep * self._wandering + c.spread * half * kick
        noise = self._jitter * half * rng.standard_normal(3)
        wanted = np.clip(
            self._mean + self._wandering + noise, spec.command_lower, spec.command_upper
        )
        return VelocityCommand(stamp=observation.stamp, velocity=wanted)


@dataclass(frozen=True, kw_only=True)
class WalkDataConfig:
    """Which data to collect; the same config always gives the same data."""

    robot: str = "go2"
    split: str = "train"  # of bodies (twin/legged_splits.json)
    episodes: int = 360  # bodies, one walk each
    ticks: int = 200  # control periods per walk
    seed: int = 0
    wandering: WanderingConfig = field(default_factory=WanderingConfig)

    @property
    def splits_version(self) -> int:
        """Of the file that the split is in."""
        return LEGGED.splits_version()

    def episode(self, index: int) -> tuple[EpisodeData, dict[str, Any]]:
        """One walk, and what is known about it."""
        rng = np.random.default_rng((self.seed, index))
        body = LEGGED.draw(self.split, rng)
        twin = LeggedTwinConfig(seed=int(rng.integers(2**31)), body=body)
        description = legged_description(self.robot)
        walk = wandering_walk(description, twin, self.wandering, self.ticks, rng)
        return walk, {"body": body.differences(), "split": self.split}


def walking_space(spec: LeggedSpec) -> VelocityCommandSpace:
    """The state space of a walking robot: a unit action is the largest command."""
    scale = np.maximum(np.abs(spec.command_lower), spec.command_upper)
    return VelocityCommandSpace(
        num_legs=spec.num_legs,
        control_dt=spec.control_dt,
        command_scale=(float(scale[0]), float(scale[1]), float(scale[2])),
    )


def walked(
    space: VelocityCommandSpace, ticks: Iterable[tuple[LeggedObservation, VelocityCommanded]]
) -> EpisodeData:
    """An unbroken walk as an episode."""
    steps = list(ticks)
    states = np.array([space.state(o, commanded.velocity[0]) for o, commanded in steps])
    velocities: Array = np.array([commanded.velocity[1] for _, commanded in steps[:-1]])
    return EpisodeData(states, space.action(velocities))


def wandering_walk(
    description: LeggedDescription,
    twin: LeggedTwinConfig,
    wandering: WanderingConfig,
    ticks: int,
    rng: np.random.Generator,
) -> EpisodeData:
    """What a twin does under wandering commands, behind the guard, as long as it does not fall.

    Args:
        description: The robot.
        twin: Its body and how it is sensed.
        wandering: The commands.
        ticks: Control periods.
        rng: Source of the commands' randomness.
    """
    spec = description.spec
    with LeggedTwin(description, twin) as robot:
        guarded = GuardedDriver(robot, WalkingGuard(spec))
        guarded.arm()
        commands = Wandering(spec, wandering, rng)
        seen = []
        for tick in lockstep(guarded, commands.act, ticks):
            if robot.stopped:
                break
            seen.append((tick.observation, tick.commanded))
    return walked(walking_space(spec), seen)
