"""What happens in the evaluated episodes: where the robot begins, and what changes on the way.

The task after the change is held out from training in every scenario.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np

from robot_meta.benchmarks.environments.ant import AntBody, AntLeg
from robot_meta.benchmarks.environments.half_cheetah import CheetahBody, HalfCheetahJoint
from robot_meta.benchmarks.environments.locomotion import COM_SIZE, Locomotion
from robot_meta.benchmarks.environments.pier import HalfCheetahPier
from robot_meta.benchmarks.environments.registration import register
from robot_meta.benchmarks.environments.terrain import (
    COLUMNS,
    HALF_LENGTH,
    START_COLUMN,
    STEEP,
    Terrain,
)
from robot_meta.dynamics.difference_space import DifferenceSpace

NOMINAL_EVERY = 4  # one training episode of so many has the untouched body


NextTask = Callable[[Locomotion], Any]
"""What the task becomes, given the environment as it is then."""

Changes = Mapping[int, NextTask]
"""What the task becomes, by the step before which it changes."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """An environment, and an episode in which something changes.

    Attributes:
        environment: Name that gymnasium knows.
        place: Entries of the observation that say where in the world the robot is.
        steps: Of an episode.
        change: Step before which the change happens.
        before: Task that the episode begins with.
        after: Task that it goes on with.
        returns: Whether it can change back: ground cannot, under a robot that stands on it.
    """

    environment: str
    place: tuple[int, ...]
    steps: int
    change: int
    before: Any
    after: NextTask
    returns: bool = True

    def make(self) -> Locomotion:
        """The environment."""
        register()
        made = gymnasium.make(self.environment, disable_env_checker=True).unwrapped
        assert isinstance(made, Locomotion)
        return made

    def space(self, environment: Locomotion) -> DifferenceSpace:
        """State space of the models; where in the world the robot is does not concern them."""
        return DifferenceSpace(
            state_size=environment.state_size,
            action_size=environment.action_size,
            unseen=self.place,
        )

    def to_and_fro(self) -> Changes:
        """A-B-A-B: to the task after the change, back, and there again, each for as long."""
        visit = self.steps // 4
        return {visit: self.after, 2 * visit: _always(self.before), 3 * visit: self.after}

    def training_task(self, environment: Locomotion, episode: int, seed: int) -> Any:
        """Task of a training episode: drawn, or now and then the untouched body."""
        if episode % NOMINAL_EVERY == 0:
            return environment.task_set.nominal
        return environment.task_set.draw("train", np.random.default_rng((seed, episode)))


def _always(task: Any) -> NextTask:
    return lambda environment: task


def _steep_ahead(environment: Locomotion) -> Terrain:
    """The steep slope, beginning 1 m ahead of the robot, that is, on ground that was flat."""
    place = environment.data.subtree_com[environment.model.body("torso").id][0]
    column = START_COLUMN + round((place + 1.0) / (2.0 * HALF_LENGTH / COLUMNS))
    last = COLUMNS - len(STEEP.slopes) * STEEP.ramp_columns
    return dataclasses.replace(STEEP, first_column=int(np.clip(column, 0, last)))


_CHEETAH_PLACE = (20 - COM_SIZE,)
_STILL, _LIVELY = HalfCheetahPier.TASK_SETS["published"].held_out[2::-2]

SCENARIOS = {
    "cheetah_joint": Scenario(
        environment="robot_meta/HalfCheetahJoint-v0",
        place=_CHEETAH_PLACE,
        steps=1000,
        change=500,
        before=CheetahBody(),
        after=_always(HalfCheetahJoint.TASK_SETS["published"].held_out[0]),
    ),
    "cheetah_terrain": Scenario(
        environment="robot_meta/HalfCheetahTerrain-v0",
        place=_CHEETAH_PLACE,
        steps=1000,
        change=500,
        before=Terrain(),
        after=_steep_ahead,
        returns=False,
    ),
    "cheetah_pier": Scenario(
        environment="robot_meta/HalfCheetahPier-v0",
        place=_CHEETAH_PLACE,
        steps=1000,
        change=500,
        before=_STILL,
        after=_always(_LIVELY),
    ),
    "ant_leg": Scenario(
        environment="robot_meta/AntLeg-v0",
        place=(0, 1, 41 - COM_SIZE, 41 - COM_SIZE + 1),
        steps=500,
        change=250,
        before=AntBody(),
        after=_always(AntLeg.TASK_SETS["published"].held_out[0]),
    ),
}
