"""A walking robot as its topics say it stands, for pictures: nothing is simulated."""

from __future__ import annotations

import math
from dataclasses import dataclass

import mujoco
import numpy as np

from robot_meta.legged_types import LeggedObservation
from robot_meta.robots.description import LeggedDescription
from robot_meta.twin.legged.plant import PHYSICS_DT
from robot_meta.twin.legged.scene import Looks, build_legged_model
from robot_meta.types import Array

FOOT = 0.022  # radius, [m]


@dataclass(frozen=True, kw_only=True)
class Stance:
    """How it stands.

    Attributes:
        pose: Position and heading on the ground, (3,), [m, m, rad].
        attitude: Roll and pitch, (2,), [rad].
        joint_position: (J,), [rad].
    """

    pose: Array
    attitude: Array
    joint_position: Array

    @classmethod
    def of(cls, observation: LeggedObservation) -> Stance:
        """As it was measured."""
        return cls(
            pose=observation.pose,
            attitude=observation.attitude,
            joint_position=observation.joint_position,
        )


class Puppet:
    """A model that is put into stances.

    Args:
        description: The robot.
        looks: How it is drawn.

    Attributes:
        model: On flat ground.
        data: As it stands.
    """

    def __init__(self, description: LeggedDescription, looks: Looks) -> None:
        self.model = build_legged_model(description, PHYSICS_DT, looks=looks)
        self.data = mujoco.MjData(self.model)
        names = description.spec.joint_names
        self._joints = np.array([int(self.model.joint(n).qposadr[0]) for n in names])
        self._feet = np.array([self.model.geom(leg).id for leg in description.spec.leg_names])
        self.put(
            Stance(pose=np.zeros(3), attitude=np.zeros(2), joint_position=description.spec.stand)
        )

    def put(self, stance: Stance) -> None:
        """Stand like this, the lowest foot on the ground."""
        data = self.data
        data.qpos[:3] = (*stance.pose[:2], 0.0)
        roll, pitch = stance.attitude.tolist()
        data.qpos[3:7] = _quat_wxyz(roll, pitch, float(stance.pose[2]))
        data.qpos[self._joints] = stance.joint_position
        mujoco.mj_kinematics(self.model, data)
        data.qpos[2] = FOOT - float(data.geom_xpos[self._feet, 2].min())
        mujoco.mj_kinematics(self.model, data)


def _quat_wxyz(roll: float, pitch: float, heading: float) -> Array:
    """Turned by `heading` about z, then `pitch` about y, then `roll` about x, [rad]."""
    result, turn = np.array([1.0, 0.0, 0.0, 0.0]), np.zeros(4)
    for angle, axis in ((heading, 3), (pitch, 2), (roll, 1)):
        turn[:] = 0.0
        turn[0], turn[axis] = math.cos(0.5 * angle), math.sin(0.5 * angle)
        mujoco.mju_mulQuat(result, result.copy(), turn)
    return result
