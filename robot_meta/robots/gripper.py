"""A hand with two fingers: what it can be asked for, and one that is only simulated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

MAX_WIDTH = 0.08  # of the Franka hand, [m]
SPEED, FORCE = 0.05, 20.0  # unless told otherwise, [m/s], [N]
TOLERANCE = 0.005  # of the width of something that is grasped, libfranka's default, [m]


@dataclass(frozen=True, kw_only=True)
class GripperReading:
    """What the hand did and how it is.

    Attributes:
        width: Between the fingers, [m].
        max_width: After homing, [m].
        grasped: Whether it holds something.
        busy: Whether it does something now.
        succeeded: Whether the newest task that ended was done, None before the first.
        trouble: What went wrong last, "" for nothing.
    """

    width: float = 0.0
    max_width: float = 0.0
    grasped: bool = False
    busy: bool = False
    succeeded: bool | None = None
    trouble: str = ""


class Gripper(Protocol):
    """A hand. Tasks run while the arm moves; a new one begins when the last has ended."""

    def homing(self) -> None:
        """Find the ends of the fingers' range; needed once after the fingers were changed."""

    def move(self, width: float, speed: float = SPEED) -> None:
        """Open or close to `width` [m] with `speed` [m/s]."""

    def grasp(
        self,
        width: float,
        force: float = FORCE,
        speed: float = SPEED,
        tolerance: float = TOLERANCE,
    ) -> None:
        """Close on something about `width` [m] wide and hold it with `force` [N].

        It counts as grasped when its width is within `tolerance` [m].
        """

    def stop(self) -> None:
        """End what the hand does, and forget what it was to do next."""

    def state(self) -> GripperReading:
        """How the hand stands."""


class SimulatedGripper:
    """Fingers that move at the speed they were told to, without physics.

    Args:
        clock: The robot's time, [s].
        object_width: Of something between the fingers, [m]; None for nothing.
    """

    def __init__(self, clock: Callable[[], float], object_width: float | None = None) -> None:
        self._clock, self._object = clock, object_width
        self._tasks: list[tuple[str, float, float, float]] = []  # kind, goal, speed, tolerance
        self._begin, self._width = 0.0, 0.5 * MAX_WIDTH  # of the task that runs
        self._grasped, self._succeeded = False, None

    _succeeded: bool | None

    def homing(self) -> None:
        """Open all the way."""
        self._add("homing", MAX_WIDTH, SPEED)

    def move(self, width: float, speed: float = SPEED) -> None:
        """Open or close to `width` [m] with `speed` [m/s]; stops at what is in between."""
        self._add("move", width, speed)

    def grasp(
        self,
        width: float,
        force: float = FORCE,
        speed: float = SPEED,
        tolerance: float = TOLERANCE,
    ) -> None:
        """Close until something is in the way; success where it is about `width` [m] wide."""
        self._add("grasp", width, speed, tolerance)

    def stop(self) -> None:
        """Stand still and forget what was to come."""
        self._width = self.state().width
        if self._tasks:
            self._tasks, self._succeeded = [], False

    def state(self) -> GripperReading:
        """How it stands now."""
        now, width = self._clock(), self._width
        while self._tasks:
            kind, goal, speed, tolerance = self._tasks[0]
            end = self._end(kind, goal)
            lasts = abs(end - self._width) / speed
            if now - self._begin < lasts:
                share = (now - self._begin) / lasts
                width = self._width + share * (end - self._width)
                break
            self._tasks.pop(0)
            self._begin, self._width, width = self._begin + lasts, end, end
            held = self._object is not None and abs(self._object - end) < 1e-9
            self._grasped = kind == "grasp" and held and abs(end - goal) <= tolerance
            self._succeeded = self._grasped if kind == "grasp" else end == goal
        return GripperReading(
            width=width,
            max_width=MAX_WIDTH,
            grasped=self._grasped and not self._tasks,
            busy=bool(self._tasks),
            succeeded=self._succeeded,
        )

    def _end(self, kind: str, goal: float) -> float:
        """Where the fingers come to rest."""
        goal = 0.0 if kind == "grasp" else min(max(goal, 0.0), MAX_WIDTH)
        blocked = self._object is not None and goal < self._object <= self._width
        return float(self._object) if blocked and self._object is not None else goal

    def _add(self, kind: str, goal: float, speed: float, tolerance: float = 0.0) -> None:
        self.state()
        if not self._tasks:
            self._begin = self._clock()
        self._tasks.append((kind, goal, speed, tolerance))
