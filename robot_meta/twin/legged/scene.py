"""A walking robot and its ground as one MuJoCo model."""

from __future__ import annotations

from enum import Enum

import mujoco
import numpy as np

from robot_meta.errors import UnknownRobot
from robot_meta.robots.description import LeggedDescription
from robot_meta.twin.assets import go2_path
from robot_meta.twin.legged.perturbations import LARGEST_STEP

PAYLOAD, FLAT, BLOCKS = "payload", "flat", "blocks"
TRUNK = "base"
_MESHES, _HULLS = 2, 3  # groups of geoms in the robot's file
_BODY = [0.22, 0.27, 0.33, 1.0]
_BLOCK, _BLOCKS, _CELLS = 0.3, 60, 3  # size of a block [m], blocks a side, cells a block and side


class Looks(Enum):
    """How a robot is drawn."""

    MESHES = "meshes"  # 200 000 faces: for a browser or a GPU
    HULLS = "hulls"  # what it collides with: for a processor


def build_legged_model(
    description: LeggedDescription, physics_dt: float, *, looks: Looks | None = None
) -> mujoco.MjModel:
    """A model with two grounds, a plane and blocks, of which one is to be switched off.

    The trunk's free joint comes first, then the joints of `description.spec`, by name.

    Args:
        description: The robot.
        physics_dt: Of a step, [s].
        looks: For pictures, on a tiled plane alone; None for physics.

    Raises:
        MissingAsset: The wheel with the model is not installed.
        UnknownRobot: There is no model of this robot.
    """
    if description.spec.name != "go2":
        raise UnknownRobot(description.spec.name, ["go2"])
    spec = mujoco.MjSpec.from_file(str(go2_path()))
    spec.option.timestep = physics_dt
    if looks is not Looks.MESHES:  # which cost time
        for geom in list(spec.geoms):
            if geom.group == _MESHES:
                spec.delete(geom)
        for mesh in list(spec.meshes):
            spec.delete(mesh)
    if looks is not None:
        _dress(spec, looks)
        return spec.compile()
    spec.worldbody.add_geom(name=FLAT, type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1])
    cells = _BLOCKS * _CELLS
    half = 0.5 * _BLOCK * _BLOCKS
    spec.add_hfield(
        name=BLOCKS,
        nrow=cells,
        ncol=cells,
        size=[half, half, LARGEST_STEP, 0.5],
        userdata=np.zeros(cells * cells),
    )
    spec.worldbody.add_geom(name=BLOCKS, type=mujoco.mjtGeom.mjGEOM_HFIELD, hfieldname=BLOCKS)
    trunk = spec.body(TRUNK)
    trunk.add_body(name=PAYLOAD, mass=1e-6, inertia=[1e-9, 1e-9, 1e-9])
    return spec.compile()


def _dress(spec: mujoco.MjSpec, looks: Looks) -> None:
    """Tiles of half a metre, light, and hulls that can be seen where they are to be."""
    for geom in spec.geoms:
        if geom.group == _HULLS:
            geom.rgba = _BODY if looks is Looks.HULLS else [0.0, 0.0, 0.0, 0.0]
            geom.group = 0
    spec.visual.headlight.ambient = [0.45, 0.45, 0.45]
    spec.visual.headlight.diffuse = [0.6, 0.6, 0.6]
    spec.add_texture(
        name="tiles",
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        rgb1=[0.93, 0.93, 0.91],
        rgb2=[0.82, 0.82, 0.80],
        width=256,
        height=256,
    )
    tiles = spec.add_material(name="tiles", texrepeat=[1.0, 1.0], texuniform=True)
    tiles.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "tiles"
    spec.worldbody.add_geom(
        name=FLAT, type=mujoco.mjtGeom.mjGEOM_PLANE, size=[20, 20, 1], material="tiles"
    )


def block_heights(step_height: float, rng: np.random.Generator) -> np.ndarray:
    """Heights of rough ground up to `step_height` [m], as `hfield_data` has them, flat (R,).

    The middle, where the robot starts, is as high as the plane would be.
    """
    blocks = rng.uniform(0.0, step_height / LARGEST_STEP, (_BLOCKS, _BLOCKS))
    middle = slice(_BLOCKS // 2 - 1, _BLOCKS // 2 + 1)
    blocks[middle, middle] = 0.0
    return blocks.repeat(_CELLS, axis=0).repeat(_CELLS, axis=1).reshape(-1)
