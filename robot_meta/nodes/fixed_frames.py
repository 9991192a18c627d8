"""What is fixed where, as the nodes believe it: a file, and the desk's own camera."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from robot_meta.collection.decoding import BASE_FRAME
from robot_meta.errors import BadConfig
from robot_meta.nodes.backends import SCENES
from robot_meta.perception.frames import FrameTree, load_frames
from robot_meta.resources import resource
from robot_meta.twin.desk.layout import desk_eye, desk_layout

FRAMES = "config/frames.yaml"
FIXED_CAMERA = "camera_color_optical_frame"


@dataclass(frozen=True, kw_only=True)
class FixedFramesConfig:
    """Where the transforms come from.

    Attributes:
        frames_file: What is fixed where, YAML; empty for the shipped config/frames.yaml.
        scene: "desk" where the pictures are of the twin's desk, whose fixed camera is where its
            layout has it, whatever the file says; else "table".
        desk_seed: Which of all desks, -1 for the nominal one.
    """

    frames_file: str = ""
    scene: Literal["table", "desk"] = "table"
    desk_seed: int = -1

    def __post_init__(self) -> None:
        if self.scene not in SCENES:
            raise ValueError(f"scene must be one of {list(SCENES)}, got '{self.scene}'")

    def tree(self) -> FrameTree:
        """The tree of frames; its root is the robot's base.

        Raises:
            BadConfig: The file says something that cannot be.
        """
        path = Path(self.frames_file) if self.frames_file else resource(FRAMES)
        tree = load_frames(path)
        if tree.root != BASE_FRAME:
            raise BadConfig(f"{path}: root must be '{BASE_FRAME}', got '{tree.root}'")
        if self.scene == "desk" and FIXED_CAMERA in {t.child for t in tree.transforms}:
            tree = tree.moved(FIXED_CAMERA, BASE_FRAME, desk_eye(desk_layout(self.desk_seed)))
        return tree
