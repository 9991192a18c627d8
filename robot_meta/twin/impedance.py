"""The low-level law of the hardware: joint impedance towards a reference, every millisecond."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from robot_meta.types import Array, RobotSpec


class Sensed(Protocol):
    """What the law reads of the arm: own encoders, without the noise and delay of observations."""

    position: Array
    velocity: Array
    compensation: Array


class ImpedanceLaw:
    """τ = K (r − q) + D (ṙ − q̇) + compensation, clipped in rate and then in size.

    An actuator delivers only its gain's share of what the law adds to the compensation; that
    happens behind the law, which does not know of it.

    Attributes:
        commanded: Torque that the law asked for last, (J,), [Nm].
    """

    def __init__(self, spec: RobotSpec) -> None:
        self._stiffness = spec.stiffness
        self._damping = spec.damping
        self._limit = spec.limits.torque
        self._step = spec.limits.torque_rate * spec.reference_dt
        self._joints = spec.num_joints
        self._gain = np.ones(self._joints)
        self.commanded = np.zeros(self._joints)
        self._a, self._b = np.zeros(self._joints), np.zeros(self._joints)

    def reset(self, torque: Array) -> None:
        """Begin as if `torque` (J,) had been commanded last."""
        np.clip(torque, -self._limit, self._limit, out=self.commanded)

    def set_gain(self, gain: tuple[float, ...]) -> None:
        """Share of the feedback torque that each actuator delivers, (J,)."""
        self._gain[:] = gain

    def torque(self, target: Array, arm: Sensed) -> Array:
        """Torque that the actuators deliver for one period, (J,), [Nm]; reused by the next call.

        Args:
            target: Reference position and velocity, (2J,), [rad] and [rad/s].
            arm: What the law reads of the arm.
        """
        asked, other, joints = self._a, self._b, self._joints
        np.subtract(target[:joints], arm.position, out=asked)
        asked *= self._stiffness
        np.subtract(target[joints:], arm.velocity, out=other)
        other *= self._damping
        asked += other
        asked += arm.compensation

        asked -= self.commanded
        np.minimum(asked, self._step, out=asked)
        np.maximum(asked, -self._step, out=asked)
        commanded = self.commanded
        commanded += asked
        np.minimum(commanded, self._limit, out=commanded)
        np.maximum(commanded, -self._limit, out=commanded)

        delivered = np.subtract(commanded, arm.compensation, out=asked)
        delivered *= self._gain
        delivered += arm.compensation
        return delivered
