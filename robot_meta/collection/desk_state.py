"""The state that play records, with a desk and without: one order of entries, whoever plays."""

from __future__ import annotations

from typing import Any

import numpy as np

from robot_meta.joint_order import by_joint
from robot_meta.twin.desk.state import JOINTS, SCENE, STATE
from robot_meta.types import Array

SCENE_JOINTS = ("fingers", *JOINTS, "lamp")
"""Names on the topic of the scene's joints; in the order of the entries of `SCENE`."""


NO_SCENE = np.zeros(0)


def state_names(joints: int, *, scene: bool = True) -> list[str]:
    """Names of the entries of a recorded state, (S,)."""
    own = [f"{kind}{i + 1}" for kind in ("q", "dq") for i in range(joints)]
    return [*own, "tool_x", "tool_y", "tool_z", *(SCENE if scene else ())]


def recorded_state(
    position: Array, velocity: Array, tool: Array, scene: Array = NO_SCENE
) -> Array:
    """The state of a period, (S,): joints (J,) twice, tool (3,), scene as in `SCENE`."""
    return np.concatenate([position, velocity, tool, scene])


def desk_states(state: Array) -> Array:
    """The part (..., D) of recorded states (..., S) that `predicates` judge."""
    return state[..., -len(STATE) :]


def scene_from(joints: Any, objects: Any) -> Array:
    """The scene, (1 + D,), from `scene/joint_states` and `scene/object_poses`.

    Raises:
        MissingJoint: A joint is absent.
        ValueError: The number of objects is another one.
    """
    values = by_joint(joints.name, joints.position, SCENE_JOINTS, "position")
    wanted = (len(SCENE) - len(SCENE_JOINTS)) // 7
    if len(objects.poses) != wanted:
        raise ValueError(f"want {wanted} poses of objects, got {len(objects.poses)}")
    poses = []
    for pose in objects.poses:
        point, turn = pose.position, pose.orientation
        poses += [point.x, point.y, point.z, turn.w, turn.x, turn.y, turn.z]
    return np.concatenate([values, poses])
