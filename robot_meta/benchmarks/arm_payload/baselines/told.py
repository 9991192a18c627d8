"""A row that no controller could have: the rigid body, told what became of it."""

from __future__ import annotations

import numpy as np

from robot_meta.benchmarks.arm_payload.baselines.observers import IntegralObserver
from robot_meta.benchmarks.arm_payload.baselines.payload import (
    added_inertia,
    payload_slope,
    payload_torque,
)
from robot_meta.benchmarks.arm_payload.baselines.rigid_body import RigidBodyDynamics
from robot_meta.twin.perturbations import Perturbations


class ToldBody(IntegralObserver):
    """Knows payload, gains, friction and damping at once and exactly; integrates the rest.

    What is left of the error with it, planner, sensors and friction at rest make: no adaptation
    is to blame for it.

    Args:
        model: The rigid body.
        gain: Of the integral observer.
    """

    def __init__(self, model: RigidBodyDynamics, gain: float = 0.05) -> None:
        self._payload = np.zeros(4)
        super().__init__(model, gain)

    def tell(self, body: Perturbations) -> None:
        """From now on the body is `body`."""
        mass = body.payload_mass
        self._payload = np.array([mass, *(mass * np.array(body.payload_offset))])
        self.model.set_joints(
            gain=np.array(body.joint_gain),
            friction_scale=np.array(body.friction_scale),
            damping_scale=np.array(body.damping_scale),
        )
        self._torque = np.zeros_like(self._torque)
        self._prepare()

    def _prepare(self) -> None:
        chain, position, payload = self.model.chain, self._position, self._payload
        self._motion = self.model.linearize(position, added_inertia(chain, position, payload))
        torque = self._torque + payload_torque(chain, position, payload)
        slope = payload_slope(chain, position, payload)
        self._context = self.model.context(self._motion, position, torque, slope)
