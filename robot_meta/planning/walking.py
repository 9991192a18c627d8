"""Reward for keeping a walking robot on a path that has times."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class WalkingConfig:
    """Weights of the walking reward; every term is about 1 where it starts to matter."""

    position_scale: float = 0.1  # [m], distance from the target that costs 1 per step
    heading_scale: float = 0.3  # [rad], turned away from the target's heading: costs 1
    change_weight: float = 0.1  # per squared change of a normalized action from step to step

    def __post_init__(self) -> None:
        if not (self.position_scale > 0.0 and self.heading_scale > 0.0):
            raise ValueError(
                "position_scale and heading_scale must be > 0, got "
                f"{self.position_scale} and {self.heading_scale}"
            )


def walking_reward(
    config: WalkingConfig, pose: Tensor, actions: Tensor, before: Tensor, targets: Tensor
) -> Tensor:
    """Rewards −‖p − p*‖²/s² − 2(1 − cos(ψ − ψ*))/σ² − w ‖a − a₋₁‖², (N, H).

    Args:
        config: s, σ and w.
        pose: Reached, (N, H, 3), [m, m, rad].
        actions: That led there, (N, H, 3), normalized.
        before: Action before the first, (3,).
        targets: Where the robot should be, (H, 3), [m, m, rad].
    """
    off = pose - targets
    position = off[..., :2].square().sum(dim=-1) / config.position_scale**2
    heading = 2.0 * (1.0 - torch.cos(off[..., 2])) / config.heading_scale**2
    first = before.expand(len(actions), 1, -1)
    change = torch.diff(actions, dim=1, prepend=first).square().sum(dim=-1)
    return -(position + heading + config.change_weight * change)
