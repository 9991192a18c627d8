"""Any source of poses: a VR controller, a leader arm, a browser page."""

from __future__ import annotations

import numpy as np

from robot_meta.perception.poses import Pose
from robot_meta.teleoperation.device import Reading


class PoseSource:
    """Remembers what a source of poses said last; its clutch must be repeated, or it is open.

    Args:
        max_silence: A clutch that is not repeated for so long is open, [s].
    """

    def __init__(self, max_silence: float = 0.1) -> None:
        if not max_silence > 0.0:
            raise ValueError(f"max_silence must be > 0, got {max_silence}")
        self._max_silence = max_silence
        self._hand: Pose | None = None
        self._hand_at = self._clutch_at = -np.inf
        self._closed = False
        self._width: float | None = None

    def take_hand(self, hand: Pose, now: float) -> None:
        """The hand is there."""
        self._hand, self._hand_at = hand, now

    def take_clutch(self, closed: bool, now: float) -> None:
        """Word of the clutch; where the hand was long before it closed does not count."""
        if closed and not self._is_closed(now) and now - self._hand_at > self._max_silence:
            self._hand = None
        self._closed, self._clutch_at = closed, now

    def take_width(self, width: float) -> None:
        """How far the fingers shall be open, [m]."""
        self._width = width

    def read(self, now: float) -> Reading:
        """The newest; engaged as long as the clutch is repeated."""
        engaged = self._is_closed(now) and self._hand is not None
        return Reading(engaged=engaged, hand=self._hand, width=self._width)

    def close(self) -> None:
        """Nothing to let go of."""

    def _is_closed(self, now: float) -> bool:
        return self._closed and now - self._clutch_at <= self._max_silence
