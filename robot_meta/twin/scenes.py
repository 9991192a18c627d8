"""The arm, its hand and what is around it, as one MuJoCo model.

The FR3 model asks MuJoCo to cancel gravity on every body (`gravcomp`); then a payload changes
nothing. Here gravity acts on every body and is compensated by the low-level law, which knows the
arm and the hand but not the payload, as on the hardware.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
import numpy.typing as npt

from robot_meta.errors import UnknownRobot
from robot_meta.robots.cell import Cell, KnownLoad
from robot_meta.robots.description import ArmDescription
from robot_meta.robots.fixture import Fixture, Vector
from robot_meta.twin.assets import fr3_path, hand_path, sim_path
from robot_meta.twin.desk.model import add_desk, moving_hand
from robot_meta.twin.surroundings import (
    add_fixtures,
    add_hold,
    add_load,
    add_rod,
    add_wall,
)

TOOL_SITE = "tool"
TOOL_BODY = "hand/hand"
PAYLOAD_BODY = "payload/weight"
CARD_THICKNESS = 0.0004  # of a poster, [m]


@dataclass(frozen=True, kw_only=True)
class Poster:
    """A square picture on a thin card.

    Attributes:
        picture: Grey values, (P, P), first row at the top.
        size: Edge of the card, [m].
        position: Its centre, (3,), [m]; in the base frame, or in the tool frame where `held`.
        rotation: Its axes there as columns, (3, 3): x to the right, y up, z to the reader.
        held: Whether the tool holds it.
    """

    picture: npt.NDArray[np.uint8]
    size: float
    position: npt.NDArray[np.float64]
    rotation: npt.NDArray[np.float64]
    held: bool = False


@dataclass(frozen=True, kw_only=True)
class SceneConfig:
    """What is around the arm.

    Attributes:
        visual: Keep the meshes, for a view; physics needs none of them.
        collision: Keep the collision meshes, for distances.
        furniture: Keep table and floor, as `visual` does too.
        table_height: Of the top of the table in the base frame, [m].
        wall_point: A point of a wall that the tool can touch, base frame, [m]; None for no wall.
        wall_normal: Where the free side of the wall looks, base frame.
        desk: Instead of the plain table one with a drawer, a door, a knob, a button, a switch and
            two blocks, which can be touched; and fingers that move.
        layout_seed: Which of all desks, -1 for the nominal one.
        fixtures: What stands there and can be run into, by all parts of the arm.
        load: What the arm carries all the time; its law knows.
        rod: Radius of a rod from the flange to the tool point, [m]; 0 for none.
    """

    visual: bool = False
    collision: bool = False
    furniture: bool = False
    table_height: float = 0.0
    wall_point: Vector | None = None
    wall_normal: Vector = (-1.0, 0.0, 0.0)
    desk: bool = False
    layout_seed: int = -1
    fixtures: tuple[Fixture, ...] = ()
    load: KnownLoad = KnownLoad()
    rod: float = 0.0

    def __post_init__(self) -> None:
        if self.desk and self.wall_point is not None:
            raise ValueError("there is either a wall or a desk: unset wall_point or desk")
        if not np.linalg.norm(self.wall_normal) > 1e-6:
            raise ValueError(f"wall_normal must not be zero, got {self.wall_normal}")

    @property
    def contacts(self) -> bool:
        """Whether there is anything that can be touched."""
        return self.desk or self.wall_point is not None or bool(self.fixtures)

    @staticmethod
    def in_cell(cell: Cell, *, desk: bool = False, layout_seed: int = -1) -> SceneConfig:
        """The scene that a cell's file asks for, on its table or on a desk."""
        return SceneConfig(
            table_height=cell.table.height,
            desk=desk,
            layout_seed=layout_seed,
            fixtures=cell.fixtures,
            load=cell.load,
            rod=cell.tool.rod,
        )


