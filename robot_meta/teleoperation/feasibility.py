"""What of a motion that is asked of the tool the arm can do: where it cannot, the tool rests.

Near a singularity, motion towards it fades out. How far away one is says the smallest singular
value σ of the tool's Jacobian, with its linear rows divided by the length of an arm's half. Motion
that makes σ smaller is scaled by

    clip((σ − σ_stop) / (σ_slow − σ_stop), 0, 1),

motion that makes it larger is not. Source: the singularity slow-down of MoveIt Servo; without it
joints turn fast to and fro where the arm is stretched.

Where a joint would have to be faster than it may be, the whole motion is slower, so that the tool
keeps its way. Where joints are at their ends, the tool would go elsewhere than it is asked to; the
more it would, the slower it goes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot_meta.kinematics import KinematicChain
from robot_meta.types import Array

_LENGTH = 0.5  # [m]
_ASTRAY = (0.2, 0.6)  # share of what is asked that may go elsewhere: slower from, at rest from
_TURNED = 0.1  # how far from its axis a turning tool counts, [m]
_AHEAD = 0.05  # how far it is looked ahead, [s]


@dataclass(frozen=True, kw_only=True)
class SingularityConfig:
    """Where motion begins to fade, and where it ends.

    Attributes:
        slow: σ from which on motion towards the singularity is slower.
        stop: σ at which it ends.
    """

    slow: float = 0.16
    stop: float = 0.08

    def __post_init__(self) -> None:
        if not 0.0 < self.stop < self.slow:
            raise ValueError(f"want 0 < stop < slow, got stop {self.stop} and slow {self.slow}")


def allowed_share(
    chain: KinematicChain,
    position: Array,
    twist: Array,
    fastest: Array,
    config: SingularityConfig,
) -> float:
    """Share of `twist` that joints can keep up with and that leads not too near to a singularity.

    Args:
        chain: The arm.
        position: Joint positions, (J,), [rad].
        twist: Velocity of the tool, linear [m/s] then angular [rad/s], (6,).
        fastest: Each joint may turn, (J,), [rad/s].
        config: Settings.
    """
    left, sigma, right = np.linalg.svd(_jacobian(chain, position), full_matrices=False)
    scaled = twist / np.repeat([_LENGTH, 1.0], 3)
    joints = right.T @ ((left.T @ scaled) / sigma.clip(config.stop))
    keeping_up = 1.0 / max(1.0, float((np.abs(joints) / fastest).max()))
    if sigma[-1] >= config.slow:
        return keeping_up
    ahead = np.linalg.svd(_jacobian(chain, position + _AHEAD * joints), compute_uv=False)
    if ahead[-1] >= sigma[-1]:
        return keeping_up
    room = (sigma[-1] - config.stop) / (config.slow - config.stop)
    return keeping_up * float(np.clip(room, 0.0, 1.0))


def directness(chain: KinematicChain, position: Array, velocity: Array, twist: Array) -> float:
    """How well joints that turn at `velocity` do what is asked of the tool, from 1 to 0.

    Args:
        chain: The arm.
        position: Joint positions, (J,), [rad].
        velocity: Of the joints, (J,), [rad/s].
        twist: Asked of the tool, linear [m/s] then angular [rad/s], (6,).
    """
    astray = np.linalg.norm(chain.tool_jacobian(position)[:3] @ velocity - twist[:3])
    asked = np.linalg.norm(twist[:3]) + _TURNED * np.linalg.norm(twist[3:])
    return float(np.interp(astray / max(float(asked), 1e-9), _ASTRAY, (1.0, 0.0)))


def _jacobian(chain: KinematicChain, position: Array) -> Array:
    scaled: Array = chain.tool_jacobian(position) / np.repeat([_LENGTH, 1.0], 3)[:, None]
    return scaled
