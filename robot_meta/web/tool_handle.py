"""The tool's handle in the 3-D view: arrows and rings that a person drags."""

from __future__ import annotations

import time

import numpy as np
import viser

from robot_meta.kinematics import quat_xyzw_from_rotation, rotation_from_quat_wxyz
from robot_meta.perception.poses import Pose
from robot_meta.types import Array
from robot_meta.web.hand import Hand
from robot_meta.web.private_viser import visitor

_SIZE = 0.18  # of the arrows, [m]
_STILL = 5e-4  # motion that is not shown, [m]


class ToolHandle:
    """Stands where the tool is, until it is dragged; then the hand goes where it is dragged to.

    Args:
        server: Shows it; a private one, or it would not know who drags.
        hand: What it moves.
    """

    def __init__(self, server: viser.ViserServer, hand: Hand) -> None:
        self._hand = hand
        self._handle = server.scene.add_transform_controls(
            "/hand", scale=_SIZE, depth_test=False, visible=False
        )
        self._handle.on_update(self._on_update)
        self._placed: Array | None = None

    def show(self, shown: bool) -> None:
        """Whether there is anybody to follow it."""
        if self._handle.visible != shown:
            self._handle.visible = shown

    def place(self, pose: Pose) -> None:
        """Put it there, base frame; where it is there already nobody is told."""
        if self._placed is not None and np.allclose(self._placed, pose.position, atol=_STILL):
            return
        self._placed = pose.position
        x, y, z, w = quat_xyzw_from_rotation(pose.rotation)
        self._handle.position, self._handle.wxyz = pose.position, (w, x, y, z)

    # Asynchronous, so that the phases of a gesture come in order and know their visitor.
    async def _on_update(self, event: viser.TransformControlsEvent) -> None:
        now, who = time.monotonic(), visitor.get()
        self._placed = None
        pose = Pose(
            position=self._handle.position.copy(),
            rotation=rotation_from_quat_wxyz(self._handle.wxyz),
        )
        if event.phase == "start":
            self._hand.grab(who, pose, now)
        elif event.phase == "update":
            self._hand.drag(who, pose, now)
        else:
            self._hand.release(who)
