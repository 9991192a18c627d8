"""What every device says, whatever it is: is the hand there, where does it want to go."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import numpy as np

from robot_meta.perception.poses import Pose
from robot_meta.types import Array


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
        velocity: Wanted velocity of the tool in the base frame, linear then angular, as a share of
            full speed, (6,).
        hand: Where the hand is in the base frame; the tool follows its motion since the clutch
            closed. None for a device that says velocities.
        width: Wanted between the fingers, [m]; None where the device has only a button.
        buttons: Pressed since the reading before, in order.
    """

    engaged: bool = False
    velocity: Array = field(default_factory=lambda: np.zeros(6))
    hand: Pose | None = None
    width: float | None = None
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
