"""A guard with commands and measurements made by hand."""

import numpy as np
import pytest

from robot_meta.benchmarks.guard.arena import FR3
from robot_meta.reference import advance, velocity_step
from robot_meta.safety.guard import Guard
from robot_meta.types import Command, Observation

SPEC, T = FR3.spec, FR3.spec.control_dt
HOME, STEP = SPEC.home, velocity_step(SPEC.limits, SPEC.control_dt)
SLOW = 0.3 * STEP


def seen(stamp, position=HOME, external_torque=None):
    zero = np.zeros(7)
    outside = zero if external_torque is None else external_torque
    return Observation(
        stamp=stamp, position=position, velocity=zero, torque=zero, external_torque=outside
    )


class Bench:
    """A guard, the clock of its robot, and a robot that is where the reference ends."""

    def __init__(self, config=None, *, disabled=(), armed=True, position=HOME):
        self.guard = Guard(SPEC, FR3.chain, config, disabled=disabled)
        self.k, self.position, self.velocity = 0, position, np.zeros(7)
        self.guard.start(seen(0.0, position))
        if armed:
            assert self.guard.arm()

    @property
    def stamp(self):
        return self.k * T

    def tick(self, command=None, *, measured=None, stamp=None, external_torque=None):
        measured = self.position if measured is None else measured
        stamp = self.stamp if stamp is None else stamp
        reference, commanded = self.guard.tick(seen(stamp, measured, external_torque), command)
        self.k += 1
        self.position, self.velocity = commanded.position[1], commanded.velocity[1]
        return reference, commanded

    def ask(self, velocity, *, periods_ago=1):
        """A command that answers the newest measurement and leads to `velocity`."""
        velocity = np.broadcast_to(np.asarray(velocity, float), 7)
        return Command(
            stamp=(self.k - periods_ago) * T,
            position=advance(self.position, self.velocity, velocity, T),
            velocity=velocity,
        )

    def run(self, velocity=SLOW, periods=3):
        """Begin to move as asked."""
        self.tick()
        for _ in range(periods):
            self.tick(self.ask(velocity))
        return self

    def freezes(self, periods=40):
        """Whether the reference brakes and then stays where it is."""
        for _ in range(periods):
            before = np.abs(self.velocity)
            self.tick(self.ask(SLOW))
            np.testing.assert_allclose(
                np.abs(self.velocity), np.maximum(before - STEP, 0.0), atol=1e-12
            )
        at = self.position
        self.tick(self.ask(SLOW))
        return (self.position == at).all() and not self.velocity.any()


@pytest.fixture
def make_bench():
    """Makes a guard with a robot that follows it."""
    return Bench
