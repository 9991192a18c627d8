"""Braking that begins within a period instead of at its end, where a hold or a stop comes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot_meta.safety.choice import Chooser
from robot_meta.types import Array, Commanded, Reference, RobotSpec

AHEAD = 0.003  # what is due sooner than this may be with the robot already, [s]
SHORTEST = 0.004  # in less than this nothing is gained, [s]


@dataclass(frozen=True)
class Period:
    """A period as it was decided, and where its Cartesian rules are known.

    Attributes:
        stamp: Its start, [s], robot clock.
        position: Reference there, (J,), [rad].
        velocity: Its velocity there, (J,), [rad/s].
        after: Its velocity at the end, (J,), [rad/s].
    """

    stamp: float
    position: Array
    velocity: Array
    after: Array

    def braked_from(
        self, now: float, chooser: Chooser, spec: RobotSpec
    ) -> tuple[Reference, Commanded] | None:
        """The same period, slowed down from shortly after robot time `now` [s] on.

        No joint goes further than it would have gone, none turns around, and acceleration and jerk
        stay within their limits; a joint whose change of velocity takes all of them already goes
        on as decided. None where nothing is gained, or where a Cartesian rule would be broken:
        the period as decided keeps them all.
        """
        samples = spec.samples_per_tick
        first = int(np.ceil((now + AHEAD - self.stamp) / spec.reference_dt - 1e-6))
        left = (samples - first) * spec.reference_dt
        if not 0 < first < samples or left < SHORTEST - 1e-9:
            return None
        ramp = chooser.ramp
        positions, velocities = ramp.slowed(self.position, self.velocity, self.after, first)
        if not (velocities[-1] != self.after).any():
            return None
        if chooser.broken_on(positions[first - 1], positions[first:], velocities[-1]) is not None:
            return None
        ends = [first - 1, -1]
        return (
            Reference(stamp=self.stamp, position=positions, velocity=velocities, first=first),
            Commanded(
                stamp=self.stamp + first * spec.reference_dt,
                position=positions[ends],
                velocity=velocities[ends],
                altered=True,
                reason="",
            ),
        )
