"""Paths of an arm's tool around its home position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from rclpy.node import Node

from robot_meta.nodes.params import declare_config
from robot_meta.nodes.task import TaskConfig
from robot_meta.planning import paths
from robot_meta.robots.cell import arm_in_cell, read_cell
from robot_meta.types import Array, TargetPath

Vector = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class ArmTaskConfig(TaskConfig):
    """Which path, laid around the home tool position.

    Attributes:
        path: "hold" (stay at home), "pose" (go to `goal`) or "figure_eight".
        goal: Of "pose": the tool point, base frame, [m].
        speed: Of "pose": the highest, [m/s].
        center_offset: Of "figure_eight": its crossing point, seen from the home tool point, [m].
        wide: Of "figure_eight": half the extent of the whole, base frame, [m].
        tall: Of "figure_eight": half the extent of each loop, base frame, [m].
        period: Of "figure_eight": time of one eight, [s].
        duration: Of "figure_eight": from rest to rest, [s].
        ramp: Of "figure_eight": time to speed up and to slow down, [s].
    """

    path: Literal["hold", "pose", "figure_eight"] = "figure_eight"
    goal: Vector = (0.45, 0.0, 0.45)
    speed: float = 0.1
    center_offset: Vector = (0.0, 0.0, 0.0)
    wide: Vector = (0.0, 0.15, 0.0)
    tall: Vector = (0.0, 0.0, 0.07)
    period: float = 6.0
    duration: float = 24.0
    ramp: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.path not in _PATHS:
            raise ValueError(f"path must be one of {sorted(_PATHS)}, got '{self.path}'")


def target_path(config: ArmTaskConfig, home: Array, start: float) -> TargetPath:
    """The path that `config` describes.

    Args:
        config: Which path.
        home: Home tool point, base frame, (3,), [m].
        start: Stamp at which it begins, [s].
    """
    return _PATHS[config.path](config, home, start)


class ArmTask:
    """See `Task`.

    Args:
        node: Whose parameters describe it.
    """

    def __init__(self, node: Node) -> None:
        self.config = declare_config(node, ArmTaskConfig())
        self.path = self.config.path
        description = arm_in_cell(self.config.robot, read_cell(self.config.cell))
        self._home = description.chain.tool_position_in_base(description.spec.home)
        target_path(self.config, self._home, 0.0)  # a path that cannot be is an error at start

    def target(self, msg: Any, start: float) -> TargetPath:
        """See `Task`; where the arm is does not matter."""
        return target_path(self.config, self._home, start)


def _hold(config: ArmTaskConfig, home: Array, start: float) -> TargetPath:
    return paths.hold(home, start=start)


def _pose(config: ArmTaskConfig, home: Array, start: float) -> TargetPath:
    return paths.straight(home, np.array(config.goal), speed=config.speed, start=start)


def _figure_eight(config: ArmTaskConfig, home: Array, start: float) -> TargetPath:
    return paths.figure_eight(
        home + np.array(config.center_offset),
        wide=config.wide,
        tall=config.tall,
        period=config.period,
        duration=config.duration,
        ramp=config.ramp,
        start=start,
    )


_PATHS = {"hold": _hold, "pose": _pose, "figure_eight": _figure_eight}
