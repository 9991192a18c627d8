"""The clutch: a hand that holds on moves nothing until it has let go once and takes hold anew."""

from __future__ import annotations

from enum import Enum


class Hold(Enum):
    """How the clutch stands."""

    OPEN = "nobody holds the device"
    CLOSED = "the tool follows"
    WAITING = "held, but it must be let go once before anything moves"


class Clutch:
    """Decides whether what a device says may move the robot; nothing resumes by itself.

    Attributes:
        hold: How it stands.
    """

    def __init__(self) -> None:
        self.hold = Hold.OPEN

    def update(self, engaged: bool, following: bool) -> bool:
        """One period: whether the tool follows.

        Args:
            engaged: Whether the person holds the device.
            following: Whether the robot follows commands.
        """
        if not engaged:
            self.hold = Hold.OPEN
        elif not following:
            self.hold = Hold.WAITING
        elif self.hold is Hold.OPEN:
            self.hold = Hold.CLOSED
        return self.hold is Hold.CLOSED

    def open(self) -> None:
        """What the hand does cannot be trusted: it must let go first."""
        self.hold = Hold.WAITING
