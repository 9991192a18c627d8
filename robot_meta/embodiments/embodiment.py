"""The contract between the controller and what it drives: states, actions, rewards, commands."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Protocol, TypeVar

from torch import Tensor

from robot_meta.contact import ContactConfig
from robot_meta.dynamics.space import StateSpace
from robot_meta.planning.planner import Admit
from robot_meta.types import Array

Score = Callable[[Tensor, Tensor], Tensor]
"""Reward (N, H) of imagined states (N, H, S), each reached by the action (N, H, A) of its step."""


class Stamped(Protocol):
    """Something of a certain time."""

    @property
    def stamp(self) -> float:
        """[s], robot clock."""


ObservationT = TypeVar("ObservationT", bound=Stamped, contravariant=True)
CommandedT = TypeVar("CommandedT", bound=Stamped, contravariant=True)
CommandT = TypeVar("CommandT", bound=Stamped, covariant=True)
TargetT = TypeVar("TargetT", contravariant=True)


class Touch(Enum):
    """Whether something from outside moves the robot, which says nothing about its body."""

    NONE = "none"
    BEGINS = "begins"
    LASTS = "lasts"


class Embodiment(Protocol[ObservationT, CommandedT, CommandT, TargetT]):
    """How one kind of robot is driven.

    Attributes:
        control_dt: T, [s].
        contact: What is taken back of adaptation when a touch begins.
    """

    control_dt: float
    contact: ContactConfig

    def use(self, space: StateSpace) -> None:
        """Speak in states and actions of `space` from now on, which is a model's.

        Raises:
            ValueError: It is a space of another kind of robot.
        """

    def reset(self) -> None:
        """Begin a new episode."""

    def state(self, observation: ObservationT, commanded: CommandedT) -> Array:
        """State at the start of the period that `commanded` decided, (S,)."""

    def done(self, commanded: CommandedT) -> Array:
        """Action of the period that ended at the stamp of `commanded`, (A,)."""

    def decided(self, commanded: CommandedT) -> Array:
        """Action of the period that begins there, (A,)."""

    def touch(self, observation: ObservationT, commanded: CommandedT) -> Touch:
        """Whether something from outside moved the robot in the period that ended."""

    def plan_for(
        self, target: TargetT, stamp: float, start: Tensor, horizon: int
    ) -> tuple[Score, Admit]:
        """What plans are scored by, and which of them may be made.

        Args:
            target: Where the robot should be, and when.
            stamp: Of the observation, [s]; the plan begins one period later.
            start: State in which it begins, (S,).
            horizon: Periods of the plan.
        """

    def answer(self, observation: ObservationT, commanded: CommandedT, action: Array) -> CommandT:
        """The command that answers `observation` with `action` (A,)."""

    def hold(self, observation: ObservationT, commanded: CommandedT) -> CommandT:
        """The command that comes to rest."""

    def diagnostics(self) -> dict[str, float]:
        """Figures of the last tick."""
