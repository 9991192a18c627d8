"""What a joint-reference robot's state is made of, and which part of its motion is known exactly.

state  = [q, dq, r − q, v]: joint position and velocity, how far the reference leads the joint, and
         the velocity of the reference, (4J,). Lead and reference velocity tell the model what the
         low-level law will do.
action = velocity of the reference one control period later, in units of `action_scale`, (J,).

Only q and dq have to be learned; the reference moves by arithmetic (robot_meta/reference.py).
The network sees the differences that drive the low-level law (r − q, v − dq, v′ − v) at their own,
small scale, and the direction of motion, with which friction flips.

With `action_history` n the state goes on with the reference velocities of the last n periods,
[…, v₋₁, …, v₋ₙ], and the network sees their changes. A law that follows the reference up to n
periods late is Markov in that state.
Source: Katsikopoulos and Engelbrecht 2003 (delayed MDPs).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from robot_meta.reference import advance
from robot_meta.types import Array, Commanded, Observation

NOTHING: Array = np.zeros(0)


@dataclass(frozen=True, kw_only=True)
class JointReferenceSpace:
    """State, action and known motion of a robot that follows a joint reference.

    Attributes:
        num_joints: J.
        control_dt: T, [s].
        action_scale: Reference velocity of a unit action, [rad/s].
        slow: Joint velocity at which friction counts as fully turned round, [rad/s].
        action_history: Past actions that are part of the state beside the newest, v itself (n).
    """

    num_joints: int
    control_dt: float
    action_scale: float = 1.0
    slow: float = 0.02
    action_history: int = 0

    def __post_init__(self) -> None:
        if self.action_history < 0:
            raise ValueError(f"action_history must be >= 0, got {self.action_history}")

    @property
    def state_size(self) -> int:
        """S."""
        return (4 + self.action_history) * self.num_joints

    @property
    def action_size(self) -> int:
        """A."""
        return self.num_joints

    @property
    def feature_size(self) -> int:
        """Numbers that the network sees."""
        return (6 + self.action_history) * self.num_joints

    @property
    def delta_size(self) -> int:
        """Numbers that the model predicts: what q and dq do beyond the known motion."""
        return 2 * self.num_joints

    def state(
        self, observation: Observation, commanded: Commanded, past: Array = NOTHING
    ) -> Array:
        """State at the start of the period that `commanded` decided, (S,).

        Args:
            observation: What was measured there.
            commanded: What the guard decided.
            past: Reference velocities of the n periods before, newest first, (n J,), [rad/s].
        """
        return np.concatenate(
            [
                observation.position,
                observation.velocity,
                commanded.position[0] - observation.position,
                commanded.velocity[0],
                past,
            ]
        )

    def action(self, next_velocity: Array) -> Array:
        """Action whose reference velocity one period later is `next_velocity`, (..., J)."""
        return next_velocity / self.action_scale

    def position(self, state: Tensor) -> Tensor:
        """Joint positions, (..., J), [rad]."""
        return state[..., : self.num_joints]

    def velocity(self, state: Tensor) -> Tensor:
        """Joint velocities, (..., J), [rad/s]."""
        return state[..., self.num_joints : 2 * self.num_joints]

    def lead(self, state: Tensor) -> Tensor:
        """Reference minus joint position, (..., J), [rad]."""
        return state[..., 2 * self.num_joints : 3 * self.num_joints]

    def reference_velocity(self, state: Tensor) -> Tensor:
        """Velocity of the reference, (..., J), [rad/s]."""
        return state[..., 3 * self.num_joints : 4 * self.num_joints]

    def past_changes(self, state: Tensor) -> Tensor:
        """Changes of the reference velocity in the last n periods, newest first, (..., n J)."""
        newer = state[..., 3 * self.num_joints : (3 + self.action_history) * self.num_joints]
        return newer - state[..., 4 * self.num_joints :]

    def features(self, state: Tensor, action: Tensor) -> Tensor:
        """What the network sees of a state and an action, (..., (6 + n) J)."""
        velocity, reference_velocity = self.velocity(state), self.reference_velocity(state)
        return torch.cat(
            [
                self.position(state),
                velocity,
                torch.tanh(velocity / self.slow),
                self.lead(state),
                reference_velocity - velocity,
                action * self.action_scale - reference_velocity,
                self.past_changes(state),
            ],
            dim=-1,
        )

    def delta(self, state: Tensor, next_state: Tensor) -> Tensor:
        """What the model has to explain of one step, (..., 2J): q′ − q − T dq and dq′ − dq."""
        velocity = self.velocity(state)
        position_change = self.position(next_state) - self.position(state)
        return torch.cat(
            [position_change - self.control_dt * velocity, self.velocity(next_state) - velocity],
            dim=-1,
        )

    def next_state(self, state: Tensor, action: Tensor, delta: Tensor) -> Tensor:
        """State one period later, (..., S), for a predicted `delta` (..., 2J)."""
        j = self.num_joints
        position, velocity = self.position(state), self.velocity(state)
        next_reference_velocity = action * self.action_scale
        reference = advance(
            position + self.lead(state),
            self.reference_velocity(state),
            next_reference_velocity,
            self.control_dt,
        )
        next_position = position + self.control_dt * velocity + delta[..., :j]
        return torch.cat(
            [
                next_position,
                velocity + delta[..., j:],
                reference - next_position,
                next_reference_velocity,
                state[..., 3 * j : (3 + self.action_history) * j],
            ],
            dim=-1,
        )
