"""How arm and desk stand at one moment, and the model that is drawn as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from robot_meta.robots.description import ArmDescription
from robot_meta.twin.desk.furniture import Furniture
from robot_meta.twin.desk.layout import DeskLayout, desk_layout
from robot_meta.twin.desk.model import DESK
from robot_meta.twin.scenes import Poster, SceneConfig, build_arm_model
from robot_meta.types import Array


@dataclass(frozen=True, kw_only=True)
class Posture:
    """What is known of one moment.

    Attributes:
        stamp: When, [s].
        position: Joint positions, (J,), [rad].
        scene: What stands on the desk, (1 + D,), entries as in `SCENE`; None where there is none.
    """

    stamp: float
    position: Array
    scene: Array | None = None


class PosedModel:
    """An arm and what is around it, without physics.

    Args:
        description: The arm.
        scene: What is around it.
        posters: Pictures that a camera can see.

    Attributes:
        model: For who draws.
        data: Kinematics of the posture it was put into last.
        layout: Of the desk, if there is one.
    """

    def __init__(
        self, description: ArmDescription, scene: SceneConfig, posters: Sequence[Poster] = ()
    ) -> None:
        self.model = build_arm_model(description, scene, posters)
        self.data = mujoco.MjData(self.model)
        self.layout: DeskLayout | None = None
        self._furniture: Furniture | None = None
        self._joints = description.spec.num_joints
        if scene.desk:
            self._furniture = Furniture(self.model, self.data)
            self.lay_out(desk_layout(scene.layout_seed))

    def lay_out(self, layout: DeskLayout) -> None:
        """Make the desk what `layout` says, as it was found.

        Raises:
            ValueError: There is no desk.
        """
        if self._furniture is None:
            raise ValueError("there is no desk here: set scene.desk")
        self.layout = layout
        self._furniture.lay_out(layout)
        self._furniture.reset()

    def put(self, position: Array, scene: Array | None = None) -> None:
        """Let joints (J,) and desk (1 + D,) stand like this; what is not given stays."""
        self.data.qpos[: self._joints] = position
        if self._furniture is not None and scene is not None:
            self._furniture.show(scene)
        mujoco.mj_kinematics(self.model, self.data)

    @property
    def lamp(self) -> Array | None:
        """Where a lamp is lit, base frame, (3,), [m]; None where none is."""
        if self._furniture is None or not self._furniture.lamp:
            return None
        return np.array(self.data.geom(DESK + "lamp").xpos)
