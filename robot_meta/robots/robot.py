"""The contract of everything that moves: arm, legs, twin and fake."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Protocol, TypeVar

from robot_meta.types import Observation, Reference, RobotSpec

USER_STOPPED = "user_stopped"  # `Robot.stopped` while its user stop is pressed, and after that

ObservationT = TypeVar("ObservationT", covariant=True)
ReferenceT = TypeVar("ReferenceT", contravariant=True)


class Driver(Protocol[ObservationT, ReferenceT]):
    """A connected robot. Leaving its `with` block, by any road, stops it.

    A driver follows the newest reference it was given and holds its last sample when it runs out.
    It never invents motion: only a guard makes a `Reference`.
    """

    spec: Any

    @property
    def stopped(self) -> str:
        """Why it is stopped, "" when it is not.

        A robot stops itself too: by a reflex (the name is libfranka's), by a watchdog or because
        somebody pressed its user stop (`USER_STOPPED`). It then stays stopped as after `stop`.
        """

    def observe(self) -> ObservationT:
        """Newest stamped measurement; never blocks.

        Raises:
            NotConnected: The robot is closed or lost.
        """

    def command(self, reference: ReferenceT) -> None:
        """Follow `reference`, replacing whatever is left of the one before.

        Raises:
            NotConnected: The robot is closed or lost.
            ValueError: Wrong shape, or a value that is not finite.
        """

    def stop(self, reason: str) -> None:
        """Hold the present reference until `recover`; safe to call twice and after errors.

        References given meanwhile are checked as ever and then ignored: nothing moves a stopped
        robot, and nothing of what came in between is followed later.
        """

    def recover(self) -> bool:
        """Clear a stop or a reflex and hold in place; whether that worked.

        The reference then begins where the arm stands, not where it stood when it was stopped.
        """

    def close(self) -> None:
        """Stop and disconnect; safe to call twice."""

    def __enter__(self) -> Driver[ObservationT, ReferenceT]:
        """The robot itself."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""


class Robot(Driver[Observation, Reference], Protocol):
    """An arm."""

    spec: RobotSpec

    def __enter__(self) -> Robot:
        """The robot itself."""
