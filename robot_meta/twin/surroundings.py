"""What is added to the model of the arm: fixtures and a wall to run into, a load, a long tool."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from robot_meta.robots.cell import KnownLoad
from robot_meta.robots.fixture import Fixture, Vector
from robot_meta.types import Array

HOLD = "hold"
TIP_RADIUS = 0.01  # of the ball at the tool centre point that touches the wall, [m]
FIXTURE = "fixture/"  # before the name of each
LOAD, ROD = "load", "rod"
_MEETS = 4  # contact bit: fixtures offer it, the hulls of the arm take it; nothing else has it
_SMALL = 1e-3  # radius of gyration of a load whose inertia is not known, [m]


def add_fixtures(spec: mujoco.MjSpec, fixtures: Sequence[Fixture]) -> None:
    """Put boxes into the world that the collision hulls of the arm, and only they, run into."""
    for fixture in fixtures:
        quat = np.zeros(4)
        mujoco.mju_euler2Quat(quat, np.array(fixture.rotation), "XYZ")
        spec.worldbody.add_geom(
            name=FIXTURE + fixture.name,
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=fixture.position,
            quat=quat,
            size=[0.5 * edge for edge in fixture.size],
            rgba=[0.62, 0.50, 0.40, 1.0],
            group=2,
            contype=_MEETS,
            conaffinity=0,
        )
    if fixtures:
        for geom in spec.geoms:
            if geom.group == 3:
                geom.conaffinity |= _MEETS


def add_rod(wrist: mujoco.MjsBody, flange: Array, tool: Array, radius: float) -> None:
    """A rod without mass from the flange to the tool point (3,), both in the frame of `wrist`."""
    wrist.add_geom(
        name=ROD,
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=[*flange, *tool],
        size=[radius, 0.0, 0.0],
        mass=0.0,
        group=3,
        contype=0,
        conaffinity=0,
    )


def add_load(wrist: mujoco.MjsBody, flange: Array, load: KnownLoad) -> None:
    """What the arm carries all the time and its law knows of, fixed at `flange` (3,) on `wrist`.

    The flange's axes are those of the last joint.
    """
    body = wrist.add_body(name=LOAD, pos=flange)
    body.mass, body.ipos = load.mass, load.center
    matrix = np.reshape(load.inertia, (3, 3))
    matrix = matrix if matrix.any() else load.mass * _SMALL**2 * np.eye(3)
    body.fullinertia = [*np.diag(matrix), matrix[0, 1], matrix[0, 2], matrix[1, 2]]
    body.explicitinertial = True


def add_hold(spec: mujoco.MjSpec, tool_site: str) -> None:
    """Something that can take hold of the site `tool_site`, switched off at first."""
    holder = spec.worldbody.add_body(name="holder", mocap=True)
    holder.add_site(name="holder", group=4)
    spec.add_equality(
        name=HOLD,
        type=mujoco.mjtEq.mjEQ_CONNECT,
        objtype=mujoco.mjtObj.mjOBJ_SITE,
        name1=tool_site,
        name2="holder",
        active=False,
    )


def add_wall(
    spec: mujoco.MjSpec, wrist: mujoco.MjsBody, tool: Array, point: Vector, normal: Vector
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
