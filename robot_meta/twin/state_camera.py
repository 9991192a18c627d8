"""Pictures of recorded states: what a camera would have seen."""

from __future__ import annotations

from robot_meta.perception.camera import CameraConfig, Color
from robot_meta.perception.frames import TOOL, load_frames
from robot_meta.resources import resource
from robot_meta.robots.closing import Closing
from robot_meta.robots.description import ArmDescription
from robot_meta.twin.camera import TwinCamera, TwinCameraConfig
from robot_meta.twin.desk.layout import DeskLayout
from robot_meta.twin.posture import Posture
from robot_meta.twin.scenes import SceneConfig
from robot_meta.types import Array

DESK_FRAMES, FRAMES = "config/desk_frames.yaml", "config/frames.yaml"


class StateCamera(Closing):
    """A camera of the twin, for one state after the other; made, used and closed in one thread.

    Args:
        description: The arm.
        name: "camera" for the fixed one, "wrist_camera" for the one on the hand.
        width: Of the pictures, [px].
        height: Of the pictures, [px].
        desk: Whether the states have a desk.

    Raises:
        NotConnected: This machine cannot draw.
    """

    def __init__(
        self, description: ArmDescription, name: str, width: int, height: int, *, desk: bool = True
    ) -> None:
        frames = load_frames(resource(DESK_FRAMES if desk else FRAMES))
        carrier, mount = frames.place(f"{name}_color_optical_frame")
        self._joints = description.spec.num_joints
        self._posture: Posture | None = None
        self._camera = TwinCamera(
            description,
            CameraConfig(width=width, height=height, depth=False),
            TwinCameraConfig(),
            mount=mount,
            on_tool=carrier == TOOL,
            scene=SceneConfig(desk=desk),
            wait=lambda due, timeout: self._posture,
        )

    def lay_out(self, layout: DeskLayout) -> None:
        """Look at this desk from now on."""
        self._camera.lay_out(layout)

    def picture(self, position: Array, scene: Array | None = None) -> Color:
        """What it sees of joints (J,), [rad], and a desk (1 + D,), entries as in `SCENE`."""
        self._posture = Posture(stamp=0.0, position=position, scene=scene)
        return self._camera.grab().color

    def close(self) -> None:
        """Let go of what draws; safe to call twice."""
        self._camera.close()
