"""Where the hand of a person at the page is: pushed by buttons, or dragged in the 3-D view."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from robot_meta.perception.poses import Pose
from robot_meta.types import Array
from robot_meta.web.clutch import Clutch


@dataclass(frozen=True, kw_only=True)
class HandConfig:
    """How the hand moves.

    Attributes:
        timeout: Longest silence of a page whose button is pressed, [s]; then it was let go.
        gap: After so much of it nobody is told that the hand is down, so that the tool rests, [s].
        speed: Of the hand while a button is pressed, [m/s].
        turn: The same for turning, [rad/s].
        lead: The hand gets this far ahead of the tool at most, [m].
    """

    timeout: float = 0.1
    gap: float = 0.05
    speed: float = 0.1
    turn: float = 0.5
    lead: float = 0.05

    def __post_init__(self) -> None:
        for name in ("timeout", "gap", "speed", "turn", "lead"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)}")


class Hand:
    """One hand for all pages; who presses first has it until the hand is up.

    Args:
        config: How it moves.
    """

    def __init__(self, config: HandConfig) -> None:
        self._config = config
        self._clutch = Clutch(config.timeout)
        self._lock = threading.Lock()
        self._pose: Pose | None = None
        self._push: Array | None = None  # None while the hand is dragged

    def push(self, visitor: str, direction: Array, now: float) -> bool:
        """A button comes down; whether the hand is the visitor's.

        Args:
            visitor: Who presses.
            direction: Of the motion and of the axis of turning, base frame, (6,), each in
                [-1, 1] of the configured speeds.
            now: Steady clock, [s].
        """
        if direction.shape != (6,) or not (np.abs(direction) <= 1.0).all():
            raise ValueError(f"want 6 directions in [-1, 1], got {direction.tolist()}")
        return self._press(visitor, direction, None, now)

    def grab(self, visitor: str, pose: Pose, now: float) -> bool:
        """The handle in the 3-D view is grabbed; whether the hand is the visitor's."""
        return self._press(visitor, None, pose, now)

    def drag(self, visitor: str, pose: Pose, now: float) -> None:
        """The handle has been dragged to `pose`, base frame."""
        with self._lock:
            if self._clutch.holder(now) == visitor and self._push is None:
                self._pose = pose

    def beat(self, visitor: str, now: float) -> bool:
        """The pointer is still down, says the page; whether the hand is still the visitor's."""
        return self._clutch.beat(visitor, now)

    def release(self, visitor: str) -> None:
        """The pointer is up, or the page hidden or gone."""
        self._clutch.release(visitor)

    def holder(self, now: float) -> str:
        """Who has the hand, "" for nobody."""
        return self._clutch.holder(now)

    def waits(self, now: float) -> bool:
        """Whether a hand that is down has been silent for a moment: say nothing of it."""
        return self._clutch.silence(now) > self._config.gap

    def step(self, tool: Pose, dt: float, now: float) -> Pose | None:
        """Where the hand is after `dt` more seconds; None while nobody's is down.

        A hand that is pushed begins where the tool is.
        """
        with self._lock:
            if not self._clutch.holder(now):
                self._pose = None
                return None
            if self._push is not None:
                before = self._pose if self._pose is not None else tool
                self._pose = self._led(self._pushed(before, self._push, dt), tool)
            assert self._pose is not None
            return self._led(self._pose, tool)

    def _press(self, visitor: str, direction: Array | None, pose: Pose | None, now: float) -> bool:
        with self._lock:
            if not self._clutch.press(visitor, now):
                return False
            self._push, self._pose = direction, pose
            return True

    def _pushed(self, before: Pose, push: Array, dt: float) -> Pose:
        turn = Rotation.from_rotvec(dt * self._config.turn * push[3:]).as_matrix()
        position = before.position + dt * self._config.speed * push[:3]
        return Pose(position=position, rotation=turn @ before.rotation)

    def _led(self, wanted: Pose, tool: Pose) -> Pose:
        """The wanted pose, no further ahead of the tool than `lead`."""
        ahead = wanted.position - tool.position
        share = min(1.0, self._config.lead / max(float(np.linalg.norm(ahead)), 1e-9))
        return Pose(position=tool.position + share * ahead, rotation=wanted.rotation)
