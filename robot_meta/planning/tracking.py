"""Reward for keeping the tool on a moving target."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from robot_meta.planning.tool import ToolPositions


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
        tool: Kinematics of the tool.
        home: Posture that redundancy settles to, (J,), [rad].
        lead_limit: The guard's limit of |reference − position|, (J,), [rad].
        tool_speed: The guard's limit of the reference's tool speed, [m/s].
        control_dt: T, [s].
    """

    config: TrackingConfig
    tool: ToolPositions
    home: Tensor
    lead_limit: Tensor
    tool_speed: float
    control_dt: float

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
        n, h, j = position.shape
        position, lead, velocity = (x.permute(2, 1, 0) for x in (position, lead, velocity))
        postures = torch.stack((position, position + lead), dim=1)  # (J, 2, H, N)
        tool, reference = self.tool(postures.view(j, -1)).view(3, 2, h, n).unbind(dim=1)
        cost = (tool - targets.t()[:, :, None]).square().sum(dim=0) / c.position_scale**2
        speed = torch.diff(reference, dim=1).square().sum(dim=0).sqrt() / self.control_dt
        fast = (speed - c.speed_free * self.tool_speed).clamp(min=0.0) / c.speed_scale
        cost[1:] += fast.square()
        change = torch.diff(velocity, dim=1, prepend=before[:, None, None].expand(j, 1, n))
        free = c.lead_free * self.lead_limit[:, None, None]
        ahead = (lead.abs() - free).clamp(min=0.0) / c.lead_scale
        away = position - self.home[:, None, None]
        for weight, part in (
            (c.velocity_weight, velocity),
            (c.change_weight, change),
            (c.posture_weight, away),
            (1.0, ahead),
        ):
            cost.add_(part.square().sum(dim=0), alpha=weight)
        return -cost.t()
