"""Any source of poses: a VR controller, a leader arm, a browser page."""

from __future__ import annotations

import numpy as np

from robot_meta.perception.poses import Pose
from robot_meta.teleoperation.device import MAX_GAP, MAX_SILENCE, Reading, check_gaps


class PoseSource:
    """Remembers what a source of poses said last; hand and clutch must both be repeated.

    Args:
        max_silence: A clutch or a hand that is not repeated for so long has let go, [s].
        max_gap: What is not repeated for so long rests until it is, [s].
    """

    def __init__(self, max_silence: float = MAX_SILENCE, max_gap: float = MAX_GAP) -> None:
        check_gaps(max_gap, max_silence)
        self._max_silence, self._max_gap = max_silence, max_gap
        self._hand: Pose | None = None
        self._hand_at = self._clutch_at = -np.inf
        self._closed = False
        self._width: float | None = None
        self._grip: float | None = None

    def take_hand(self, hand: Pose, now: float) -> None:
        """The hand is there."""
        self._hand, self._hand_at = hand, now

    def take_clutch(self, closed: bool, now: float) -> None:
        """Word of the clutch."""
        self._closed, self._clutch_at = closed, now

    def take_width(self, width: float) -> None:
        """How far the person's fingers are open, [m]."""
        self._width = width

    def take_grip(self, width: float) -> None:
        """How far the robot's fingers shall be open from now on, [m]."""
        self._grip = width

    def read(self, now: float) -> Reading:
        """The newest; engaged as long as hand and clutch are repeated."""
        silence = now - min(self._hand_at, self._clutch_at)
        grip, self._grip = self._grip, None
        return Reading(
            engaged=self._closed and silence <= self._max_silence,
            silent=silence > self._max_gap,
            hand=self._hand,
            width=self._width,
            grip=grip,
        )

    def close(self) -> None:
        """Nothing to let go of."""
