"""What every device says, whatever it is: is the hand there, where does it want to go."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import numpy as np

from robot_meta.perception.poses import Pose
from robot_meta.types import Array

MAX_GAP = 0.015  # a device that must go on speaking counts as silent after so long, [s]
MAX_SILENCE = 0.1  # and as let go after so long, [s]


def check_gaps(max_gap: float, max_silence: float) -> None:
    """Refuse durations that cannot be."""
    if not 0.0 < max_gap <= max_silence:
        raise ValueError(f"want 0 < max_gap <= max_silence, got {max_gap} and {max_silence} s")


class Button(Enum):
    """What a person asks for once, besides motion; the value says it in words."""

    GRIPPER = "open or close the hand"
    SLOWER = "slower"
    FASTER = "faster"
    RECORD = "start or stop an episode"
    DISCARD = "discard the episode"
    MARK = "mark this moment"
    RESUME = "go on with the newest episode"
    ARM = "arm the robot"
    HOLD = "hold"
    STOP = "software stop"
    RECOVER = "recover"
    HOME = "go home"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a device says now.

    Attributes:
        engaged: Whether the person holds the clutch, or the dead-man; nothing moves without it.
        silent: Whether the device, held last time it spoke, says nothing just now: what it moves
            comes to rest, and goes on only if the device speaks again before it counts as let go.
        velocity: Wanted velocity of the tool in the base frame, linear then angular, as a share of
            full speed, (6,).
        hand: Where the hand is in the base frame; the tool follows its motion since the clutch
            closed. None for a device that says velocities.
        width: Between the person's own fingers, which those of the robot follow, [m]; None where
            the device has only a button.
        grip: Wanted between the fingers from now on, asked for since the reading before, [m].
        buttons: Pressed since the reading before, in order.
    """

    engaged: bool = False
    silent: bool = False
    velocity: Array = field(default_factory=lambda: np.zeros(6))
    hand: Pose | None = None
    width: float | None = None
    grip: float | None = None
    buttons: tuple[Button, ...] = ()


class Device(Protocol):
    """Something that a person holds."""

    def read(self, now: float) -> Reading:
        """The newest, at `now` on a clock that never goes back, [s]; does not block.

        Raises:
            DeviceUnavailable: It is not there any more.
        """

    def close(self) -> None:
        """Let go of it; safe to call twice."""
