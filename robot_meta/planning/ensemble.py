"""Returns under an ensemble of models, so that a plan does not lean on one model's errors.

Source: Chua et al. 2018 (PETS), section 5.1, TS∞: a particle follows the same member all along.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from robot_meta.planning.planner import Returns


def trajectory_sampling(members: Sequence[Returns], particles: int = 1) -> Returns:
    """Mean return of each candidate over `particles` of the E members.

    Candidate i follows members i, i + 1, ... (mod E). One particle costs as much as one model; E
    particles roll every candidate out through every member.

    Raises:
        ValueError: There are not as many members as particles.
    """
    if not 1 <= particles <= len(members):
        raise ValueError(f"want 1 to {len(members)} particles, one per member, got {particles}")

    def returns(actions: Tensor) -> Tensor:
        first = torch.arange(len(actions)) % len(members)
        total = torch.zeros(len(actions))
        for number, member in enumerate(members):
            mine = (number - first) % len(members) < particles
            if mine.all():
                total += member(actions)
            elif mine.any():
                total[mine] += member(actions[mine])
        return total / particles

    return returns
