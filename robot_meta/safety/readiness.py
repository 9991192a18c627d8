"""Whether the robot may begin to move from where it stands."""

from __future__ import annotations

import numpy as np

from robot_meta.safety.choice import Chooser
from robot_meta.safety.touch import Touch
from robot_meta.types import Array, JointLimits, Observation


def obstacle(
    measured: Observation | None,
    position: Array,
    velocity: Array,
    *,
    names: tuple[str, ...],
    limits: JointLimits,
    lead: Array | None,
    chooser: Chooser,
    touch: Touch,
) -> str:
    """Why a reference at `position` and `velocity` must not move now, or "".

    Args:
        measured: Newest valid measurement, if there is one.
        position: Reference, (J,), [rad].
        velocity: Its velocity, (J,), [rad/s].
        names: Of the joints.
        limits: Of the joints.
        lead: Largest distance of the robot from it, (J,), [rad]; None for any.
        chooser: Knows the Cartesian rules.
        touch: Knows what the robot may feel.
    """
    if measured is None:
        return "there is no valid measurement"
    if velocity.any():
        return "the reference is still braking"
    for joint, name in enumerate(names):
        if not limits.lower[joint] <= position[joint] <= limits.upper[joint]:
            return (
                f"{name} is at {position[joint]:.4f} rad, outside "
                f"[{limits.lower[joint]:.4f}, {limits.upper[joint]:.4f}]: guide it inside"
            )
    broken = chooser.broken_at(position)
    if broken is not None:
        return f"the posture breaks {broken}: guide the robot to a better one, then recover"
    if lead is not None and (np.abs(position - measured.position) > lead).any():
        return "the robot stands too far from its reference: call recover first"
    trouble = touch.trouble(measured, velocity)
    return "" if trouble is None else f"{trouble}: free the robot, then recover"
