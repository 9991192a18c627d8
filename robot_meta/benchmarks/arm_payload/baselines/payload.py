"""A rigid load at the tool: the torque it causes, the inertia it adds, and which load it is.

A load is p = [m, h], its mass and its first moment m·c in the tool frame, (4,). Its torque is
linear in p, so the load follows from torques by recursive least squares.
Source: Atkeson, An, Hollerbach 1986, "Estimation of inertial parameters of manipulator loads".
Differs: only mass and first moment; the load's turning counts through its centre of mass alone.
"""

from __future__ import annotations

import numpy as np

from robot_meta.kinematics import KinematicChain
from robot_meta.types import Array

GRAVITY = np.array([0.0, 0.0, -9.81])
MOST_MASS, LONGEST_ARM = 5.0, 0.2  # what a hand can hold, [kg], [m]
_PRIOR = np.array([1.0, 0.05, 0.05, 0.05])  # how large a load is usually, [kg], [kg m]
_TORQUE_SIGMA = np.array([1.0, 1.0, 1.0, 1.0, 0.6, 0.4, 0.25])  # mostly friction, [Nm]


def regressor(chain: KinematicChain, position: Array, acceleration: Array) -> Array:
    """Joint torque per unit of [m, h], (J, 4), while the tool accelerates by (3,) [m/s^2]."""
    _, rotations = chain.joint_frames_in_base(position)
    jacobian = chain.tool_jacobian(position)
    pull = GRAVITY - acceleration
    turning = np.cross(rotations[-1].T, pull)  # row k: tool axis k times pull
    return np.concatenate([(jacobian[:3].T @ pull)[:, None], jacobian[3:].T @ turning.T], axis=1)


def payload_torque(chain: KinematicChain, position: Array, payload: Array) -> Array:
    """Torque of a load at rest, (J,), [Nm]."""
    torque: Array = regressor(chain, position, np.zeros(3)) @ payload
    return torque


def payload_slope(chain: KinematicChain, position: Array, payload: Array) -> Array:
    """Derivative of `payload_torque` by joint position, (J, J), [Nm/rad]."""
    step, torque = 1e-4, payload_torque(chain, position, payload)
    moved = position + step * np.eye(len(position))
    return np.stack([payload_torque(chain, q, payload) - torque for q in moved], axis=1) / step


def added_inertia(chain: KinematicChain, position: Array, payload: Array) -> Array:
    """What the load adds to the joint inertia, (J, J), [kg m^2]; its mass in one point."""
    mass = payload[0]
    if mass <= 0.0:
        return np.zeros((len(position),) * 2)
    _, rotations = chain.joint_frames_in_base(position)
    jacobian = chain.tool_jacobian(position)
    arm = rotations[-1] @ (payload[1:] / mass)
    center = jacobian[:3] + np.cross(jacobian[3:].T, arm).T
    inertia: Array = mass * center.T @ center
    return inertia


class PayloadIdentification:
    """Recursive least squares of a load, with forgetting.

    Args:
        forgetting: Factor per update on what older torques say.
    """

    def __init__(self, forgetting: float = 0.98) -> None:
        if not 0.0 < forgetting <= 1.0:
            raise ValueError(f"forgetting must be in (0, 1], got {forgetting}")
        self._forgetting = forgetting
        self._information, self._evidence = np.zeros((4, 4)), np.zeros(4)
        self.payload: Array = np.zeros(4)

    def update(self, matrix: Array, torque: Array) -> None:
        """Take in one joint torque (J,) [Nm] that the load should explain through (J, 4)."""
        weighted = matrix / _TORQUE_SIGMA[:, None]
        self._information = self._forgetting * self._information + weighted.T @ weighted
        self._evidence = self._forgetting * self._evidence + weighted.T @ (torque / _TORQUE_SIGMA)
        prior = np.diag(1.0 / _PRIOR**2)
        likeliest = np.linalg.solve(self._information + prior, self._evidence).astype(np.float64)
        self.payload = _possible(likeliest)


def _possible(payload: Array) -> Array:
    """The load nearest to `payload` that a hand can hold: no negative mass, no long lever."""
    mass = float(np.clip(payload[0], 0.0, MOST_MASS))
    moment, longest = payload[1:], LONGEST_ARM * mass
    length = float(np.linalg.norm(moment))
    return np.array([mass, *(moment if length <= longest else moment * (longest / length))])
