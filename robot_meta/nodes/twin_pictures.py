"""Pictures of the twin for the camera node: drawn as its topics say it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rclpy.node import Node

from robot_meta.nodes.params import declare_config
from robot_meta.nodes.posture_topics import NewestPosture, PostureTopics
from robot_meta.perception.camera import Camera, CameraConfig
from robot_meta.perception.frames import TOOL, FrameTree
from robot_meta.perception.tags import card_size, tag_picture
from robot_meta.robots.description import arm_description
from robot_meta.twin.camera import TwinCamera, TwinCameraConfig
from robot_meta.twin.scenes import Poster, SceneConfig

if TYPE_CHECKING:
    from robot_meta.nodes.camera_node import CameraNodeConfig

_POSTER = "tag_"  # a frame of this name and a number is a printed tag that the twin shows


class TwinPictures:
    """Hears how the twin stands, and opens cameras that draw it.

    Args:
        node: Whose parameters and subscriptions they are.
        config: Of the node.
        camera: As for any camera.
        tree: What is fixed where.
    """

    def __init__(
        self, node: Node, config: CameraNodeConfig, camera: CameraConfig, tree: FrameTree
    ) -> None:
        self._optics = declare_config(node, TwinCameraConfig(), "twin.")
        self._config, self._camera, self._tree = config, camera, tree
        self._description = arm_description(config.robot)
        self._newest = NewestPosture()
        names, desk = self._description.spec.joint_names, config.scene == "desk"
        self._scene = SceneConfig(desk=desk, layout_seed=config.desk_seed)
        self._topics = PostureTopics(node, names, self._newest.put, desk=desk)

    def open(self) -> Camera:
        """A camera where the frames say it is, with the printed tags that they name."""
        anchor, mount = self._tree.place(self._config.frame)
        return TwinCamera(
            self._description,
            self._camera,
            self._optics,
            mount=mount,
            on_tool=anchor == TOOL,
            scene=self._scene,
            posters=self._posters(),
            wait=self._newest.wait,
        )

    def end(self) -> None:
        """Let no camera wait any longer."""
        self._newest.end()

    def _posters(self) -> list[Poster]:
        posters = []
        for transform in self._tree.transforms:
            number = transform.child.removeprefix(_POSTER)
            if transform.child.startswith(_POSTER) and number.isdecimal():
                carrier, pose = self._tree.place(transform.child)
                posters.append(
                    Poster(
                        picture=tag_picture(int(number), cell=4),
                        size=card_size(self._config.tag_size),
                        position=pose.position,
                        rotation=pose.rotation,
                        held=carrier == TOOL,
                    )
                )
        return posters
