"""The choice of one period: how fast each joint is at its end, so that it can stop in time."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import numpy as np

from robot_meta.kinematics import KinematicChain
from robot_meta.reference import brake, fastest_stop, safe_velocity_bounds
from robot_meta.safety.config import GuardConfig
from robot_meta.safety.paths import Clearance, PathJudge
from robot_meta.safety.profile import Ramp
from robot_meta.safety.reasons import Reason
from robot_meta.types import Array, JointLimits, RobotSpec

SHARES = np.array([0.9, 0.7, 0.5, 0.3, 0.1])  # of what is wanted; the rest is braking
CLOSE = 0.05  # postures on a way that are looked at beforehand are this far apart, [rad]
STILL = 1e-6  # slower than this is no motion towards a posture, [rad/s]


class Chooser:
    """Finds the admissible velocity nearest to the wanted one. Has no memory of the motion.

    A velocity is admissible when the period that leads to it and the stop that could follow keep
    every rule. Braking is admissible whenever the choice before it was.

    Args:
        spec: The robot.
        limits: Its limits, or those without a disabled rule.
        chain: Its kinematics.
        config: What the lab allows.
        clearance: Distance of the arm to itself and to the table, where it is known.
        disabled: Rules that do not count.
    """

    def __init__(
        self,
        spec: RobotSpec,
        limits: JointLimits,
        chain: KinematicChain,
        config: GuardConfig,
        clearance: Clearance | None,
        disabled: Collection[Reason],
    ) -> None:
        self.ramp = Ramp(limits, spec.control_dt, spec.reference_dt)
        self._limits, self._period, self._config = limits, spec.control_dt, config
        self._judge = PathJudge(chain, config, spec.reference_dt, clearance, disabled)
        self._lead = np.array(config.lead_limit) if Reason.LEAD not in disabled else None
        self._looks_ahead = Reason.STOPPING not in disabled

    def bounds(self, position: Array, velocity: Array) -> tuple[Array, Array]:
        """Lowest and highest velocity that the rules of the joints admit, (J,), [rad/s]."""
        low, high = safe_velocity_bounds(position, velocity, self._limits, self._period)
        return low, high

    def brake(self, velocity: Array) -> Array:
        """Velocity after a period of braking, (J,), [rad/s]."""
        slowed: Array = brake(velocity, self.ramp.step)
        return slowed

    def admit(
        self, position: Array, velocity: Array, wanted: Array, measured: Array | None
    ) -> tuple[Array, Reason | None]:
        """The admissible velocity nearest to `wanted`, and the rule that bent it, if one did.

        The bounds of the joints contain braking, and so does everything between braking and a
        velocity inside them; so a mix with braking keeps the rules of the joints.

        Args:
            position: Reference at the start of the period, (J,), [rad].
            velocity: Its velocity there, (J,), [rad/s].
            wanted: Its velocity at the end, as wished, (J,), [rad/s].
            measured: Where the robot is, (J,), [rad]; None where that is not known.
        """
        low, high = self.bounds(position, velocity)
        after: Array = np.clip(wanted, low, high)
        reason = None
        if (after != wanted).any():
            reason = self._joint_rule(position, velocity, wanted, after)
        if self._lead is not None and measured is not None:
            lead_low, lead_high = self._lead_bounds(position, velocity, measured, self._lead)
            led = np.clip(np.clip(after, lead_low, lead_high), low, high)
            if (led != after).any():
                after, reason = led, Reason.LEAD
        broken = self._broken(position, velocity, after[None])[0]
        if broken is None:
            return after, reason
        braked = self.brake(velocity)
        mixes = braked + SHARES[:, None] * (after - braked)
        troubles = self._broken(position, velocity, mixes)
        for mix, trouble in zip(mixes, troubles, strict=True):
            if trouble is None:
                return mix, broken
        return braked, broken if (braked != after).any() else reason

    def toward(self, position: Array, velocity: Array, goal: Array) -> tuple[Array, Reason | None]:
        """The admissible velocity (J,) [rad/s] that leads slowly to `goal` and stops there.

        With it comes the rule that bent it, if one did.
        """
        away = goal - position - 0.5 * self._period * velocity
        speed = fastest_stop(np.abs(away), self.ramp.step, self._period)
        speed = np.minimum(speed, self._config.yield_speed)
        wanted = np.where(speed < STILL, 0.0, np.copysign(speed, away))
        return self.admit(position, velocity, wanted, None)

    def obstacle_between(self, position: Array, goal: Array) -> str:
        """Why an arm at rest cannot go straight from `position` to `goal`, both (J,), or ""."""
        steps = int(np.ceil(np.abs(goal - position).max() / CLOSE)) + 1
        for share in np.linspace(0.0, 1.0, steps + 1):
            broken = self.broken_at(position + share * (goal - position))
            if broken is not None:
                return (
                    f"the straight way there breaks {broken} after {share:.0%} of it: guide the "
                    "robot to a better posture"
                )
        return ""

    def broken_at(self, position: Array) -> Reason | None:
        """The Cartesian rule that a posture (J,) breaks at rest, or None."""
        return self._judge.broken(position, position[None, None])[0]

    def broken_on(self, start: Array, path: Array, velocity: Array) -> Reason | None:
        """The Cartesian rule that `path` (t, J) from `start` or the stop after it breaks, or None.

        Args:
            start: Where it begins, (J,), [rad].
            path: Samples.
            velocity: At its end, (J,), [rad/s].
        """
        stop = self.ramp.stopping(path[-1], velocity, self.brake(velocity)[None])
        return self._judge.broken(start, np.concatenate([path[None], stop], axis=1))[0]

    def _broken(self, position: Array, velocity: Array, after: Array) -> list[Reason | None]:
        """The Cartesian rule that each choice (C, J) breaks in its period or in its stop."""
        if self._looks_ahead:
            paths = self.ramp.stopping(position, velocity, after)
        else:
            paths, _ = self.ramp.period(position, velocity, after)
        return self._judge.broken(position, paths)

    def _lead_bounds(
        self, position: Array, velocity: Array, measured: Array, lead: Array
    ) -> tuple[Array, Array]:
        """Velocities from which the reference stops within `lead` of the robot.

        Where the robot was pushed further away, they lead back to it.
        """
        middle = position + 0.5 * self._period * velocity

        def ahead(room: Array) -> Array:
            forth = fastest_stop(room, self.ramp.step, self._period)
            back = fastest_stop(-room, self.ramp.step, self._period)
            bound: Array = np.where(
                room >= 0.0, forth, -np.minimum(back, self._config.yield_speed)
            )
            return bound

        return -ahead(middle - measured + lead), ahead(measured + lead - middle)

    def _joint_rule(self, position: Array, velocity: Array, wanted: Array, after: Array) -> Reason:
        """Which rule of the joints kept `wanted` from being sent."""
        bent = wanted != after
        if (np.abs(wanted - velocity) > self.ramp.step)[bent].any():
            return Reason.ACCELERATION
        if (np.abs(wanted) > self._limits.velocity)[bent].any():
            return Reason.VELOCITY
        without_curves = dataclasses.replace(self._limits, velocity_curves=())
        low, high = safe_velocity_bounds(position, velocity, without_curves, self._period)
        outside = ((wanted < low) | (wanted > high))[bent].any()
        return Reason.POSITION if outside else Reason.VELOCITY_CURVE
