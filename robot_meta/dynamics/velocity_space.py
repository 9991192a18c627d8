"""What the state of a robot on the ground is made of that is driven by velocities.

state  = [x, y, ψ | vx, vy, ω | roll, pitch | roll and pitch rate | feet | a₋₁]: pose on the
         ground, mean velocity of the last period in the heading frame, attitude and its rates,
         share of the period that each foot stood, and the action of that period, (13 + L,).
action = commanded velocity (vx, vy, ω) in units of `command_scale`, (3,).

The network sees neither place nor heading: what the ground does to the robot shows in its
attitude. What has to be learned of the pose is how far it differs from going on at the velocity
that was measured; it is turned into the world by the heading.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from robot_meta.legged_types import LeggedObservation
from robot_meta.types import Array

_POSE, _MOTION = 3, 7  # x, y, ψ; velocity, attitude, rates


@dataclass(frozen=True, kw_only=True)
class VelocityCommandSpace:
    """State, action and known motion of a robot that follows velocity commands.

    Attributes:
        num_legs: L.
        control_dt: T, [s].
        command_scale: Velocity of a unit action, (3,), [m/s, m/s, rad/s].
    """

    num_legs: int
    control_dt: float
    command_scale: tuple[float, float, float]

    def __post_init__(self) -> None:
        if len(self.command_scale) != 3 or not min(self.command_scale) > 0.0:
            raise ValueError(f"command_scale must be 3 numbers > 0, got {self.command_scale}")

    @property
    def state_size(self) -> int:
        """S."""
        return _POSE + _MOTION + self.num_legs + self.action_size

    @property
    def action_size(self) -> int:
        """A."""
        return 3

    @property
    def feature_size(self) -> int:
        """Numbers that the network sees: all but the pose, and the action."""
        return self.state_size - _POSE + self.action_size

    @property
    def delta_size(self) -> int:
        """Numbers that the model predicts: all but the action."""
        return self.state_size - self.action_size

    def state(self, observation: LeggedObservation, last_velocity: Array) -> Array:
        """State at the end of a period, (S,).

        Args:
            observation: What was measured there.
            last_velocity: Commanded for the period that ended, (3,), [m/s, m/s, rad/s].
        """
        return np.concatenate(
            [
                observation.pose,
                observation.velocity,
                observation.attitude,
                observation.rates,
                observation.feet,
                self.action(last_velocity),
            ]
        )

    def action(self, velocity: Array) -> Array:
        """Action that commands `velocity`, (..., 3)."""
        action: Array = velocity / np.array(self.command_scale)
        return action

    def pose(self, state: Tensor) -> Tensor:
        """Position and heading, (..., 3), [m, m, rad]."""
        return state[..., :_POSE]

    def last_action(self, state: Tensor) -> Tensor:
        """Action of the period that ended, (..., 3)."""
        return state[..., -self.action_size :]

    def features(self, state: Tensor, action: Tensor) -> Tensor:
        """What the network sees of a state and an action, (..., feature_size)."""
        return torch.cat([state[..., _POSE:], action], dim=-1)

    def delta(self, state: Tensor, next_state: Tensor) -> Tensor:
        """What the model has to explain of one step, (..., delta_size)."""
        way = next_state[..., :_POSE] - state[..., :_POSE]
        velocity = state[..., _POSE : 2 * _POSE]
        ahead = _turned(way, -state[..., 2]) - self.control_dt * velocity
        end = self.state_size - self.action_size
        return torch.cat([ahead, next_state[..., _POSE:end] - state[..., _POSE:end]], dim=-1)

    def next_state(self, state: Tensor, action: Tensor, delta: Tensor) -> Tensor:
        """State one period later, (..., S), for a predicted `delta` (..., delta_size)."""
        velocity = state[..., _POSE : 2 * _POSE]
        way = _turned(self.control_dt * velocity + delta[..., :_POSE], state[..., 2])
        end = self.state_size - self.action_size
        return torch.cat(
            [state[..., :_POSE] + way, state[..., _POSE:end] + delta[..., _POSE:], action], dim=-1
        )


def _turned(way: Tensor, angle: Tensor) -> Tensor:
    """The way (x, y, ψ) (..., 3) with its position turned by `angle` (...), [rad]."""
    c, s = torch.cos(angle), torch.sin(angle)
    x, y, turn = way.unbind(dim=-1)
    return torch.stack([c * x - s * y, s * x + c * y, turn], dim=-1)
