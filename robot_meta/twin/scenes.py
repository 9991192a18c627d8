"""The arm, its hand and what is around it, as one MuJoCo model.

The FR3 model asks MuJoCo to cancel gravity on every body (`gravcomp`); then a payload changes
nothing. Here gravity acts on every body and is compensated by the low-level law, which knows the
arm and the hand but not the payload, as on the hardware.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from robot_meta.errors import UnknownRobot
from robot_meta.robots.description import ArmDescription
from robot_meta.twin.assets import fr3_path, hand_path, sim_path

TOOL_SITE = "tool"
TOOL_BODY = "hand/hand"
PAYLOAD_BODY = "payload/weight"
HOLD = "hold"
TIP_RADIUS = 0.01  # of the ball at the tool centre point that touches the wall, [m]

Vector = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class SceneConfig:
    """What is around the arm.

    Attributes:
        visual: Keep the meshes, for a view; physics needs none of them.
        collision: Keep the collision meshes, for distances.
        wall_point: A point of a wall that the tool can touch, base frame, [m]; None for no wall.
        wall_normal: Where the free side of the wall looks, base frame.
    """

    visual: bool = False
    collision: bool = False
    wall_point: Vector | None = None
    wall_normal: Vector = (-1.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if not np.linalg.norm(self.wall_normal) > 1e-6:
            raise ValueError(f"wall_normal must not be zero, got {self.wall_normal}")


def build_arm_model(description: ArmDescription, config: SceneConfig) -> mujoco.MjModel:
    """A model with the joints of `description.spec`, in its order and with nothing else moving.

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

    hand = _fixed_hand(spec.option.timestep)
    wrist = spec.body(description.spec.joint_names[-1].replace("joint", "link"))
    flange = description.flange_position
    tool = description.chain.tool_position
    mount = wrist.add_frame(pos=flange, quat=_quat_wxyz(description.chain.tool_rotation))
    spec.attach(hand, frame=mount, prefix="hand/")

    site = wrist.add_site(name=TOOL_SITE, pos=tool, quat=mount.quat)
    site.size = [0.005, 0.005, 0.005]
    payload = mujoco.MjSpec.from_file(str(sim_path("payload.xml")))
    held = wrist.add_frame(pos=tool, quat=mount.quat)
    spec.attach(payload, frame=held, prefix="payload/")
    table = mujoco.MjSpec.from_file(str(sim_path("arm_table.xml")))
    spec.attach(table, frame=spec.worldbody.add_frame(), prefix="scene/")

    for body in spec.bodies:
        body.gravcomp = 0.0
    _drop_meshes(spec, visual=config.visual, collision=config.collision)
    _add_hold(spec)
    if config.wall_point is not None:
        _add_wall(spec, wrist, tool, config.wall_point, config.wall_normal)

    model = spec.compile()
    if config.wall_point is None:
        model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CONTACT)
    names = tuple(model.joint(j).name for j in range(model.njnt))
    if names != description.spec.joint_names:
        raise ValueError(f"the model has joints {names}, want {description.spec.joint_names}")
    return model


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


def _drop_meshes(spec: mujoco.MjSpec, *, visual: bool, collision: bool) -> None:
    """Remove what only costs time: visual geoms (group 2) and collision geoms (group 3)."""
    for geom in list(spec.geoms):
        geom.contype, geom.conaffinity = 0, 0
        if (geom.group == 2 and not visual) or (geom.group == 3 and not collision):
            spec.delete(geom)
    used = {geom.meshname for geom in spec.geoms}
    for mesh in list(spec.meshes):
        if mesh.name not in used:
            spec.delete(mesh)


def _add_hold(spec: mujoco.MjSpec) -> None:
    """Something that can take hold of the tool point, switched off at first."""
    holder = spec.worldbody.add_body(name="holder", mocap=True)
    holder.add_site(name="holder", group=4)
    spec.add_equality(
        name=HOLD,
        type=mujoco.mjtEq.mjEQ_CONNECT,
        objtype=mujoco.mjtObj.mjOBJ_SITE,
        name1=TOOL_SITE,
        name2="holder",
        active=False,
    )


def _add_wall(
    spec: mujoco.MjSpec, wrist: mujoco.MjsBody, tool: np.ndarray, point: Vector, normal: Vector
) -> None:
    """A plane, and a ball at the tool centre point that touches it."""
    quat = np.zeros(4)
    mujoco.mju_quatZ2Vec(quat, np.asarray(normal, dtype=float))
    surface = dict(contype=2, conaffinity=2, group=2)
    spec.worldbody.add_geom(
        name="wall",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        pos=point,
        quat=quat,
        size=[0.4, 0.4, 0.01],
        rgba=[0.45, 0.55, 0.70, 0.6],
        **surface,
    )
    wrist.add_geom(
        name="tip",
        type=mujoco.mjtGeom.mjGEOM_SPHERE,
        pos=tool,
        size=[TIP_RADIUS, 0.0, 0.0],
        mass=0.0,
        **surface,
    )


def _quat_wxyz(rotation: np.ndarray) -> np.ndarray:
    quat = np.zeros(4)
    mujoco.mju_mat2Quat(quat, np.asarray(rotation, dtype=float).reshape(-1))
    return quat
