"""The robot live in the browser, in a process of its own so that drawing never delays control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import viser
from rclpy.node import Node

from robot_meta.nodes.backends import SCENES
from robot_meta.nodes.legged_topics import LeggedTopics
from robot_meta.nodes.legged_view_topics import LeggedViewTopics
from robot_meta.nodes.params import declare_config, refuse_unknown
from robot_meta.nodes.run import run
from robot_meta.nodes.view_topics import ViewTopics
from robot_meta.robots.description import arm_description, kind_of, legged_description
from robot_meta.twin.browser import BrowserView
from robot_meta.twin.legged.view import LeggedView
from robot_meta.twin.scenes import SceneConfig
from robot_meta.twin.view import LiveView


@dataclass(frozen=True, kw_only=True)
class ViewConfig:
    """What is shown, and where.

    Attributes:
        robot: Robot type.
        scene: "table", or "desk" where the twin has one.
        desk_seed: Which of all desks, -1 for the nominal one.
        port: Of the web page on this machine.
    """

    robot: str = "fr3"
    scene: Literal["table", "desk"] = "table"
    desk_seed: int = -1
    port: int = 8080

    def __post_init__(self) -> None:
        if self.scene not in SCENES:
            raise ValueError(f"scene must be one of {list(SCENES)}, got '{self.scene}'")


class ViewNode(Node):
    """Shows what the topics say; which ones, stands in `ViewTopics` and `LeggedViewTopics`."""

    def __init__(self) -> None:
        super().__init__("view")
        config = declare_config(self, ViewConfig())
        refuse_unknown(self)
        self._view = VIEWS[kind_of(config.robot)](self, config)
        self.get_logger().info(f"open {self._view.url}")

    def close(self) -> None:
        """End the web page."""
        self._view.close()


def _show_arm(
    node: Node, config: ViewConfig, server: viser.ViserServer | None = None
) -> BrowserView[Any]:
    description = arm_description(config.robot)
    scene = SceneConfig(desk=config.scene == "desk", layout_seed=config.desk_seed)
    view = LiveView(description, scene, port=config.port, server=server)
    ViewTopics(node, view, description, desk=scene.desk)
    return view


def _show_legs(
    node: Node, config: ViewConfig, server: viser.ViserServer | None = None
) -> BrowserView[Any]:
    description = legged_description(config.robot)
    view = LeggedView(description, port=config.port, server=server)
    LeggedViewTopics(node, view, LeggedTopics(description.spec))
    return view


VIEWS = {"arm": _show_arm, "legs": _show_legs}
"""What shows a robot, by its kind; with a server of its own where none is given."""


def main() -> int:
    """Run the node."""
    return run("view", ViewNode)
