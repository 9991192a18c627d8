"""Reward for keeping the tool on a moving target."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from robot_meta.kinematics import KinematicChain


@dataclass(frozen=True, kw_only=True)
class TrackingConfig:
    """Weights of the tracking reward; every term is about 1 where it starts to matter."""

    position_scale: float = 0.01  # [m], tool error that costs 1 per step
    velocity_weight: float = 0.01  # per (rad/s)^2 of reference velocity: no idle motion
    change_weight: float = 0.02  # per (rad/s)^2 of change of it in one period: smooth motion
    posture_weight: float = 0.5  # per rad^2 from the home posture: settles redundancy
    lead_scale: float = 0.02  # [rad], lead beyond `lead_free` that costs 1
    lead_free: float = 0.7  # share of the guard's lead limit that costs nothing
    speed_scale: float = 0.02  # [m/s], reference tool speed beyond `speed_free` that costs 1
    speed_free: float = 0.9  # share of the guard's tool speed that costs nothing


@dataclass(frozen=True, kw_only=True)
class TrackingReward:
    """r = −‖tool − target‖²/s² − small terms that keep the motion smooth and inside the guard.

    Attributes:
        config: Weights.
        chain: Kinematics with tensors.
        home: Posture that redundancy settles to, (J,), [rad].
        lead_limit: The guard's limit of |reference − position|, (J,), [rad].
        tool_speed: The guard's limit of the reference's tool speed, [m/s].
        control_dt: T, [s].
    """

    config: TrackingConfig
    chain: KinematicChain
    home: Tensor
    lead_limit: Tensor
    tool_speed: float
    control_dt: float

    def tool(self, position: Tensor) -> Tensor:
        """Tool centre point in the base frame, (..., 3), [m]."""
        coordinates = self.chain.position_of_tool_in_base(
            position, torch.cos(position), torch.sin(position)
        )
        return torch.stack(coordinates, dim=-1)

    def score(
        self, position: Tensor, lead: Tensor, velocity: Tensor, before: Tensor, targets: Tensor
    ) -> Tensor:
        """Rewards (N, H).

        Args:
            position: Joint positions reached, (N, H, J), [rad].
            lead: Reference minus position, (N, H, J), [rad].
            velocity: Reference velocity, (N, H, J), [rad/s].
            before: Reference velocity at the start, (J,), [rad/s].
            targets: Where the tool should be, (H, 3), [m].
        """
        c = self.config
        error = (self.tool(position) - targets).square().sum(dim=-1) / c.position_scale**2
        start = before.expand(len(velocity), 1, -1)
        change = torch.diff(velocity, dim=1, prepend=start).square().sum(dim=-1)
        reference_tool = self.tool(position + lead)  # (N, H, 3)
        speed = torch.diff(reference_tool, dim=1).norm(dim=-1) / self.control_dt  # (N, H - 1)
        fast = ((speed - c.speed_free * self.tool_speed).clip(0.0) / c.speed_scale).square()
        ahead = ((lead.abs() - c.lead_free * self.lead_limit).clip(0.0) / c.lead_scale).square()
        cost = (
            error
            + c.velocity_weight * velocity.square().sum(dim=-1)
            + c.change_weight * change
            + c.posture_weight * (position - self.home).square().sum(dim=-1)
            + ahead.sum(dim=-1)
        )
        cost[:, 1:] += fast
        return -cost
