"""Labs for the guard to work in: an arm, what is allowed, postures to start from, and a judge."""

from __future__ import annotations

import dataclasses

import numpy as np

from robot_meta.robots.description import ArmDescription, arm_description
from robot_meta.safety.config import GuardConfig
from robot_meta.safety.limits import StreamJudge
from robot_meta.safety.paths import Clearance, tool_positions
from robot_meta.types import Array


def clearance(position: Array, table_height: float) -> float:
    """How far the tool stays from a ball around the shoulder, [m]: a part of the arm, say."""
    away = tool_positions(FR3.chain, position) - np.array([[0.0], [0.0], [0.333]])
    return float(np.sqrt((away * away).sum(axis=0)).min() - 0.30)


FR3 = arm_description("fr3")
WIDE = GuardConfig(
    workspace_lower=(-2.0, -2.0, -2.0),
    workspace_upper=(2.0, 2.0, 2.0),
    table_height=-2.0,
    tool_speed=50.0,
    self_distance=0.0,
    lead_limit=(10.0,) * 7,
)


@dataclasses.dataclass(frozen=True)
class Arena:
    """An arm, what the guard allows, postures to start from, and the judge."""

    arm: ArmDescription
    config: GuardConfig
    clearance: Clearance | None
    starts: Array

    @property
    def judge(self) -> StreamJudge:
        """Holds streams against the limits of this arena."""
        lower = np.array(self.config.workspace_lower)
        lower[2] = self.config.floor
        clear = self.clearance
        return StreamJudge(
            limits=self.arm.spec.limits,
            reference_dt=self.arm.spec.reference_dt,
            chain=self.arm.chain,
            workspace_lower=lower,
            workspace_upper=np.array(self.config.workspace_upper),
            tool_speed=self.config.tool_speed,
            self_distance=self.config.self_distance,
            clearance=clear and (lambda positions: clear(positions, self.config.table_height)),
        )


def arena(config: GuardConfig, *, speed: float = 1.0, clear: Clearance | None = None) -> Arena:
    """An FR3 in a lab that allows `config`."""
    arm = arm_description("fr3", speed=speed)
    return Arena(arm, config, clear, _starts(arm, config, clear))


def _starts(
    arm: ArmDescription, config: GuardConfig, clear: Clearance | None, count: int = 400
) -> Array:
    """Postures that the guard would arm in; in half of them some joint is at its very end."""
    rng, limits = np.random.default_rng(7), arm.spec.limits
    found: list[Array] = []
    while len(found) < count:
        posture = rng.uniform(limits.lower, limits.upper)
        if len(found) % 4 == 0:
            posture = arm.spec.home + rng.normal(0.0, 0.3, 7)
            posture = np.clip(posture, limits.lower, limits.upper)
        if len(found) % 2:
            joint = rng.integers(7)
            inwards = rng.choice([0.0, 1e-3, 0.05, 0.3])
            end = rng.choice([limits.lower[joint] + inwards, limits.upper[joint] - inwards])
            posture[joint] = end
        tool = arm.chain.tool_position_in_base(posture)
        inside = (tool >= config.workspace_lower) & (tool <= config.workspace_upper)
        if not inside.all() or tool[2] < config.floor:
            continue
        if clear is None or clear(posture[None], config.table_height) >= config.self_distance:
            found.append(posture)
    return np.array(found)


def arenas() -> dict[str, Arena]:
    """The lab, at a fifth of the speed, with a fast tool; nothing around, and that slowly."""
    near = GuardConfig(self_distance=0.02)
    return {
        "lab": arena(near, clear=clearance),
        "slow": arena(near, speed=0.2, clear=clearance),
        "fast": arena(dataclasses.replace(near, tool_speed=1.5), clear=clearance),
        "wide": arena(WIDE),
        "calm": arena(WIDE, speed=0.25),
    }
