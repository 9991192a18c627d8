"""The contract of every guard: it decides each control period, and what it decided is sent."""

from __future__ import annotations

from typing import Protocol, TypeVar

from robot_meta.safety.life import LifeCycle
from robot_meta.safety.state import Answer, State

ObservationT = TypeVar("ObservationT", contravariant=True)
CommandT = TypeVar("CommandT", contravariant=True)
ReferenceT = TypeVar("ReferenceT", covariant=True)
CommandedT = TypeVar("CommandedT", covariant=True)


class Gate(Protocol[ObservationT, CommandT, ReferenceT, CommandedT]):
    """A guard: decides every period, and says what state it is in."""

    @property
    def state(self) -> State:
        """Where the guard is in its life."""

    @property
    def reason(self) -> str:
        """Why it is not RUNNING."""

    @property
    def life(self) -> LifeCycle:
        """State, reason and how they changed."""

    @property
    def started(self) -> bool:
        """Whether it has seen the robot."""

    @property
    def at_rest(self) -> bool:
        """Whether nothing is left of a motion that it decided on."""

    @property
    def longest_gap(self) -> float:
        """Longest time between two measurements that it lets pass, [s]."""

    @property
    def counts(self) -> dict[str, int]:
        """How many periods each rule altered, and how many holds and stops each reason caused."""

    @property
    def figures(self) -> dict[str, object]:
        """What else is worth telling of it."""

    @property
    def urgent(self) -> bool:
        """Whether the driver must stop at once, before the robot has come to rest."""

    def start(self, observation: ObservationT) -> None:
        """Begin at rest where the robot is."""

    def tick(
        self, observation: ObservationT, command: CommandT | None
    ) -> tuple[ReferenceT, CommandedT]:
        """Decide the period that begins with `observation`."""

    def arm(self) -> Answer:
        """HOLD to RUNNING, if all is well."""

    def hold(self, reason: str = ...) -> None:
        """Come to rest and stay."""

    def stop(self, reason: str = ...) -> None:
        """Come to rest and stay stopped until `recover`."""

    def fault(self, reason: str) -> None:
        """The robot stopped itself or is lost."""

    def recover(self) -> Answer:
        """INACTIVE or ESTOP to HOLD."""

    def acknowledge(self) -> Answer:
        """A person has seen to what made the robot stop itself again and again."""
