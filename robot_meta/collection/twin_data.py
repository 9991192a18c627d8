"""Training data of an arm from the twin: many bodies, each shown in one episode."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from robot_meta.collection.episodes import episodes_from
from robot_meta.collection.excitation import Excitation, ExcitationConfig
from robot_meta.collection.lockstep import lockstep
from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.robots.description import ArmDescription, arm_description
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.splits import draw, splits_version


@dataclass(frozen=True, kw_only=True)
class TwinDataConfig:
    """Which data to collect; the same config always gives the same data."""

    robot: str = "fr3"
    split: str = "train"  # of bodies (twin/perturbation_splits.json)
    episodes: int = 900  # bodies, one episode each
    ticks: int = 160  # control periods per episode
    stiffness_scale: float = 1.0  # factor on the impedance of the low-level law
    seed: int = 0
    excitation: ExcitationConfig = ExcitationConfig()

    @property
    def splits_version(self) -> int:
        """Of the file that the split is in."""
        return splits_version()

    def episode(self, index: int) -> tuple[EpisodeData, dict[str, Any]]:
        """One episode, and what is known about it."""
        rng = np.random.default_rng((self.seed, index))
        body = draw(self.split, rng)
        description = arm_description(self.robot)
        spec = dataclasses.replace(
            description.spec,
            stiffness=description.spec.stiffness * self.stiffness_scale,
            damping=description.spec.damping * np.sqrt(self.stiffness_scale),
        )
        description = dataclasses.replace(description, spec=spec)
        twin = TwinConfig(seed=int(rng.integers(2**31)), perturbations=body)
        episode = excited_episode(description, twin, self.excitation, self.ticks, rng)
        return episode, {"body": body.differences(), "split": self.split}


def excited_episode(
    description: ArmDescription,
    twin: TwinConfig,
    excitation: ExcitationConfig,
    ticks: int,
    rng: np.random.Generator,
) -> EpisodeData:
    """What a twin does under random smooth motion, behind the guard.

    Args:
        description: The arm.
        twin: Its body and how it is simulated.
        excitation: The motion.
        ticks: Control periods.
        rng: Source of the motion's randomness.
    """
    spec = description.spec
    with MujocoRobot(description, twin) as robot:
        guarded = GuardedRobot(robot, Guard(spec, description.chain, GuardConfig()))
        guarded.arm()
        motion = Excitation(spec, excitation, rng)
        seen = [
            (tick.observation, tick.commanded) for tick in lockstep(guarded, motion.act, ticks)
        ]
    space = JointReferenceSpace(num_joints=spec.num_joints, control_dt=spec.control_dt)
    (episode,) = episodes_from(space, seen)
    return episode
