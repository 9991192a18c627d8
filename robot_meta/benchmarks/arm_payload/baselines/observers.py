"""What adapts the rigid-body model: an integral observer, and payload identification on top."""

from __future__ import annotations

import numpy as np

from robot_meta.benchmarks.arm_payload.baselines.payload import (
    PayloadIdentification,
    added_inertia,
    payload_slope,
    payload_torque,
    regressor,
)
from robot_meta.benchmarks.arm_payload.baselines.rigid_body import RigidBodyDynamics
from robot_meta.dynamics.model import Context
from robot_meta.dynamics.window import Transition
from robot_meta.types import Array


class IntegralObserver:
    """Disturbance torque as the integral of what the model leaves unexplained; an `Adapter`.

    Args:
        model: The rigid body.
        gain: Share of each unexplained torque that is added to the estimate.
    """

    def __init__(self, model: RigidBodyDynamics, gain: float = 0.2) -> None:
        if not 0.0 < gain <= 1.0:
            raise ValueError(f"gain must be in (0, 1], got {gain}")
        self.model, self._gain = model, gain
        self.window = _KEPT
        self.reset_episode()

    def reset_episode(self) -> None:
        """No disturbance, as far as is known."""
        self._torque = np.zeros(self.model.space.num_joints)
        self._position = np.array(self.model.home)
        self._kept: list[Array] = []
        self._prepare()

    def reset_task(self) -> None:
        """Forget everything."""
        self.reset_episode()

    def observe(self, transition: Transition) -> None:
        """Correct the estimate by the newest step."""
        state, action, reached = transition.state, transition.action, transition.next_state
        if not (np.isfinite(state).all() and np.isfinite(reached).all()):
            raise ValueError("a transition with values that are not finite cannot be adapted to")
        missing = self.model.unexplained_torque(
            self._motion, self._context, state, action, reached
        )
        self._kept = [*self._kept[-_KEPT:], self._torque]
        self._learn(transition, missing)
        self._position = np.array(reached[: self.model.space.num_joints])
        self._prepare()

    def forget_newest(self, count: int) -> None:
        """Go back to the estimate of `count` steps ago."""
        if self._kept and count > 0:
            self._torque = self._kept[-min(count, len(self._kept))]
            self._kept = self._kept[: -min(count, len(self._kept))]
            self._prepare()

    def body_changed(self, since: int) -> None:
        """Nothing to forget: the integral follows by itself."""

    def context(self) -> Context:
        """The model near the present posture under the estimated disturbance."""
        return self._context

    def diagnostics(self) -> dict[str, float]:
        """Size of the estimate, [Nm]."""
        return {"disturbance": float(np.abs(self._torque).max())}

    def _learn(self, transition: Transition, missing: Array) -> None:
        self._torque = self._torque + self._gain * missing

    def _prepare(self) -> None:
        self._motion = self.model.linearize(self._position)
        none = np.zeros((self.model.space.num_joints,) * 2)
        self._context = self.model.context(self._motion, self._position, self._torque, none)


class IdentifiedPayload(IntegralObserver):
    """Identifies the payload; the integral observer takes what no payload explains.

    Args:
        model: The rigid body.
        gain: Of the integral observer.
        forgetting: Factor per tick on what older ticks say about the payload.
    """

    def __init__(
        self, model: RigidBodyDynamics, gain: float = 0.1, forgetting: float = 0.98
    ) -> None:
        self._forgetting = forgetting
        super().__init__(model, gain)

    @property
    def payload(self) -> Array:
        """Mass and first moment in the tool frame, (4,), [kg] and [kg m]."""
        return self._identification.payload

    def reset_episode(self) -> None:
        """No payload and no disturbance, as far as is known."""
        self._identification = PayloadIdentification(self._forgetting)
        super().reset_episode()

    def diagnostics(self) -> dict[str, float]:
        """Size of the rest that no payload explains, [Nm], and the mass, [kg]."""
        return {**super().diagnostics(), "payload_mass": float(self.payload[0])}

    def _learn(self, transition: Transition, missing: Array) -> None:
        n, chain = self.model.space.num_joints, self.model.chain
        before, after = transition.state, transition.next_state
        q0, q1, w0, w1 = before[:n], after[:n], before[n : 2 * n], after[n : 2 * n]
        speeds = [chain.tool_jacobian(q)[:3] @ w for q, w in ((q0, w0), (q1, w1))]
        acceleration = (speeds[1] - speeds[0]) / self.model.space.control_dt
        matrix = regressor(chain, 0.5 * (q0 + q1), acceleration)
        total = self._torque + matrix @ self.payload + missing  # from outside arm and hand
        self._identification.update(matrix, total)
        rest = total - matrix @ self.payload
        self._torque = self._torque + self._gain * (rest - self._torque)

    def _prepare(self) -> None:
        chain, position, payload = self.model.chain, self._position, self.payload
        self._motion = self.model.linearize(position, added_inertia(chain, position, payload))
        torque = self._torque + payload_torque(chain, position, payload)
        slope = payload_slope(chain, position, payload)
        self._context = self.model.context(self._motion, position, torque, slope)


_KEPT = 50  # estimates that `forget_newest` can return to; a longer gap ends the episode
