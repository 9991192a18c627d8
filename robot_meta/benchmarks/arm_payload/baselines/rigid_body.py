"""The arm by its physics: nominal rigid body under joint impedance, linearised at each tick.

    M(q₀) ẇ = K (r − q) + D (v − w) − b w − f(w) + d,    ṙ = v,    v̇ = (v₁ − v₀) / T

The low-level law cancels gravity and Coriolis torques of the nominal arm. Between two control
boundaries the linear part is solved exactly (matrix exponential). Coulomb friction f is the torque
within ± its size that comes nearest to stopping the joint. The disturbance torque d and what a
payload adds to M come from an adapter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import mujoco
import numpy as np
import torch
from scipy.linalg import expm
from torch import Tensor

from robot_meta.dynamics.model import Context
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.robots.description import ArmDescription
from robot_meta.twin.scenes import SceneConfig, build_arm_model
from robot_meta.types import Array


@dataclass(frozen=True)
class Linearized:
    """Motion over one period as a linear map; J joints.

    Attributes:
        from_motion: Of [w, r − q, v₀, v₁], onto [change of q, w at the end], (2J, 4J).
        from_torque: Of a constant joint torque, onto the same, (2J, J).
    """

    from_motion: Array
    from_torque: Array


class RigidBodyDynamics:
    """A `DynamicsModel` that was built, not learned.

    Args:
        description: The arm; its nominal MuJoCo model gives inertia and friction.
    """

    def __init__(self, description: ArmDescription) -> None:
        spec = description.spec
        self.space = JointReferenceSpace(num_joints=spec.num_joints, control_dt=spec.control_dt)
        self.chain, self.home = description.chain, spec.home
        self._model = build_arm_model(description, SceneConfig())
        self._data = mujoco.MjData(self._model)
        self._spec = spec
        one = np.ones(spec.num_joints)
        self.set_joints(gain=one, friction_scale=one, damping_scale=one)

    def set_joints(self, *, gain: Array, friction_scale: Array, damping_scale: Array) -> None:
        """Factors on each joint's impedance, Coulomb and viscous friction, (J,) each."""
        self._stiffness = np.diag(gain * self._spec.stiffness)
        self._damping = np.diag(gain * self._spec.damping)
        self._viscous = np.diag(damping_scale * self._model.dof_damping)
        self.friction: Array = friction_scale * self._model.dof_frictionloss

    def inertia(self, position: Array) -> Array:
        """M of arm and hand with rotors at joint positions (J,), (J, J), [kg m^2]."""
        joints, data = self.space.num_joints, self._data
        data.qpos[:] = position
        mujoco.mj_kinematics(self._model, data)
        mujoco.mj_comPos(self._model, data)
        mujoco.mj_crb(self._model, data)
        result, column = np.zeros((joints, joints)), np.zeros(joints)
        for j in range(joints):
            mujoco.mj_mulM(self._model, data, column, np.eye(joints)[j])
            result[:, j] = column
        return result

    def linearize(self, position: Array, added_inertia: Array | None = None) -> Linearized:
        """Motion near joint positions (J,), with `added_inertia` (J, J) of a payload."""
        n, period = self.space.num_joints, self.space.control_dt
        inertia = self.inertia(position)
        inverse = np.linalg.inv(inertia if added_inertia is None else inertia + added_inertia)
        # rows and columns: q, w, r, v, v̇, d
        rate = np.zeros((6 * n, 6 * n))
        q, w, r, v, a, d = (slice(i * n, (i + 1) * n) for i in range(6))
        identity = np.eye(n)
        rate[q, w] = rate[r, v] = rate[v, a] = identity
        rate[w, q], rate[w, r] = -inverse @ self._stiffness, inverse @ self._stiffness
        rate[w, v] = inverse @ self._damping
        rate[w, w] = -inverse @ (self._damping + self._viscous)
        rate[w, d] = inverse
        step = expm(rate * period)[: 2 * n]
        ramp = step[:, a] / period
        return Linearized(
            from_motion=np.concatenate([step[:, w], step[:, r], step[:, v] - ramp, ramp], axis=1),
            from_torque=step[:, d],
        )

    def context(self, motion: Linearized, position: Array, torque: Array, slope: Array) -> Context:
        """What `predict` needs.

        Args:
            motion: From `linearize`.
            position: Where the disturbance is `torque`, (J,), [rad].
            torque: Disturbance d there, (J,), [Nm].
            slope: Its derivative by joint position, (J, J), [Nm/rad].
        """
        n, period = self.space.num_joints, self.space.control_dt
        arrays = {
            "from_motion": motion.from_motion.T,
            "from_torque": motion.from_torque.T,
            "stopping": period / np.diag(motion.from_torque[:n]),  # torque per mean velocity
            "friction": self.friction,
            "position": position,
            "torque": torque,
            "slope": slope.T,
        }
        return Context({key: torch.as_tensor(value).float() for key, value in arrays.items()})

    def predict(self, context: Context, state: Tensor, action: Tensor) -> Tensor:
        """Next state, (..., S), of state (..., S) under action (..., A)."""
        p, n, period = context.params, self.space.num_joints, self.space.control_dt
        known = torch.cat([state[..., n:], (action * self.space.action_scale)], dim=-1)
        position, velocity = self.space.position(state), self.space.velocity(state)
        torque = p["torque"] + (position - p["position"]) @ p["slope"]
        free = known @ p["from_motion"] + torque @ p["from_torque"]  # (..., 2J)
        rubbing = torch.zeros_like(torque)
        moved = free
        for _ in range(2):
            mean_velocity = moved[..., :n] / period
            rubbing = rubbing - mean_velocity * p["stopping"]
            rubbing = torch.maximum(torch.minimum(rubbing, p["friction"]), -p["friction"])
            moved = free + rubbing @ p["from_torque"]
        delta = torch.cat([moved[..., :n] - period * velocity, moved[..., n:] - velocity], dim=-1)
        return self.space.next_state(state, action, delta)

    def unexplained_torque(
        self, motion: Linearized, context: Context, state: Array, action: Array, reached: Array
    ) -> Array:
        """Constant torque that explains how `reached` (S,) misses the prediction, (J,), [Nm].

        Position and velocity errors are weighed by how well each is measured.
        """
        n = self.space.num_joints
        with torch.no_grad():
            predicted = self.predict(
                context, torch.as_tensor(state).float(), torch.as_tensor(action).float()
            )
        error = (reached - predicted.numpy().astype(float))[: 2 * n]
        weight = np.repeat([1.0 / _POSITION_SIGMA, 1.0 / _VELOCITY_SIGMA], n)
        matrix = motion.from_torque * weight[:, None]
        torque: Array = np.linalg.lstsq(matrix, error * weight, rcond=None)[0]
        return torque


# Standard deviations of one reading, with what friction and rounding add.
_POSITION_SIGMA, _VELOCITY_SIGMA = 5e-5 * math.sqrt(2.0), 3e-3 * math.sqrt(2.0)
