"""The 1 kHz samples of one control period, and of the stop that would follow it.

Over one period T the velocity goes from v₀ to v₁ along  v(t) = v₀ + (v₁ − v₀) s(t):  one shape s
per joint, the time-optimal jerk-limited ramp over Δ = `velocity_step`, which takes T exactly. It
is made once, by `ruckig`. A smaller change is the same shape, lower: acceleration and jerk shrink
with it, so every |v₁ − v₀| ≤ Δ is inside the limits. The shape is symmetric, so the position moves
by T (v₀ + v₁)/2. Divided differences of samples are averages of the derivatives, so they are
inside the limits too.
"""

from __future__ import annotations

import numpy as np
import ruckig

from robot_meta.reference import advance, velocity_step
from robot_meta.types import Array, JointLimits


class Ramp:
    """Turns velocities at the ends of periods into samples.

    Args:
        limits: Acceleration and jerk count here.
        control_dt: T, [s].
        reference_dt: Spacing of the samples, [s].

    Attributes:
        step: Δ, largest change of velocity in one period, (J,), [rad/s].
    """

    def __init__(self, limits: JointLimits, control_dt: float, reference_dt: float) -> None:
        self.step: Array = velocity_step(limits, control_dt)
        self._limits, self._period, self._spacing = limits, control_dt, reference_dt
        self._parts: dict[int, tuple[Array, Array, Array]] = {}
        self._samples = round(control_dt / reference_dt)
        self._time = (np.arange(1, self._samples + 1) * reference_dt)[:, None]  # (n, 1)
        _, self._shape, self._moved = self._part(self._samples)

    def period(self, position: Array, velocity: Array, after: Array) -> tuple[Array, Array]:
        """Positions and velocities (..., n, J) of periods from (..., J) to the velocity `after`.

        The last sample is bit for bit what `reference.advance` says.
        """
        change = (after - velocity)[..., None, :]
        positions = position[..., None, :] + velocity[..., None, :] * self._time
        positions = positions + change * self._moved
        velocities = velocity[..., None, :] + change * self._shape
        positions[..., -1, :] = advance(position, velocity, after, self._period)
        velocities[..., -1, :] = after
        return positions, velocities

    def slowed(
        self, position: Array, velocity: Array, after: Array, first: int
    ) -> tuple[Array, Array]:
        """The same period, (n, J) each, with every joint slowed down from sample `first` on.

        What is taken off is a ramp over the rest of the period. The one that is there uses the
        share |v₁ − v₀| / Δ of acceleration and jerk, which leaves one minus that. A joint that is
        about to turn around is left alone; the others do not turn around.
        """
        positions, velocities = self.period(position, velocity, after)
        most, shape, moved = self._part(self._samples - first)
        free = (1.0 - np.abs(after - velocity) / self.step).clip(0.0)
        now = velocities[first - 1]
        less = np.minimum(free * most, np.minimum(np.abs(now), np.abs(after)))
        change = np.where(now * after > 0.0, -np.copysign(less, after), 0.0)
        positions[first:] += change * moved
        velocities[first:] += change * shape
        return positions, velocities

    def stopping(self, position: Array, velocity: Array, after: Array) -> Array:
        """One period to each velocity in `after` (C, J), then the stop: positions (C, m·n, J).

        The stop changes each velocity by Δ per period until it is 0.
        """
        periods = int(np.ceil(np.abs(after / self.step).max() - 1e-12))
        left = np.abs(after)[:, None, :] - np.arange(periods + 1)[:, None] * self.step
        braking = np.copysign(left.clip(0.0), after[:, None, :])  # (C, m, J), ends at 0
        start = np.broadcast_to(velocity, (len(after), 1, velocity.size))
        velocities = np.concatenate([start, braking], axis=1)
        moves = 0.5 * self._period * (velocities[:, :-1] + velocities[:, 1:])
        ends = position + np.cumsum(moves, axis=1)
        begins = np.concatenate([np.broadcast_to(position, start.shape), ends[:, :-1]], axis=1)
        positions, _ = self.period(begins, velocities[:, :-1], velocities[:, 1:])
        return positions.reshape(len(after), -1, velocity.size)

    def _part(self, samples: int) -> tuple[Array, Array, Array]:
        """Of a ramp of so many samples: largest change (J,) [rad/s], s and ∫ s [s], (n, J)."""
        if samples not in self._parts:
            limits, lasts = self._limits, samples * self._spacing
            most = velocity_step(limits, lasts)
            ramps = [
                _unit_ramp(step, acceleration, jerk, lasts, samples)
                for step, acceleration, jerk in zip(
                    most, limits.acceleration, limits.jerk, strict=True
                )
            ]
            shape, moved = (np.stack(values, axis=1) for values in zip(*ramps, strict=True))
            self._parts[samples] = most, shape, moved
        return self._parts[samples]


def _unit_ramp(
    step: float, acceleration: float, jerk: float, control_dt: float, samples: int
) -> tuple[Array, Array]:
    """s(t) from 0 to 1 and its integral, (n,) each, at the ends of n equal parts of the period."""
    problem = ruckig.InputParameter(1)
    problem.control_interface = ruckig.ControlInterface.Velocity
    problem.current_position = problem.current_velocity = problem.current_acceleration = [0.0]
    problem.target_velocity, problem.target_acceleration = [step], [0.0]
    problem.max_acceleration = [min(acceleration, 0.5 * jerk * control_dt)]
    problem.max_jerk = [jerk]
    trajectory = ruckig.Trajectory(1)
    result = ruckig.Ruckig(1, control_dt / samples).calculate(problem, trajectory)
    if result not in (ruckig.Result.Working, ruckig.Result.Finished):
        raise ValueError(f"no ramp to {step} rad/s within {control_dt} s: {result}")
    if abs(trajectory.duration - control_dt) > 1e-9:
        raise ValueError(f"the ramp takes {trajectory.duration} s, want {control_dt}")
    times = np.arange(1, samples + 1) * (control_dt / samples)
    states = [trajectory.at_time(float(t)) for t in times]
    moved = np.array([position[0] for position, _, _ in states]) / step
    shape = np.array([velocity[0] for _, velocity, _ in states]) / step
    return shape, moved
