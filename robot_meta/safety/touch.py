"""What the robot feels from outside, and when that is too much."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from robot_meta.kinematics import KinematicChain
from robot_meta.reference import velocity_step
from robot_meta.safety.config import GuardConfig
from robot_meta.safety.forces import force_is_below, torque_after_stop
from robot_meta.safety.reasons import Reason
from robot_meta.types import Array, Observation, RobotSpec

IN_CONTACT = 0.9  # share of the force limit that counts once there is contact for certain


class Touch:
    """Holds the external torque against the limits.

    Args:
        spec: The robot.
        chain: Its kinematics.
        config: Limits of torque and force.
        disabled: Rules that do not count.
    """

    def __init__(
        self,
        spec: RobotSpec,
        chain: KinematicChain,
        config: GuardConfig,
        disabled: Collection[Reason],
    ) -> None:
        self._spec, self._chain, self._config = spec, chain, config
        self._contact = np.array(config.contact_torque)
        self._torque = np.array(config.external_torque)
        self._step: Array = velocity_step(spec.limits, spec.control_dt)
        self._judges_torque = Reason.EXTERNAL_TORQUE not in disabled
        self._judges_force = Reason.EXTERNAL_FORCE not in disabled
        self._calms = Reason.CONTACT_SPEED not in disabled

    def is_contact(self, observation: Observation) -> bool:
        """Whether some joint feels more than the body can explain."""
        return bool((np.abs(observation.external_torque) > self._contact).any())

    def calmed(self, wanted: Array, contact: bool) -> Array:
        """In contact, what is wanted (J,) no faster than `contact_speed`: a stop has to be soft.

        An arm whose tool cannot move may still turn about it, fast; stopping it is a blow.
        """
        if not (contact and self._calms):
            return wanted
        return wanted.clip(-self._config.contact_speed, self._config.contact_speed)

    def trouble(self, observation: Observation, velocity: Array) -> Reason | None:
        """Which limit is reached, or will be while a reference at `velocity` (J,) stops.

        Half of the force limit has to be felt already before the future counts. In contact the
        limit counts a tenth earlier: an arm that folds about its tool presses on as it stops.
        """
        torque, at = observation.external_torque, observation.position
        if self._judges_torque and (np.abs(torque) > self._torque).any():
            return Reason.EXTERNAL_TORQUE
        limit = self._config.external_force * (IN_CONTACT if self.is_contact(observation) else 1.0)
        if not self._judges_force or force_is_below(0.5 * limit, self._chain, at, torque):
            return None
        delay = self._config.touch_delay
        then = torque_after_stop(self._spec, observation, velocity, self._step, delay)
        if all(force_is_below(limit, self._chain, at, felt) for felt in (torque, then)):
            return None
        return Reason.EXTERNAL_FORCE
