"""A half-cheetah on a pier of floating blocks, each of which gives way in its own manner.

Eight blocks in a row slide vertically on springs; a task says how strongly each is damped. What
the blocks do is not observed. Source: Nagabandi et al. 2019, released code.

The model's total mass is scaled to 14 kg, blocks included: a block weighs 1.4 kg and the robot
2.9 kg. That is how it was published, and why the pier floats: with blocks of 10 kg the springs
would lie on their stops.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import mujoco

from robot_meta.benchmarks.environments.half_cheetah import NUM_JOINTS, HalfCheetah, joint_damping
from robot_meta.benchmarks.environments.tasks import TaskSet, one_of

# Centre and half length of each block along x, [m]; they stand 2 mm apart.
BLOCKS = ((-8.0, 5.999), *((4.0 * i, 1.999) for i in range(6)), (42.0, 19.999))
STIFFNESS = 150.0  # of a block's spring, [N/m]
TRAVEL = 0.15  # of a block, up and down, [m]
_HALF_WIDTH, _HALF_HEIGHT, _MASS = 0.99, 0.05, 10.0  # of a block, before masses are scaled


@dataclass(frozen=True, kw_only=True)
class Pier:
    """How the pier, or the robot on it, is damped.

    Attributes:
        blocks: Damping of each block, [Ns/m].
        joints: Damping of the robot's six joints, [Nms/rad]; empty for its own.
    """

    blocks: tuple[float, ...] = (0.01,) * len(BLOCKS)
    joints: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.blocks) != len(BLOCKS) or len(self.joints) not in (0, NUM_JOINTS):
            raise ValueError(
                f"want damping of {len(BLOCKS)} blocks, and of {NUM_JOINTS} joints or none, got "
                f"{len(self.blocks)} and {len(self.joints)}"
            )
        if min(self.blocks + self.joints) < 0.0:
            raise ValueError("damping must be >= 0")


def _everywhere(damping: float) -> Pier:
    return Pier(blocks=(damping,) * len(BLOCKS))


_GRBAL = TaskSet(
    nominal=Pier(),
    train=lambda rng: Pier(blocks=tuple(map(float, rng.uniform(0.0, 10.0, size=len(BLOCKS))))),
    held_out=tuple(map(_everywhere, (0.0, 5.0, 10.0))),
    source="Nagabandi et al. 2019, released code (tests give one damping to all blocks)",
)
_OWN = (6.0, 4.5, 3.0, 4.5, 3.0, 1.5)
_MAC = TaskSet(
    nominal=Pier(joints=_OWN),
    train=one_of(
        tuple(
            Pier(joints=joints)
            for joints in (
                _OWN,
                (6.9, 6.2, 4.2, 8.5, 7.6, 5.1),
                (4.3, 9.4, 2.5, 8.1, 3.1, 5.6),
                (4.2, 9.5, 8.0, 4.8, 2.5, 4.4),
                (2.4, 2.5, 4.6, 6.0, 8.3, 7.4),
                (5.2, 2.7, 2.9, 3.0, 7.4, 6.0),
                (3.1, 8.7, 2.7, 3.0, 6.2, 6.2),
                (3.9, 8.4, 7.8, 7.9, 8.1, 7.9),
                (3.3, 5.1, 6.3, 8.4, 2.0, 5.6),
            )
        )
    ),
    held_out=(
        Pier(joints=(2.7, 3.0, 6.6, 4.5, 7.5, 5.3)),
        Pier(joints=(7.2, 6.2, 9.9, 6.0, 9.2, 3.9)),
    ),
    source="arXiv:2210.03539 (MAC), released code: damping of the robot, not of the blocks",
)


class HalfCheetahPier(HalfCheetah[Pier]):
    """A half-cheetah on floating blocks."""

    TASK_SETS: ClassVar[dict[str, TaskSet]] = {"published": _GRBAL, "mac": _MAC}

    def build(self) -> mujoco.MjSpec:
        """Gymnasium's model above water, which holds nothing."""
        spec = super().build()
        floor = spec.geom("floor")
        floor.pos, floor.contype, floor.conaffinity = [0.0, 0.0, -0.1], 0, 0
        for i, (center, half_length) in enumerate(BLOCKS):
            block = spec.worldbody.add_body(name=f"block_{i}", pos=[center, 0.0, _HALF_HEIGHT])
            block.add_joint(
                name=block_joint(i),
                type=mujoco.mjtJoint.mjJNT_SLIDE,
                axis=[0.0, 0.0, 1.0],
                range=[-TRAVEL, TRAVEL],
                stiffness=STIFFNESS,
            )
            block.add_geom(
                name=f"block_{i}",
                type=mujoco.mjtGeom.mjGEOM_BOX,
                size=[half_length, _HALF_WIDTH, _HALF_HEIGHT],
                mass=_MASS,
                conaffinity=1,
            )
        return spec

    def apply(self, task: Pier) -> None:
        """Damp blocks and joints."""
        dofs = [self.model.joint(block_joint(i)).dofadr[0] for i in range(len(BLOCKS))]
        self.model.dof_damping[dofs] = task.blocks
        if task.joints:
            self.model.dof_damping[joint_damping(self.model)] = task.joints


def block_joint(index: int) -> str:
    """Name of a block's joint."""
    return f"blockz_{index}"
