"""What of a desk never moves, as fixtures that the hand may touch and the arm may not."""

from __future__ import annotations

import mujoco

from robot_meta.robots.description import ArmDescription
from robot_meta.robots.fixture import Fixture
from robot_meta.twin.desk.furniture import Furniture
from robot_meta.twin.desk.layout import DeskLayout
from robot_meta.twin.desk.model import DESK
from robot_meta.twin.scenes import SceneConfig, build_arm_model

_CYLINDER = mujoco.mjtGeom.mjGEOM_CYLINDER
_SHAPES = (mujoco.mjtGeom.mjGEOM_BOX, _CYLINDER)


def standing_parts(description: ArmDescription, layout: DeskLayout) -> tuple[Fixture, ...]:
    """The bodies of drawer, door, knob, button and switch as boxes, and the rims of the desk."""
    model = build_arm_model(description, SceneConfig(desk=True))
    data = mujoco.MjData(model)
    Furniture(model, data).lay_out(layout)
    mujoco.mj_kinematics(model, data)
    parts = []
    for number in range(model.ngeom):
        geom = model.geom(number)
        shape = mujoco.mjtGeom(int(model.geom_type[number]))
        stands = model.body_weldid[model.geom_bodyid[number]] == 0
        if not (stands and model.geom_conaffinity[number] and shape in _SHAPES):
            continue
        half = [float(value) for value in geom.size]
        if shape == _CYLINDER:
            half = [half[0], half[0], half[1]]
        x, y, z = map(float, data.geom_xpos[number])
        parts.append(
            Fixture(
                name=geom.name.removeprefix(DESK),
                size=(2.0 * half[0], 2.0 * half[1], 2.0 * half[2]),
                position=(x, y, z),
                touchable=True,
            )
        )
    return tuple(parts)
