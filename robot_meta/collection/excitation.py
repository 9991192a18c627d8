"""Random smooth motion that shows a robot's dynamics around a posture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot_meta.reference import advance, safe_velocity_bounds
from robot_meta.types import Array, Command, Commanded, Observation, RobotSpec


@dataclass(frozen=True, kw_only=True)
class ExcitationConfig:
    """Settings of `Excitation`."""

    reach: tuple[float, ...] = (0.7, 0.5, 0.6, 0.6, 0.6, 0.6, 0.8)  # to each side, (J,), [rad]
    slowest: float = 0.05  # [rad/s], typical joint speed of the calmest stretch
    fastest: float = 0.6  # [rad/s], of the liveliest
    correlation: float = 0.6  # [s], how long a velocity lasts
    jitter: float = 0.06  # [rad/s], largest tick-to-tick noise, as a planner's output has it
    stretch: float = 2.0  # [s], how long speed and jitter stay the same


class Excitation:
    """Joint velocities that wander, calm and lively by turns, pulled home at the reach's edge.

    Args:
        spec: The robot.
        config: Settings.
        rng: Source of all randomness.
        center: Posture that it stays around, (J,), [rad]; home by default.
    """

    def __init__(
        self,
        spec: RobotSpec,
        config: ExcitationConfig,
        rng: np.random.Generator,
        center: Array | None = None,
    ) -> None:
        if len(config.reach) != spec.num_joints:
            raise ValueError(f"want reach for {spec.num_joints} joints, got {len(config.reach)}")
        self._spec, self._config, self._rng = spec, config, rng
        self._center = spec.home if center is None else center
        self._reach = np.array(config.reach)
        self._wandering = np.zeros(spec.num_joints)
        self._ticks = 0
        self._speed = self._jitter = np.zeros(spec.num_joints)

    def act(self, observation: Observation, commanded: Commanded) -> Command:
        """Next command of the wandering reference."""
        position, velocity, dt = (
            commanded.position[1], commanded.velocity[1], self._spec.control_dt
        )  # fmt: skip
        low, high = safe_velocity_bounds(position, velocity, self._spec.limits, dt)
        next_velocity: Array = np.clip(self.wanted_velocity(position), low, high)
        return Command(
            stamp=observation.stamp,
            position=advance(position, velocity, next_velocity, dt),
            velocity=next_velocity,
        )

    def wanted_velocity(self, position: Array, share: float = 1.0) -> Array:
        """Where it wanders next, before any limit; call it once per control period.

        Args:
            position: Reference at the start of the period, (J,), [rad].
            share: Of the configured speeds.

        Returns:
            Velocity of the reference one period later, (J,), [rad/s].
        """
        c, rng, dt = self._config, self._rng, self._spec.control_dt
        if self._ticks % round(c.stretch / dt) == 0:
            ratio = rng.uniform(size=self._spec.num_joints)
            self._speed = c.slowest * (c.fastest / c.slowest) ** ratio
            self._jitter = c.jitter * rng.uniform() * np.ones(self._spec.num_joints)
        self._ticks += 1
        keep = np.exp(-dt / c.correlation)
        kick = rng.standard_normal(self._spec.num_joints) * np.sqrt(1.0 - keep**2)
        self._wandering = keep * self._wandering + self._speed * kick
        away = (position - self._center) / self._reach
        pull = -2.0 * self._reach * np.sign(away) * np.clip(np.abs(away) - 0.7, 0.0, None)
        jitter = self._jitter * rng.standard_normal(self._spec.num_joints)
        wanted: Array = share * (self._wandering + pull + jitter)
        return wanted

    def turn_back(self, position: Array) -> None:
        """Wander towards the centre from `position` (J,): there is something in the way."""
        self._wandering = np.copysign(self._wandering, self._center - position)
