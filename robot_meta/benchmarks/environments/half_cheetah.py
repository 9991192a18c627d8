"""The half-cheetah, and its first kind of trouble: a joint whose motor is dead.

Observation (20,): positions without x (8), velocities (9), centre of mass (3). 100 Hz.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import mujoco
import numpy as np

from robot_meta.benchmarks.environments.locomotion import Locomotion, asset
from robot_meta.benchmarks.environments.tasks import Task, TaskSet, one_of
from robot_meta.types import Array

NUM_JOINTS = 6  # bthigh, bshin, bfoot, fthigh, fshin, ffoot


@dataclass(frozen=True, kw_only=True)
class CheetahBody:
    """What is different about a half-cheetah.

    Attributes:
        disabled: Joints whose motor gives no torque.
        mass_scale: Factor on the mass of every body.
        damping_scale: Factor on the damping of every joint.
    """

    disabled: tuple[int, ...] = ()
    mass_scale: float = 1.0
    damping_scale: float = 1.0

    def __post_init__(self) -> None:
        if not set(self.disabled) <= set(range(NUM_JOINTS)):
            raise ValueError(f"joints are 0 to {NUM_JOINTS - 1}, got {self.disabled}")
        if min(self.mass_scale, self.damping_scale) <= 0.0:
            raise ValueError("scales must be > 0")


def _disabled(*joints: int) -> CheetahBody:
    return CheetahBody(disabled=joints)


def _scaled(*scales: tuple[float, float]) -> tuple[CheetahBody, ...]:
    return tuple(CheetahBody(mass_scale=mass, damping_scale=damping) for mass, damping in scales)


_GRBAL_JOINTS = TaskSet(
    nominal=CheetahBody(),
    train=one_of(tuple(map(_disabled, range(1, NUM_JOINTS)))),
    held_out=(_disabled(0),),
    source="Nagabandi et al. 2019, released code",
)
_CADM_JOINTS = TaskSet(
    nominal=CheetahBody(),
    train=one_of(tuple(map(_disabled, range(4)))),
    held_out=(_disabled(4), _disabled(5), _disabled(4, 5)),
    source="Lee et al. 2020 (CaDM), released code, cripple_halfcheetah",
)
_CADM_SCALES = (0.75, 0.85, 1.0, 1.15, 1.25)
_CADM_BODY = TaskSet(
    nominal=CheetahBody(),
    train=one_of(_scaled(*product(_CADM_SCALES, _CADM_SCALES))),
    held_out=_scaled(
        *(
            pair
            for values in ((0.2, 0.3), (0.4, 0.5), (1.5, 1.6), (1.7, 1.8))
            for pair in product(values, values)
        )
    ),
    source="Lee et al. 2020 (CaDM), released code, halfcheetah",
)
_MAC_JOINTS = TaskSet(
    nominal=CheetahBody(),
    train=one_of((CheetahBody(), *map(_disabled, range(4)))),
    held_out=(_disabled(4), _disabled(5)),
    source="arXiv:2210.03539 (MAC), released code",
)


class HalfCheetah(Locomotion[Task]):
    """The robot, whatever it meets."""

    EFFORT = 0.05

    def build(self) -> mujoco.MjSpec:
        """Gymnasium's model."""
        return asset("half_cheetah.xml")

    def observed_state(self) -> list[Array]:
        """Positions without x, velocities; of the robot, not of what it runs on."""
        robot = NUM_JOINTS + 3
        return [self.data.qpos[1:robot], self.data.qvel[:robot]]


class HalfCheetahJoint(HalfCheetah[CheetahBody]):
    """A half-cheetah with dead motors, or other masses and damping."""

    TASK_SETS: ClassVar[dict[str, TaskSet]] = {
        "published": _GRBAL_JOINTS,
        "cadm": _CADM_JOINTS,
        "cadm_body": _CADM_BODY,
        "mac": _MAC_JOINTS,
    }

    def apply(self, task: CheetahBody) -> None:
        """Cut motors off, scale masses (not inertias, as published) and damping."""
        self.powered[list(task.disabled)] = 0.0
        self.model.body_mass *= task.mass_scale
        self.model.dof_damping *= task.damping_scale


def joint_damping(model: mujoco.MjModel) -> Array:
    """Where the damping of the six driven joints lies in `dof_damping`, (6,)."""
    return np.array([model.actuator(i).trnid[0] for i in range(NUM_JOINTS)])
