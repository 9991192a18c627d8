"""What is read from the messages of one kind of robot, live or recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

ObservationT = TypeVar("ObservationT", covariant=True)
CommandedT = TypeVar("CommandedT", covariant=True)
CommandT = TypeVar("CommandT", covariant=True)
TargetT = TypeVar("TargetT", covariant=True)


class Decoder(Protocol[ObservationT, CommandedT, CommandT, TargetT]):
    """From messages to the types that controller and guard speak in.

    Attributes:
        period: Topics that together tell of a control period, all with the same stamp.
    """

    period: tuple[str, ...]

    def step_from(self, parts: Sequence[Any]) -> tuple[ObservationT, CommandedT]:
        """What was measured when a period began, and what was decided for it.

        Args:
            parts: The messages of `period`, in that order.

        Raises:
            MissingJoint: A joint is absent.
            ValueError: A length is wrong, a stamp differs, or a measurement is not finite.
        """

    def command_from(self, msg: Any) -> CommandT | None:
        """What a controller asks for, or None where it says that it has nothing.

        Its values are the guard's to judge.

        Raises:
            MissingJoint: A joint is absent.
            ValueError: It is not a command for this robot.
        """

    def target_from(self, msg: Any) -> TargetT:
        """Where the robot should be: a Path, one that is still serialized, or a PoseStamped.

        Raises:
            ValueError: Another frame than wanted, or no such path.
        """
