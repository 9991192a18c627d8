"""The slow motions of the guard's own: letting go, back along the path just driven, home."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from robot_meta.safety.choice import Chooser
from robot_meta.safety.reasons import Reason
from robot_meta.safety.recovery import RecoveryConfig, SlowPath
from robot_meta.safety.trail import Trail
from robot_meta.types import Array

ARRIVED = 1e-3  # a motion that rests this near to its goal is there, [rad]


class Maneuvers:
    """One motion at a time, and the path that can be driven back.

    Args:
        config: How they are done.
        control_dt: T, [s].
    """

    def __init__(self, config: RecoveryConfig, control_dt: float) -> None:
        self._config, self._period = config, control_dt
        self._trail = Trail(round(config.retreat_time / control_dt) + 1)
        self._path: SlowPath | None = None
        self._reason = Reason.LET_GO

    @property
    def lets_go(self) -> bool:
        """Whether the motion is there to end a touch, which then does not end it."""
        return self._reason is Reason.LET_GO

    @property
    def back(self) -> Array:
        """The path just driven, newest place first, (W, J), [rad]."""
        return self._trail.back

    def begin(self, reason: Reason, waypoints: Array) -> None:
        """Start on a way (W, J) [rad] from where the reference stands; only a goal to let go."""
        self._reason = reason
        self._path = SlowPath(waypoints, self._config, self._period)

    def moved(self, position: Array, *, by_itself: bool) -> None:
        """The reference is at `position` (J,) now, brought there by a motion of its own or not."""
        if by_itself:
            self._trail.cut(position)
        else:
            self._trail.add(position)

    def restart(self, position: Array) -> None:
        """The reference begins anew at `position` (J,)."""
        self._trail.cut(position)
        self._trail.add(position)

    def next(
        self,
        chooser: Chooser,
        position: Array,
        velocity: Array,
        measured: Array | None,
        calmed: Callable[[Array], Array],
    ) -> tuple[Array, str]:
        """Velocity (J,) [rad/s] at the end of the period; the code of its end, "" before that.

        Args:
            chooser: Knows what is admissible.
            position: Reference at the start of the period, (J,), [rad].
            velocity: Its velocity there, (J,), [rad/s].
            measured: Where the robot is, (J,), [rad]; None where that is not known.
            calmed: What becomes of a wanted velocity (J,) [rad/s] in contact.
        """
        assert self._path is not None
        path = self._path
        if not path.at_end:
            wanted = calmed(path.wanted(position))
            after, rule = chooser.admit(position, velocity, wanted, measured)
            if path.stuck:
                return chooser.brake(velocity), str(rule or Reason.LEAD)
            return after, ""
        after, rule = chooser.toward(position, velocity, path.goal)
        if after.any():
            return after, ""
        arrived = self.lets_go or bool((np.abs(path.goal - position) <= ARRIVED).all())
        return after, str(self._reason if arrived else rule or Reason.LEAD)
