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


def brake(velocity: Any, step: Any) -> Any:
    """Velocity after one period of braking as hard as the limits allow, (..., J), [rad/s]."""
    return velocity - velocity.clip(-step, step)


def braking_distance(speed: Any, step: Any, control_dt: float) -> Any:
    """Exact distance D(v) from speed v ≥ 0 to rest, braking by `step` = Δ per period, [rad].

    With v = mΔ + r, 0 ≤ r < Δ:  D = T (Δ m²/2 + m r + r/2).
    """
    whole = speed // step
    rest = speed - whole * step
    return control_dt * (0.5 * step * whole * whole + whole * rest + 0.5 * rest)


def fastest_stop(room: Any, step: Any, control_dt: float) -> Any:
    """Largest v ≥ 0 with T v/2 + D(v) ≤ `room`, (..., J), [rad/s]; 0 where room is negative.

    T v/2 + D(v) is piecewise linear: T Δ m(m+1)/2 + (m+1) T r, so it is inverted exactly.
    """
    units = (room / (control_dt * step)).clip(0.0)
    whole = ((1.0 + 8.0 * units) ** 0.5 - 1.0) // 2.0
    return step * (whole + (units - 0.5 * whole * (whole + 1.0)) / (whole + 1.0))


def safe_velocity_bounds(
    position: Any, velocity: Any, limits: JointLimits, control_dt: float
) -> tuple[Any, Any]:
    """(lowest, highest) velocity after one period from which braking stays inside the limits.

    The position limit bounds v₁ by T(v₀ + v₁)/2 + D(v₁) ≤ room, with the exact distance D of
    braking period by period (`braking_distance`).

    A velocity curve with offset o and deceleration d asks for q + (v + o)²/(2d) ≤ q_end at every
    instant. With ā = min(Δ/T, d), braking never increases the left side from one period's end to
    the next by more than TΔ/8; between two ends it rises above both by at most v·a/(2j), because
    the deceleration takes a/j to build up. Hence
        T(v₀ + v₁)/2 + (v₁ + o)²/(2ā) + v₁·a/(2j) + TΔ/8 ≤ q_end − q.

    Braking itself is always within the bounds: from a start that is inside it is safe, from one
    outside it is the best there is.
    """
    step = velocity_step(limits, control_dt)
    slack = control_dt * step / 8.0
    rest = 0.5 * control_dt * velocity
    ramp = limits.acceleration.clip(None, limits.jerk * control_dt / 2.0) / limits.jerk

    def below_curve(room: Any, deceleration: Any, offset: Any) -> Any:
        """Largest v₁ with (v₁ + offset)²/(2·deceleration) + (T + a/j) v₁/2 ≤ room."""
        half = 0.5 * (control_dt + ramp) * deceleration
        inside = (half * half + 2.0 * deceleration * room + 2.0 * half * offset).clip(0.0)
        return inside**0.5 - half - offset

    up = fastest_stop(limits.upper - position - rest, step, control_dt)
    down = fastest_stop(position + rest - limits.lower, step, control_dt)
    for curve in limits.velocity_curves:
        deceleration = (step / control_dt).clip(None, curve.deceleration)
        up_room = curve.upper - position - rest - slack
        down_room = position + rest - curve.lower - slack
        up = up.clip(None, below_curve(up_room, deceleration, curve.offset))
        down = down.clip(None, below_curve(down_room, deceleration, curve.offset))
    low = (velocity - step).clip(-down).clip(-limits.velocity)
    high = (velocity + step).clip(None, up).clip(None, limits.velocity)
    slowed = brake(velocity, step)
    return low.clip(None, slowed), high.clip(slowed)
