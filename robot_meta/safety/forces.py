"""Force at the tool from torques at the joints."""

from __future__ import annotations

import numpy as np

from robot_meta.kinematics import KinematicChain
from robot_meta.types import Array

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