def build_arm_model(
    description: ArmDescription, config: SceneConfig, posters: Sequence[Poster] = ()
) -> mujoco.MjModel:
    """A model whose first joints are those of `description.spec`, in its order.

    Without a desk nothing else moves.

    Args:
        description: The arm.
        config: What is around it.
        posters: Pictures that a camera can see.

    Raises:
        MissingAsset: A wheel with model data is not installed.
        UnknownRobot: There is no model of this arm.
    """
    if description.spec.name != "fr3":
        raise UnknownRobot(description.spec.name, ["fr3"])
    spec = mujoco.MjSpec.from_file(str(fr3_path()))
    spec.option.timestep = 0.001
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    for key in list(spec.keys):
        spec.delete(key)

    mount_hand(spec, description, moving=config.desk)
    wrist, tool = _wrist(spec, description), description.chain.tool_position
    site = wrist.add_site(
        name=TOOL_SITE, pos=tool, quat=_quat_wxyz(description.chain.tool_rotation)
    )
    site.size = [0.005, 0.005, 0.005]
    if not config.desk:
        table = mujoco.MjSpec.from_file(str(sim_path("arm_table.xml")))
        stand = spec.worldbody.add_frame(pos=[0.0, 0.0, config.table_height])
        spec.attach(table, frame=stand, prefix="scene/")

    for body in spec.bodies:
        body.gravcomp = 0.0
    _drop_meshes(spec, config)
    if config.load.mass > 0.0:
        add_load(wrist, description.flange_position, config.load)
    if config.rod > 0.0:
        add_rod(wrist, description.flange_position, tool, config.rod)
    add_fixtures(spec, config.fixtures)
    if config.desk:
        add_desk(spec)
    add_hold(spec, TOOL_SITE)
    for number, poster in enumerate(posters):
        _add_poster(spec, description, poster, f"poster{number}")
    if config.wall_point is not None:
        add_wall(spec, wrist, tool, config.wall_point, config.wall_normal)

    model = spec.compile()
    if not config.contacts:
        model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CONTACT)
    arm = description.spec.num_joints if config.desk else model.njnt
    names = tuple(model.joint(j).name for j in range(arm))
    if names != description.spec.joint_names:
        raise ValueError(f"the model has joints {names}, want {description.spec.joint_names}")
    return model


def mount_hand(spec: mujoco.MjSpec, description: ArmDescription, *, moving: bool = False) -> None:
    """Put hand and payload onto the flange of an arm.

    Args:
        spec: The arm.
        description: Where flange and tool are.
        moving: Whether the fingers move.

    Raises:
        MissingAsset: A wheel with model data is not installed.
    """
    hand = (moving_hand if moving else _fixed_hand)(spec.option.timestep)
    wrist, chain = _wrist(spec, description), description.chain
    mount = wrist.add_frame(pos=description.flange_position, quat=_quat_wxyz(chain.tool_rotation))
    spec.attach(hand, frame=mount, prefix="hand/")
    payload = mujoco.MjSpec.from_file(str(sim_path("payload.xml")))
    held = wrist.add_frame(pos=chain.tool_position, quat=mount.quat)
    spec.attach(payload, frame=held, prefix="payload/")


def _fixed_hand(timestep: float) -> mujoco.MjSpec:
    """The Franka hand with its fingers held, its frame as on the flange."""
    hand = mujoco.MjSpec.from_file(str(hand_path()))
    hand.option.timestep = timestep
    for group in (hand.actuators, hand.equalities, hand.tendons, hand.joints):
        for element in list(group):
            hand.delete(element)
    hand.body("hand").quat = [1.0, 0.0, 0.0, 0.0]
    for geom in hand.geoms:  # the hand takes part in no contact: only the tip does
        geom.contype, geom.conaffinity = 0, 0
    return hand


def _drop_meshes(spec: mujoco.MjSpec, config: SceneConfig) -> None:
    """Remove what only costs time: visual geoms (group 2) and collision geoms (group 3)."""
    for geom in list(spec.geoms):
        geom.contype, geom.conaffinity = 0, 0
        furniture = config.furniture and geom.name.startswith("scene/")
        if geom.group == 2 and not (config.visual or furniture):
            spec.delete(geom)
        elif geom.group == 3 and not (config.collision or config.fixtures):
            spec.delete(geom)
    used = {geom.meshname for geom in spec.geoms}
    for mesh in list(spec.meshes):
        if mesh.name not in used:
            spec.delete(mesh)


def _add_poster(
    spec: mujoco.MjSpec, description: ArmDescription, poster: Poster, name: str
) -> None:
    """A card without mass that touches nothing, its face at the pose of the poster."""
    parent, position, rotation = spec.worldbody, poster.position, poster.rotation
    if poster.held:
        chain = description.chain
        parent = _wrist(spec, description)
        position = chain.tool_position + chain.tool_rotation @ position
        rotation = chain.tool_rotation @ rotation
    spec.add_texture(
        name=name,
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        width=poster.picture.shape[1],
        height=poster.picture.shape[0],
        nchannel=3,
        data=np.repeat(poster.picture.reshape(-1), 3).tolist(),
    )
    material = spec.add_material(name=name, emission=0.3, specular=0.0, shininess=0.0)
    material.textures[int(mujoco.mjtTextureRole.mjTEXROLE_RGB)] = name
    half = poster.size / 2.0
    parent.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=position - CARD_THICKNESS / 2.0 * rotation[:, 2],
        quat=_quat_wxyz(rotation),
        size=[half, half, CARD_THICKNESS / 2.0],
        material=name,
        group=2,
        contype=0,
        conaffinity=0,
        mass=0.0,
    )


def _wrist(spec: mujoco.MjSpec, description: ArmDescription) -> mujoco.MjsBody:
    """The body that the flange is part of."""
    return spec.body(description.spec.joint_names[-1].replace("joint", "link"))


def _quat_wxyz(rotation: np.ndarray) -> np.ndarray:
    quat = np.zeros(4)
    mujoco.mju_mat2Quat(quat, np.asarray(rotation, dtype=float).reshape(-1))
    return quat
