"""Excitation of an arm that nobody has driven yet: slow first, then faster, back at the end."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from robot_meta.collection.excitation import Excitation, ExcitationConfig
from robot_meta.kinematics import KinematicChain
from robot_meta.reference import advance, fastest_stop, safe_velocity_bounds, velocity_step
from robot_meta.types import Array, Command, Commanded, RobotSpec

ARRIVED = 1e-6  # a slower way back than this is standing still, [rad/s]


@dataclass(frozen=True, kw_only=True)
class GradualConfig:
    """How long, how slow at first, how fast at last.

    Attributes:
        duration: Of the motion, without the way back, [s].
        slow_time: How long it stays slow, [s].
        growth_time: How long it takes from there to full speed, [s].
        first_share: Share of the final speed while it is slow.
        top_speed: No joint's reference is faster at full speed, [rad/s].
        return_speed: Nor on the way back to where it began, [rad/s].
        tool_share: Share of the guard's tool speed that is used.
        motion: The motion at full speed.
    """

    duration: float = 300.0
    slow_time: float = 60.0
    growth_time: float = 120.0
    first_share: float = 0.1
    top_speed: float = 1.0
    return_speed: float = 0.1
    tool_share: float = 0.8
    motion: ExcitationConfig = field(default_factory=ExcitationConfig)

    def __post_init__(self) -> None:
        for name in ("duration", "top_speed", "return_speed"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)}")
        for name in ("slow_time", "growth_time"):
            if not getattr(self, name) >= 0.0:
                raise ValueError(f"{name} must be >= 0, got {getattr(self, name)}")
        for name in ("first_share", "tool_share"):
            if not 0.0 < getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must be in (0, 1], got {getattr(self, name)}")

    def share(self, elapsed: float) -> float:
        """Share of the final speed, `elapsed` [s] after the begin."""
        if elapsed < self.slow_time:
            return self.first_share
        grown = (elapsed - self.slow_time) / max(self.growth_time, 1e-9)
        return self.first_share + (1.0 - self.first_share) * min(1.0, grown)


class GradualExcitation:
    """Wanders around the place where it began, and ends there at rest.

    Args:
        spec: The robot, with limits scaled for the allowed speed.
        chain: Its kinematics.
        config: Settings.
        rng: Source of all randomness.
        tool_speed: That the guard allows, [m/s].

    Attributes:
        elapsed: Time since the begin, [s]; 0 before the first command.
        arrived: Whether it is back and at rest; every command keeps it there.
    """

    def __init__(
        self,
        spec: RobotSpec,
        chain: KinematicChain,
        config: GradualConfig,
        rng: np.random.Generator,
        tool_speed: float,
    ) -> None:
        self.elapsed, self.arrived = 0.0, False
        self._spec, self._chain, self._config, self._rng = spec, chain, config, rng
        self._tool_speed = config.tool_share * tool_speed
        self._step = velocity_step(spec.limits, spec.control_dt)
        self._start: Array | None = None
        self._motion: Excitation | None = None
        if len(config.motion.reach) != spec.num_joints:
            raise ValueError(
                f"want motion.reach for {spec.num_joints} joints, got {len(config.motion.reach)}"
            )

    def act(self, commanded: Commanded) -> Command:
        """The command that answers the period `commanded`."""
        position, velocity = commanded.position[1], commanded.velocity[1]
        if self._start is None or self._motion is None:
            self._start = position.copy()
            self._motion = Excitation(self._spec, self._config.motion, self._rng, self._start)
        if self.elapsed < self._config.duration:
            share = self._config.share(self.elapsed)
            if commanded.altered:
                self._motion.turn_back(position)
            top = share * self._config.top_speed
            wanted = self._motion.wanted_velocity(position, share).clip(-top, top)
        else:
            wanted = self._way_back(position, velocity, self._start)
            self.arrived = not (wanted.any() or velocity.any())
        self.elapsed += self._spec.control_dt
        return self._command(commanded.stamp, position, velocity, wanted)

    def _way_back(self, position: Array, velocity: Array, start: Array) -> Array:
        """The slow velocity that leads to `start` and stops there, (J,), [rad/s]."""
        dt = self._spec.control_dt
        away = start - position - 0.5 * dt * velocity
        speed = fastest_stop(np.abs(away), self._step, dt).clip(None, self._config.return_speed)
        return np.where(speed < ARRIVED, 0.0, np.copysign(speed, away))

    def _command(self, stamp: float, position: Array, velocity: Array, wanted: Array) -> Command:
        """`wanted` as fast as joints and tool may move."""
        dt = self._spec.control_dt
        tool = np.linalg.norm(self._chain.tool_jacobian(position)[:3] @ wanted)
        slower = min(1.0, self._tool_speed / max(float(tool), 1e-9))
        low, high = safe_velocity_bounds(position, velocity, self._spec.limits, dt)
        next_velocity: Array = np.clip(slower * wanted, low, high)
        return Command(
            stamp=stamp,
            position=advance(position, velocity, next_velocity, dt),
            velocity=next_velocity,
        )


def standing(commanded: Commanded, spec: RobotSpec) -> Command:
    """The command that stays where the reference of `commanded` comes to rest."""
    position, velocity, dt = commanded.position[1], commanded.velocity[1], spec.control_dt
    low, high = safe_velocity_bounds(position, velocity, spec.limits, dt)
    rest: Array = np.clip(np.zeros_like(velocity), low, high)
    return Command(
        stamp=commanded.stamp, position=advance(position, velocity, rest, dt), velocity=rest
    )
