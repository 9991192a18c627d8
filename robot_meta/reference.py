"""Arithmetic of the joint reference, shared by the guard and by the planner's imagination.

In one control period T the reference changes its velocity from v₀ to v₁ along a symmetric,
jerk-limited ramp with zero acceleration at both ends. Therefore, exactly,

    position moves by T (v₀ + v₁) / 2,   and   |v₁ − v₀| ≤ a (T − a / j)   with a ≤ jT/2.

A reference is safe when braking by the largest change in every period keeps it inside the limits.
Both sides use the same formulas, so that what the planner imagines is what the guard sends.
All functions take numpy arrays or torch tensors of shape (..., J) and limits of the same kind.
"""

from __future__ import annotations

from typing import Any

from robot_meta.types import JointLimits


def velocity_step(limits: JointLimits, control_dt: float) -> Any:
    """Largest change of velocity in one period, (J,), [rad/s]."""
    acceleration = limits.acceleration.clip(None, limits.jerk * control_dt / 2.0)
    return acceleration * (control_dt - acceleration / limits.jerk)


def advance(position: Any, velocity: Any, next_velocity: Any, control_dt: float) -> Any:
    """Reference position one period later, (..., J), [rad]."""
    return position + 0.5 * control_dt * (velocity + next_velocity)


def safe_velocity_bounds(
    position: Any, velocity: Any, limits: JointLimits, control_dt: float
) -> tuple[Any, Any]:
    """(lowest, highest) velocity after one period from which braking stays inside the limits.

    From v₁ the brake needs at most v₁²/(2ā) + TΔ/8, where Δ is `velocity_step` and ā = Δ/T (the
    last, partial period costs at most TΔ/8 more than braking continuously). Solving
    T(v₀ + v₁)/2 + v₁²/(2ā) + TΔ/8 = room for v₁ gives the bound that the position limit sets;
    a velocity curve sets one of the same form with its own deceleration, if that is the smaller.

    The bounds may be empty (lowest > highest) only for a start that was already unsafe.
    """
    step = velocity_step(limits, control_dt)
    brake = step / control_dt
    slack = control_dt * step / 8.0
    rest = 0.5 * control_dt * velocity

    def bound(room: Any, deceleration: Any, offset: Any) -> Any:
        """Largest v₁ ≥ 0 with (v₁ + offset)²/(2·deceleration) + T v₁/2 ≤ room."""
        half = 0.5 * control_dt * deceleration
        inside = (half * half + 2.0 * deceleration * (room + 0.5 * control_dt * offset)).clip(0.0)
        return inside**0.5 - half - offset

    zero = 0.0 * brake
    up = bound(limits.upper - position - rest - slack, brake, zero)
    down = bound(position + rest - limits.lower - slack, brake, zero)
    for curve in limits.velocity_curves:
        deceleration = brake.clip(None, curve.deceleration)
        up = up.clip(
            None, bound(curve.upper - position - rest - slack, deceleration, curve.offset)
        )
        down = down.clip(
            None, bound(position + rest - curve.lower - slack, deceleration, curve.offset)
        )
    low = (velocity - step).clip(-down).clip(-limits.velocity)
    high = (velocity + step).clip(None, up).clip(None, limits.velocity)
    return low, high
