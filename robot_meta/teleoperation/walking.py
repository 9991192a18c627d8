"""What a device says becomes velocities of a walking robot."""

from __future__ import annotations

import numpy as np

from robot_meta.legged_types import LeggedSpec, VelocityCommand, VelocityReference
from robot_meta.teleoperation.clutch import Clutch
from robot_meta.teleoperation.device import Reading
from robot_meta.teleoperation.motion import next_level

_ENTRIES = [0, 1, 5]  # of a device's velocity: ahead, to the left, turning


class WalkingTeleoperator:
    """Answers every control period of a walking robot with what a person wants of it.

    It walks while somebody holds the device, and no longer; the guard lets it speed up and slow
    down as fast as it may. Where a hand is in space means nothing here.

    Args:
        spec: The robot, with limits scaled for the allowed speed.
        share: Of the full speed, at first.

    Attributes:
        clutch: Whether the device moves the robot.
        share: Of the full speed, now.
    """

    def __init__(self, spec: LeggedSpec, share: float) -> None:
        self._spec = spec
        self.clutch, self.share = Clutch(), share

    def faster(self, levels: int) -> None:
        """Go that many levels up, or down."""
        self.share = next_level(self.share, levels)

    def command_for(
        self, commanded: VelocityReference, reading: Reading, following: bool
    ) -> VelocityCommand:
        """The command that answers the period `commanded`.

        Args:
            commanded: The period that begins.
            reading: What the device says.
            following: Whether the robot follows commands.
        """
        velocity = np.zeros(3)
        if self.clutch.update(reading.engaged, following) and not reading.silent:
            wanted = self.share * np.clip(reading.velocity[_ENTRIES], -1.0, 1.0)
            fastest = np.where(wanted > 0.0, self._spec.command_upper, -self._spec.command_lower)
            velocity = wanted * fastest
        return VelocityCommand(stamp=commanded.stamp, velocity=velocity)
