"""What a robot node has besides its arm: the hand at its end and the scene around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node

from robot_meta.nodes.backends import BACKENDS, Settings
from robot_meta.nodes.gripper_topics import GripperTopics
from robot_meta.nodes.scene_topics import SceneTopics
from robot_meta.robots.cell import FRANKA_HAND
from robot_meta.robots.gripper import Gripper, SimulatedGripper


class CellTopics:
    """Topics of the hand, where the cell has one, and of the scene, where the twin has a desk.

    Args:
        node: Whose topics they are.
        settings: Of the robot node.
        driver: Of the robot; a twin can do more than a `Robot`.
        gripper: The hand, if there is one.
        refusal: Why nothing may move now, or "".
    """

    def __init__(
        self,
        node: Node,
        settings: Settings,
        driver: Any,
        gripper: Gripper | None,
        refusal: Callable[[], str],
    ) -> None:
        if gripper is not None:
            GripperTopics(node, gripper, refusal)
        self._scene: SceneTopics | None = None
        if settings.twin is not None and settings.twin.scene.desk:
            self._scene = SceneTopics(node, driver.scene, driver.spec.control_dt)

    def publish(self, stamp: float) -> None:
        """Send out the scene as of `stamp` [s]; the hand keeps its own time."""
        if self._scene is not None:
            self._scene.publish(stamp)


def find_gripper(settings: Settings, robot: Any) -> Gripper | None:
    """The hand of `robot`, simulated where the arm is; None where the cell has none."""
    if BACKENDS[settings.node.backend].simulated:
        if settings.cell.gripper != FRANKA_HAND:
            return None
        fingers: Gripper | None = getattr(robot, "fingers", None)  # those that physics moves
        return fingers or SimulatedGripper(lambda: float(robot.time))
    has_one = settings.node.backend == "franka" and settings.franka.gripper
    return robot.gripper if has_one else None
