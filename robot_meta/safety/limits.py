"""The judge: whether a stream of 1 kHz samples keeps every limit; it knows nothing of the guard.

Derivatives are finite differences of the positions, as the robot's own interface takes them
(libfranka include/franka/rate_limiting.h): velocity k belongs to the step from sample k − 1 to k
and is held against the velocity curve at sample k − 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from robot_meta.kinematics import KinematicChain
from robot_meta.safety.reasons import Reason
from robot_meta.types import Array, JointLimits

RELATIVE = 1e-6  # how far a value may exceed its limit, relative to the limit


@dataclass(frozen=True)
class Violation:
    """One rule that a stream breaks.

    Attributes:
        rule: Which one.
        count: How many samples break it.
        sample: The worst of them.
        excess: By how much it does, in the unit of the rule; inf where it is not a number.
        limit: What it exceeds.
    """

    rule: Reason
    count: int
    sample: int
    excess: float
    limit: float


@dataclass(frozen=True, kw_only=True)
class StreamJudge:
    """Holds reference streams against limits.

    Attributes:
        limits: Of the joints.
        reference_dt: Spacing of the samples, [s].
        chain: Kinematics, for the rules of the tool.
        workspace_lower: Box of the tool point, (3,), [m].
        workspace_upper: Its other corner, (3,), [m].
        tool_speed: Limit of the tool point, [m/s].
        self_distance: Smallest distance between parts of the arm, [m].
        clearance: Smallest distance [m] over postures (n, J); None where none is known.
    """

    limits: JointLimits
    reference_dt: float
    chain: KinematicChain
    workspace_lower: Array
    workspace_upper: Array
    tool_speed: float
    self_distance: float = 0.0
    clearance: Callable[[Array], float] | None = None

    def violations(self, positions: Array) -> list[Violation]:
        """Every rule that the stream (t, J) breaks; it begins at rest at its first sample."""
        found = [self._joint_rules(positions), self._tool_rules(positions)]
        return [violation for group in found for violation in group]

    def _joint_rules(self, positions: Array) -> list[Violation]:
        limits, dt = self.limits, self.reference_dt
        resting = np.concatenate([np.repeat(positions[:1], 3, axis=0), positions])
        velocity = np.diff(resting, axis=0) / dt
        acceleration = np.diff(velocity, axis=0) / dt
        jerk = np.diff(acceleration, axis=0) / dt
        velocity = velocity[2:]  # of the step to each sample
        before = resting[2:-1]
        low, high = np.zeros_like(velocity), np.zeros_like(velocity)
        low, high = low - np.inf, high + np.inf
        for curve in limits.velocity_curves:
            curve_low, curve_high = curve.bounds(before)
            low, high = np.maximum(low, curve_low), np.minimum(high, curve_high)
        spread = limits.upper - limits.lower
        return [
            *_over(
                Reason.POSITION,
                np.maximum(positions - limits.upper, limits.lower - positions),
                spread,
            ),
            *_over(Reason.VELOCITY, np.abs(velocity) - limits.velocity, limits.velocity),
            *_over(
                Reason.VELOCITY_CURVE,
                np.maximum(velocity - high, low - velocity),
                limits.velocity,
            ),
            *_over(
                Reason.ACCELERATION,
                np.abs(acceleration[1:]) - limits.acceleration,
                limits.acceleration,
            ),
            *_over(Reason.JERK, np.abs(jerk) - limits.jerk, limits.jerk),
        ]

    def _tool_rules(self, positions: Array) -> list[Violation]:
        tool = self.chain.tool_position_in_base(positions)  # (t, 3)
        speed = np.linalg.norm(np.diff(tool, axis=0), axis=1) / self.reference_dt
        outside = np.maximum(tool - self.workspace_upper, self.workspace_lower - tool)
        found = [
            *_over(Reason.WORKSPACE, outside, self.workspace_upper - self.workspace_lower),
            *_over(Reason.TOOL_SPEED, speed - self.tool_speed, np.array(self.tool_speed)),
        ]
        if self.clearance is not None:
            distance = np.array([self.self_distance - self.clearance(positions)])
            found += _over(Reason.SELF_COLLISION, distance, np.array(self.self_distance))
        return found


def _over(rule: Reason, excess: Array, scale: npt.NDArray[np.float64]) -> list[Violation]:
    """The violation in `excess` (t, ...) beyond a limit of size `scale`; NaN is one."""
    broken = ~(excess <= RELATIVE * scale)
    if not broken.any():
        return []
    size = np.where(np.isnan(excess), np.inf, excess)
    worst = np.unravel_index(int(np.argmax(size)), size.shape)
    limit = np.broadcast_to(scale, excess.shape)[worst]
    count = int(broken.reshape(len(broken), -1).any(axis=1).sum())
    return [Violation(rule, count, int(worst[0]), float(size[worst]), float(limit))]
