"""Friction, delay and stiffness of the twin, found so that it moves as a recorded robot did.

    min over θ of  Σ ρ((q̂ₖ(θ) − qₖ) / σ_q) + ρ((dq̂ₖ(θ) − dqₖ) / σ_dq)  +  ‖log θ/θ₀‖² / σ_θ²

over all periods k of segments that begin in the recorded state and follow the recorded reference;
ρ forgives outliers, the last term keeps what the run does not show at its nominal value θ₀.
At first each joint's error is taken to depend on its own parameters and on the delay alone, so
that one simulation gives the derivatives of all joints; the last steps know that joints move each
other.
Source: Ljung 1999, System Identification, ch. 7 (prediction-error methods).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares
from scipy.sparse import lil_matrix

from robot_meta.robots.description import ArmDescription
from robot_meta.twin.plant import Plant, PlantConfig
from robot_meta.twin.scenes import SceneConfig
from robot_meta.twin.segments import LONGEST_DELAY, Segment, SegmentSimulator
from robot_meta.types import Array

POSITION_ERROR, VELOCITY_ERROR = 1e-4, 3e-3  # σ_q [rad] and σ_dq [rad/s]: noise of the sensors
PRIOR = 1.0  # σ_θ, of the logarithm
RATIOS = (0.02, 10.0)  # smallest and largest friction or gain, over the nominal one
DELAY_UNIT = 0.01  # [s]
STEP = 0.02  # of the numeric derivatives, relative
COARSE, FINE = 12, 4  # steps of the search at most


@dataclass(frozen=True, kw_only=True)
class JointBehavior:
    """What of a twin can be told from how it follows its reference.

    Attributes:
        friction: Coulomb friction, (J,), [Nm].
        damping: Viscous friction, (J,), [Nms/rad].
        gain: Share of the feedback torque that the actuators deliver, (J,): the stiffness that
            acts, over the one that was set.
        delay: How much later the law follows the reference, [s]. Later readings look the same.
    """

    friction: Array
    damping: Array
    gain: Array
    delay: float

    def parameters(self) -> dict[str, float | list[float]]:
        """Parameters of a robot node whose twin behaves like this."""

        def rounded(values: Array) -> list[float]:
            return [round(float(value), 4) for value in values]

        return {
            "twin.plant.friction": rounded(self.friction),
            "twin.plant.damping": rounded(self.damping),
            "twin.perturbations.joint_gain": rounded(self.gain),
            "twin.perturbations.command_delay": round(self.delay, 4),
        }


def nominal_behavior(description: ArmDescription) -> JointBehavior:
    """The twin as it ships."""
    friction, damping = Plant(description, PlantConfig(), SceneConfig()).nominal_friction
    return JointBehavior(
        friction=friction, damping=damping, gain=np.ones(description.spec.num_joints), delay=0.0
    )


def fit_behavior(
    simulator: SegmentSimulator,
    segments: Sequence[Segment],
    nominal: JointBehavior,
    progress: Callable[[], object] = lambda: None,
) -> JointBehavior:
    """The behavior with which the twin moves as the robot did in `segments`.

    Args:
        simulator: The twin.
        segments: Of the run.
        nominal: Where the search begins, and what it stays at where the run shows nothing.
        progress: Called after every pass through all segments.
    """
    joints = len(nominal.gain)
    base = np.concatenate([nominal.friction, nominal.damping, nominal.gain])

    def behavior(ratios: Array) -> JointBehavior:
        friction, damping, gain = (base * ratios[:-1]).reshape(3, joints)
        delay = nominal.delay + (float(ratios[-1]) - 1.0) * DELAY_UNIT
        return JointBehavior(friction=friction, damping=damping, gain=gain, delay=delay)

    def residuals(ratios: Array) -> Array:
        position, velocity = errors(simulator, segments, behavior(ratios))
        progress()
        prior = np.append(np.log(ratios[:-1]), ratios[-1] - 1.0) / PRIOR
        scaled = [position / POSITION_ERROR, velocity / VELOCITY_ERROR]
        return np.concatenate([*(part.reshape(-1, joints).T.ravel() for part in scaled), prior])

    rows = sum(len(segment.position) - 1 for segment in segments)
    longest = 1.0 + (LONGEST_DELAY - nominal.delay) / DELAY_UNIT
    bounds = (
        [RATIOS[0]] * 3 * joints + [1.0 - nominal.delay / DELAY_UNIT - 1e-9],
        [RATIOS[1]] * 3 * joints + [longest],
    )
    ratios = np.ones(3 * joints + 1)
    for pattern, evaluations in ((_sparsity(rows, joints), COARSE), (None, FINE)):
        ratios = least_squares(
            residuals,
            ratios,
            bounds=bounds,
            jac_sparsity=pattern,
            diff_step=STEP,
            loss="soft_l1",
            f_scale=3.0,
            max_nfev=evaluations,
            xtol=1e-4,
            ftol=1e-4,
        ).x
    return behavior(ratios)


def errors(
    simulator: SegmentSimulator, segments: Sequence[Segment], behavior: JointBehavior
) -> tuple[Array, Array]:
    """Twin minus recording after each period, position and velocity, (segments, K, J) each."""
    simulator.set_body(behavior.friction, behavior.damping, behavior.gain)
    position, velocity = [], []
    for segment in segments:
        q, dq = simulator.run(segment, max(0.0, behavior.delay))
        position.append(q - segment.position[1:])
        velocity.append(dq - segment.velocity[1:])
    return np.array(position), np.array(velocity)


def _sparsity(rows: int, joints: int) -> lil_matrix:
    """Which residual depends on which parameter."""
    pattern = lil_matrix((2 * rows * joints + 3 * joints + 1, 3 * joints + 1), dtype=int)
    for j in range(joints):
        for part in range(2):
            begin = (part * joints + j) * rows
            pattern[begin : begin + rows, [j, joints + j, 2 * joints + j, 3 * joints]] = 1
    for i in range(3 * joints + 1):
        pattern[2 * rows * joints + i, i] = 1
    return pattern
