"""Paths of a walking robot from where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from rclpy.node import Node

from robot_meta.legged_types import PosePath
from robot_meta.nodes.params import declare_config
from robot_meta.nodes.task import TaskConfig
from robot_meta.planning import pose_paths
from robot_meta.types import Array


@dataclass(frozen=True, kw_only=True)
class LeggedTaskConfig(TaskConfig):
    """Which path, seen from where the robot stands when it is told of it.

    Attributes:
        path: "hold" (stay there), "pose" (walk to `goal`), "line", "square" or "figure_eight".
        goal: Of "pose": ahead and to the left, [m], and how far turned, [rad].
        speed: Along the path, [m/s].
        duration: Of "line", "square" and "figure_eight", [s].
        radius: Of the circles of "figure_eight", [m].
        side: Of "square", [m].
        corner: Of "square": radius of its corners, [m].
    """

    path: Literal["hold", "pose", "line", "square", "figure_eight"] = "square"
    goal: tuple[float, float, float] = (1.0, 0.0, 0.0)
    speed: float = 0.2
    duration: float = 60.0
    radius: float = 1.2
    side: float = 2.4
    corner: float = 0.8

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.path not in _PATHS:
            raise ValueError(f"path must be one of {sorted(_PATHS)}, got '{self.path}'")


class LeggedTask:
    """See `Task`.

    Args:
        node: Whose parameters describe it.
    """

    def __init__(self, node: Node) -> None:
        self.config = declare_config(node, LeggedTaskConfig())
        self.path = self.config.path
        self._from_here = _PATHS[self.config.path](self.config)

    def target(self, msg: Any, start: float) -> PosePath:
        """See `Task`: laid from the pose that odometry tells."""
        return pose_paths.placed(self._from_here, _pose_of(msg), start=start)


def _pose_of(odometry: Any) -> Array:
    place, turn = odometry.pose.pose.position, odometry.pose.pose.orientation
    pose = np.array([place.x, place.y, 2.0 * np.arctan2(turn.z, turn.w)])
    if not np.isfinite(pose).all():
        raise ValueError(f"want odometry that tells where the robot is, got {pose}")
    return pose


_PATHS = {
    "hold": lambda c: pose_paths.straight(np.zeros(3), speed=c.speed),
    "pose": lambda c: pose_paths.straight(np.array(c.goal), speed=c.speed),
    "line": lambda c: pose_paths.line(speed=c.speed, duration=c.duration),
    "square": lambda c: pose_paths.square(
        speed=c.speed, duration=c.duration, side=c.side, corner=c.corner
    ),
    "figure_eight": lambda c: pose_paths.figure_eight(
        speed=c.speed, duration=c.duration, radius=c.radius
    ),
}
