"""Force at the tool: what joint torques say of it, and how far it would still grow."""

from __future__ import annotations

import numpy as np

from robot_meta.kinematics import KinematicChain
from robot_meta.reference import braking_distance
from robot_meta.types import Array, Observation, RobotSpec

DAMPING = 0.03  # λ; keeps the estimate finite near singular postures


def tool_wrench(chain: KinematicChain, position: Array, external_torque: Array) -> Array:
    """Force [N], then torque [Nm], on the tool in the base frame, (6,).

    The damped least-squares solution of τ = Jᵀ w:  w = (J Jᵀ + λ² I)⁻¹ J τ. It takes every torque
    for one of a contact at the tool; a contact elsewhere on the arm is misread.
    """
    jacobian = chain.tool_jacobian(position)  # (6, J)
    matrix = jacobian @ jacobian.T + DAMPING**2 * np.eye(6)
    return np.asarray(np.linalg.solve(matrix, jacobian @ external_torque), dtype=float)


def tool_force(chain: KinematicChain, position: Array, external_torque: Array) -> float:
    """Size of the force at the tool, [N]."""
    return float(np.linalg.norm(tool_wrench(chain, position, external_torque)[:3]))


def force_is_below(
    limit: float, chain: KinematicChain, position: Array, external_torque: Array
) -> bool:
    """Whether `tool_force` ≤ `limit` [N]; ‖w‖ ≤ ‖τ‖/(2λ) often answers without a Jacobian."""
    if float(np.linalg.norm(external_torque)) <= 2.0 * DAMPING * limit:
        return True
    return tool_force(chain, position, external_torque) <= limit


def torque_after_stop(
    spec: RobotSpec, observation: Observation, velocity: Array, step: Array, delay: float
) -> Array:
    """External torque (J,) [Nm] once a reference that brakes from the next period on is at rest.

    Where the robot falls behind its reference by u [rad/s], the spring of its impedance is wound
    up: τ − K (u (delay + T) + D(u)). A robot that follows its reference (u = 0) feels no more than
    it does now.

    Args:
        spec: Stiffness K and period T.
        observation: What is felt now.
        velocity: Of the reference, (J,), [rad/s].
        step: Largest change of velocity in one period, (J,), [rad/s].
        delay: How old the torque reading is, [s].
    """
    behind = np.clip(
        velocity - observation.velocity, np.minimum(velocity, 0.0), np.maximum(velocity, 0.0)
    )
    distance = braking_distance(np.abs(behind), step, spec.control_dt)
    winding = behind * (delay + spec.control_dt) + np.copysign(distance, behind)
    return np.asarray(observation.external_torque - spec.stiffness * winding, dtype=float)
