"""How near the arm comes to itself, the table and fixtures, measured between collision hulls."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from robot_meta.robots.description import ArmDescription
from robot_meta.robots.fixture import Fixture
from robot_meta.twin.scenes import TOOL_BODY, SceneConfig, build_arm_model
from robot_meta.twin.surroundings import FIXTURE, ROD
from robot_meta.types import Array

# Bodies that can meet. Every other pair is joined directly, or is kept apart by the joint limits
# (a test measures that), or like links 5 and 7 always stands a finger's breadth apart.
_BASE = ("fr3_link0", "fr3_link1", "fr3_link2")
_WRIST = (
    "fr3_link5",
    "fr3_link6",
    "fr3_link7",
    TOOL_BODY,
    "hand/left_finger",
    "hand/right_finger",
)
COLLISION_PAIRS = (*((a, b) for a in _BASE for b in _WRIST), ("fr3_link5", TOOL_BODY))
_ABOVE_TABLE = ("fr3_link3", "fr3_link4", *_WRIST)
_MOVING = ("fr3_link1", "fr3_link2", *_ABOVE_TABLE)
_TOUCHING = frozenset(_WRIST[2:])  # the parts that a touchable fixture is there for


class SelfCollision:
    """Smallest distance between parts of the arm, and from the arm to what stands around it.

    The hulls are convex and the table reaches everywhere, so the distance is never too large.
    Instances hold working memory: one per thread.

    Args:
        description: The arm.
        fixtures: What stands around it besides the table.
        rod: Radius of a rod from flange to tool point that counts as a part, [m]; 0 for none.
        cap: Distances beyond this are reported as this, [m].
    """

    def __init__(
        self,
        description: ArmDescription,
        fixtures: Sequence[Fixture] = (),
        *,
        rod: float = 0.0,
        cap: float = 0.1,
    ) -> None:
        if not cap > 0.0:
            raise ValueError(f"cap must be > 0, got {cap}")
        self.cap = cap
        scene = SceneConfig(collision=True, fixtures=tuple(fixtures), rod=rod)
        self._model = build_arm_model(description, scene)
        self._data = mujoco.MjData(self._model)
        geom = {name: self._mesh_of(name) for name in (_BASE[0], *_MOVING)}
        tool = [ROD] if rod > 0.0 else []
        geom |= {name: self._model.geom(name).id for name in tool}
        self._pairs = [*COLLISION_PAIRS, *((part, name) for part in _BASE for name in tool)]
        for fixture in fixtures:
            name = FIXTURE + fixture.name
            geom[name] = self._model.geom(name).id
            self._pairs += [
                (part, name)
                for part in (*_MOVING, *tool)
                if not (fixture.touchable and part in _TOUCHING | {ROD})
            ]
        self._first = np.array([geom[a] for a, _ in self._pairs])
        self._second = np.array([geom[b] for _, b in self._pairs])
        radius = self._model.geom_rbound
        self._reach = radius[self._first] + radius[self._second]
        self._above = [
            (name, geom[name], *self._vertices(geom[name])) for name in (*_ABOVE_TABLE, *tool)
        ]

    def __call__(self, position: Array, table_height: float | None = None) -> float:
        """Smallest distance over all postures `position` (n, J) or (J,), at most `cap`, [m].

        Args:
            position: The postures, [rad].
            table_height: Of the table in the base frame, [m]; None for no table.
        """
        least = self.cap
        for posture in np.atleast_2d(position):
            least, _ = self._nearest(posture, table_height, least)
        return least

    def nearest(
        self, position: Array, table_height: float | None = None
    ) -> tuple[float, tuple[str, str] | None]:
        """Distance of one posture (J,), [m], and what is that near; None beyond `cap`."""
        return self._nearest(np.asarray(position, dtype=float), table_height, self.cap)

    def _nearest(
        self, posture: Array, table_height: float | None, least: float
    ) -> tuple[float, tuple[str, str] | None]:
        model, data, parts = self._model, self._data, None
        data.qpos[:] = posture
        mujoco.mj_kinematics(model, data)
        center = data.geom_xpos
        apart = center[self._first] - center[self._second]
        bound = np.sqrt(np.einsum("ij,ij->i", apart, apart)) - self._reach  # of the spheres
        for pair in np.argsort(bound):
            if bound[pair] >= least:
                break
            first, second = int(self._first[pair]), int(self._second[pair])
            distance = mujoco.mj_geomDistance(model, data, first, second, least, None)
            if distance < least:
                least, parts = distance, self._pairs[pair]
        if table_height is not None:
            for name, geom, vertices, around in self._above:
                height = center[geom, 2] - around - table_height
                if height - model.geom_rbound[geom] < least:
                    lowest = float(height + (vertices @ data.geom_xmat[geom, 6:]).min())
                    if lowest < least:
                        least, parts = lowest, (name, "table")
        return float(least), parts

    def _mesh_of(self, body: str) -> int:
        """The collision mesh of a body."""
        model, number = self._model, self._model.body(body).id
        (found,) = (
            geom
            for geom in range(model.ngeom)
            if model.geom_bodyid[geom] == number
            and model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_MESH
        )
        return int(found)

    def _vertices(self, geom: int) -> tuple[Array, float]:
        """Points (n, 3) [m] whose hull the geom is, and how far it reaches around that, [m]."""
        model = self._model
        if model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_CAPSULE:
            radius, half = model.geom_size[geom, :2]
            return np.array([[0.0, 0.0, -half], [0.0, 0.0, half]]), float(radius)
        mesh = model.geom_dataid[geom]
        start = model.mesh_vertadr[mesh]
        points = model.mesh_vert[start : start + model.mesh_vertnum[mesh]]
        return np.array(points, dtype=float), 0.0
