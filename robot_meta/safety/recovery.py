"""Slow paths of the guard's own, and when a person has to look before there are any."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from robot_meta.reference import fastest_stop
from robot_meta.types import Array

NEAR = 0.02  # the path goes on while the reference is this close to it, [rad]
PULL = 0.2  # share of what the reference is off the path that is made up for in one period


@dataclass(frozen=True, kw_only=True)
class RecoveryConfig:
    """What happens after trouble.

    Attributes:
        speed: Of the fastest joint in `retreat` and `home`, [rad/s].
        acceleration: With which they begin and end, [rad/s^2].
        retreat_time: How much of the path just driven `retreat` can go back, [s] as it was driven.
        patience: How long they may be in the way of a rule before they end in HOLD, [s].
        reflex_limit: This many times that the robot stops itself ask for a person; 0 for never.
        reflex_window: Within this time, [s].
    """

    speed: float = 0.15
    acceleration: float = 0.5
    retreat_time: float = 5.0
    patience: float = 1.0
    reflex_limit: int = 3
    reflex_window: float = 60.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least = 0 if field.name == "reflex_limit" else math.ulp(0.0)
            if not (math.isfinite(value) and value >= least):
                want = ">= 0" if field.name == "reflex_limit" else "> 0"
                raise ValueError(f"{field.name} must be {want}, got {value}")


class SlowPath:
    """Leads along straight lines in joint space, at the pace of the fastest joint.

    Args:
        waypoints: Where it leads, (W, J), [rad]; the first is where the reference stands, or there
            is only the goal, which the caller then steers to by itself.
        config: How fast, and how patient it is.
        control_dt: T, [s].

    Attributes:
        goal: Where it ends, (J,), [rad].
    """

    def __init__(self, waypoints: Array, config: RecoveryConfig, control_dt: float) -> None:
        self.goal = waypoints[-1]
        steps = np.abs(np.diff(waypoints, axis=0)).max(axis=1)
        self._at = np.concatenate([[0.0], np.cumsum(steps)])  # way to each waypoint, (W,), [rad]
        self._waypoints, self._config, self._period = waypoints, config, control_dt
        self._done = self._speed = 0.0
        self._waited = 0

    @property
    def at_end(self) -> bool:
        """Whether only the goal itself is left to be reached."""
        return self._done >= float(self._at[-1])

    @property
    def stuck(self) -> bool:
        """Whether something is in the way for longer than the patience lasts."""
        return self._waited * self._period > self._config.patience

    def wanted(self, position: Array) -> Array:
        """Velocity (J,) [rad/s] for the end of the period that begins at `position` (J,) [rad].

        Where the reference is off the path, the path waits for it.
        """
        config, period = self._config, self._period
        off = self._point(self._done) - position
        back = np.clip(PULL / period * off, -config.speed, config.speed)
        if np.abs(off).max() > NEAR:
            self._speed, self._waited = 0.0, self._waited + 1
            return np.asarray(back)
        self._waited = 0
        step = config.acceleration * period
        left = fastest_stop(self._at[-1] - self._done, step, period)
        self._speed = min(self._speed + step, config.speed, float(left))
        before = self._point(self._done)
        self._done = min(self._done + period * self._speed, float(self._at[-1]))
        return np.asarray((self._point(self._done) - before) / period + back)

    def _point(self, done: float) -> Array:
        """The place on the path after `done` of its length, (J,), [rad]."""
        return np.array([np.interp(done, self._at, joint) for joint in self._waypoints.T])
