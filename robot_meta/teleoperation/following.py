"""Motion of a hand since its clutch closed, as a velocity of the tool."""

from __future__ import annotations

from dataclasses import dataclass

import mink
import numpy as np

from robot_meta.perception.poses import Pose
from robot_meta.types import Array


@dataclass(frozen=True, kw_only=True)
class FollowingConfig:
    """How a tool follows a hand.

    Attributes:
        time: Within which most of a difference is made up for, [s].
        scale: Way of the tool per way of the hand.
        leash: The tool is never further behind the hand than this; the rest is let go, [m].
        turn_leash: The same of its orientation, [rad].
        jump: A hand that is this much further from one reading to the next was not moved but
            lost, [m].
    """

    time: float = 0.1
    scale: float = 1.0
    leash: float = 0.1
    turn_leash: float = 0.5
    jump: float = 0.15

    def __post_init__(self) -> None:
        for name in ("time", "scale", "leash", "turn_leash", "jump"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)}")


class Following:
    """Keeps where hand and tool were when they were coupled; a leash between them.

    Args:
        config: Settings.
        hand: Where the hand is when the clutch closes.
        tool: Where the tool is then.
    """

    def __init__(self, config: FollowingConfig, hand: Pose, tool: Pose) -> None:
        self._config = config
        self._place, self._turned = tool.position, tool.rotation  # where the tool should be
        self._hand = hand

    def jumped(self, hand: Pose) -> bool:
        """Whether the hand cannot have moved there since the last reading."""
        moved = np.linalg.norm(hand.position - self._hand.position)
        turned = np.linalg.norm(_turn(self._hand.rotation, hand.rotation))
        return bool(moved > self._config.jump or turned > 2.0 * self._config.turn_leash)

    def velocity(self, hand: Pose, tool: Pose) -> Array:
        """Velocity of the tool that follows the hand, linear [m/s] then angular [rad/s], (6,)."""
        config = self._config
        self._place = self._place + config.scale * (hand.position - self._hand.position)
        self._turned = hand.rotation @ self._hand.rotation.T @ self._turned
        self._hand = hand
        away = shortened(self._place - tool.position, config.leash)
        turn = shortened(_turn(tool.rotation, self._turned), config.turn_leash)
        self._place = tool.position + away
        self._turned = mink.SO3.exp(turn).as_matrix() @ tool.rotation
        return np.concatenate([away, turn]) / config.time


def _turn(before: Array, after: Array) -> Array:
    """Rotation vector in the base frame from one orientation to another, (3,), [rad]."""
    turn: Array = mink.SO3.from_matrix(after @ before.T).log()
    return turn


def shortened(vector: Array, length: float) -> Array:
    """`vector` (n,), no longer than `length`."""
    shortened: Array = vector * min(1.0, length / max(float(np.linalg.norm(vector)), 1e-12))
    return shortened
