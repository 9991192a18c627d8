"""The tool's handle in the 3-D view: arrows that a person drags."""

from __future__ import annotations

import time

import numpy as np
import viser

from robot_meta.perception.poses import IDENTITY, Pose
from robot_meta.web.hand import Hand
from robot_meta.web.private_viser import visitor

_SIZE = 0.18  # of the arrows, [m]
_STILL = 5e-4  # motion that is not shown, [m]


class ToolHandle:
    """Stands where the tool is, until it is dragged; then the hand goes where it is dragged to.

    Its arrows are those of the base. It has no rings: one that is seen from its edge turns by a
    right angle at the slightest touch.

    Args:
        server: Shows it; a private one, or it would not know who drags.
        hand: What it moves.
    """

    def __init__(self, server: viser.ViserServer, hand: Hand) -> None:
        self._hand = hand
        self._handle = server.scene.add_transform_controls(
            "/hand", scale=_SIZE, depth_test=False, disable_rotations=True, visible=False
        )
        self._handle.on_update(self._on_update)
        self._tool, self._dragged = IDENTITY, False

    def show(self, shown: bool) -> None:
        """Whether there is anybody to follow it."""
        if self._handle.visible != shown:
            self._handle.visible = shown

    def place(self, tool: Pose) -> None:
        """Put it where the tool is, base frame; where it is there already nobody is told."""
        far = np.abs(self._tool.position - tool.position).max() > _STILL
        if far or self._dragged:
            self._dragged, self._tool = False, tool
            self._handle.position = tool.position

    # Asynchronous, so that the phases of a gesture come in order and know their visitor.
    async def _on_update(self, event: viser.TransformControlsEvent) -> None:
        now, who = time.monotonic(), visitor.get()
        self._dragged = True
        pose = Pose(position=self._handle.position.copy(), rotation=self._tool.rotation)
        if event.phase == "start":
            self._hand.grab(who, pose, now)
        elif event.phase == "update":
            self._hand.drag(who, pose, now)
        else:
            self._hand.release(who)
