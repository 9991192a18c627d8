"""What the tool should do: a path, published once and latched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from nav_msgs.msg import Path
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from robot_meta.collection.decoding import stamp_from
from robot_meta.nodes import messages, qos
from robot_meta.nodes.params import declare_config, refuse_unknown
from robot_meta.nodes.run import run
from robot_meta.planning import paths
from robot_meta.robots.cell import arm_in_cell, read_cell
from robot_meta.types import Array, TargetPath

Vector = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class TaskConfig:
    """Which path, where and when.

    Attributes:
        robot: Robot type; the path is laid around its home tool position.
        cell: File that says where the tool point is; empty for that of the robot type.
        path: "hold" (stay at home), "pose" (go to `goal`) or "figure_eight".
        goal: Of "pose": the tool point, base frame, [m].
        speed: Of "pose": the highest, [m/s].
        center_offset: Of "figure_eight": its crossing point, seen from the home tool point, [m].
        wide: Of "figure_eight": half the extent of the whole, base frame, [m].
        tall: Of "figure_eight": half the extent of each loop, base frame, [m].
        period: Of "figure_eight": time of one eight, [s].
        duration: Of "figure_eight": from rest to rest, [s].
        ramp: Of "figure_eight": time to speed up and to slow down, [s].
        start: When the path begins, counted from the moment the robot follows commands, [s].
        wait_until_running: False counts from the first joint state that is heard instead.
    """

    robot: str = "fr3"
    cell: str = ""
    path: Literal["hold", "pose", "figure_eight"] = "figure_eight"
    goal: Vector = (0.45, 0.0, 0.45)
    speed: float = 0.1
    center_offset: Vector = (0.0, 0.0, 0.0)
    wide: Vector = (0.0, 0.15, 0.0)
    tall: Vector = (0.0, 0.0, 0.07)
    period: float = 6.0
    duration: float = 24.0
    ramp: float = 1.0
    start: float = 1.0
    wait_until_running: bool = True

    def __post_init__(self) -> None:
        if self.path not in _PATHS:
            raise ValueError(f"path must be one of {sorted(_PATHS)}, got '{self.path}'")
        if not self.start >= 0.0:
            raise ValueError(f"start must be >= 0, got {self.start}")


def target_path(config: TaskConfig, home: Array, origin: float) -> TargetPath:
    """The path that `config` describes.

    Args:
        config: Which path.
        home: Home tool point, base frame, (3,), [m].
        origin: Stamp that `config.start` counts from, [s].
    """
    return _PATHS[config.path](config, home, origin + config.start)


class TaskNode(Node):
    """Publishes the target once it knows the robot's time and that the robot is armed.

    Subscribes: joint_states (sensor_msgs/JointState) and state (std_msgs/String), until then.
    Publishes: target (nav_msgs/Path, latched).
    """

    def __init__(self) -> None:
        super().__init__("task")
        self._config = declare_config(self, TaskConfig())
        refuse_unknown(self)
        description = arm_in_cell(self._config.robot, read_cell(self._config.cell))
        self._home = description.chain.tool_position_in_base(description.spec.home)
        target_path(self._config, self._home, 0.0)  # a path that cannot be is an error at start
        self._target = self.create_publisher(Path, "target", qos.latched())
        self._stamp: float | None = None
        self._running = not self._config.wait_until_running
        self._inputs: list[Any] = [
            self.create_subscription(
                JointState, "joint_states", self._on_joint_state, qos.external()
            ),
            self.create_subscription(String, "state", self._on_state, qos.latched()),
        ]

    def _on_joint_state(self, msg: JointState) -> None:
        self._stamp = stamp_from(msg.header.stamp)
        self._publish_when_ready()

    def _on_state(self, msg: String) -> None:
        self._running = self._running or msg.data.startswith("RUNNING")
        self._publish_when_ready()

    def _publish_when_ready(self) -> None:
        if self._stamp is None or not self._running or not self._inputs:
            return
        target = target_path(self._config, self._home, self._stamp)
        self._target.publish(messages.target_msg(target))
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        self._inputs = []
        self.get_logger().info(
            f"target '{self._config.path}' from {target.stamp[0]:.2f} s to "
            f"{target.stamp[-1]:.2f} s of robot time"
        )


def _hold(config: TaskConfig, home: Array, start: float) -> TargetPath:
    return paths.hold(home, start=start)


def _pose(config: TaskConfig, home: Array, start: float) -> TargetPath:
    return paths.straight(home, np.array(config.goal), speed=config.speed, start=start)


def _figure_eight(config: TaskConfig, home: Array, start: float) -> TargetPath:
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


def main() -> int:
    """Run the node."""
    return run("task", TaskNode)
