"""One control period as play records it, and how periods become transitions of the store."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from robot_meta.replay.transitions import Transitions
from robot_meta.types import Array, Commanded


@dataclass(frozen=True, kw_only=True)
class RecordedStep(ABC):
    """How a period begins and what was decided for it, whatever the robot.

    Attributes:
        stamp: When it begins, [s], robot clock.
        state: What is known then, (S,).
        requested: The action that was asked for this period, (A,); zeros for none.
    """

    stamp: float
    state: Array
    requested: Array

    @property
    @abstractmethod
    def reference(self) -> Array:
        """What the robot is told as the period begins, (R,)."""

    @property
    @abstractmethod
    def sent(self) -> Array:
        """What the guard really sent, at the end of the period, (C,)."""

    @abstractmethod
    def came_of_it(self, after: Any) -> Array:
        """The same quantity as `sent`, as it was measured until the step `after`, (C,)."""


@dataclass(frozen=True, kw_only=True)
class Step(RecordedStep):
    """A period of an arm; joint positions come first in its state, (J,), [rad].

    Attributes:
        commanded: What the guard really sent for it.
    """

    commanded: Commanded

    @property
    def reference(self) -> Array:
        """Position and velocity of the joint reference, (2J,), [rad] and [rad/s]."""
        return np.concatenate([self.commanded.position[0], self.commanded.velocity[0]])

    @property
    def sent(self) -> Array:
        """Velocity of the joint reference, (J,), [rad/s]."""
        sent: Array = self.commanded.velocity[1]
        return sent

    def came_of_it(self, after: Step) -> Array:
        """Mean velocity of the joints, (J,), [rad/s]."""
        joints = len(self.sent)
        moved: Array = after.state[:joints] - self.state[:joints]
        return moved / (after.stamp - self.stamp)


def fields(state: int, action: int, sent: int, reference: int | None = None) -> dict[str, int]:
    """Names and widths of what the store keeps of a period; see `transitions`.

    Args:
        state: S.
        action: A.
        sent: C.
        reference: R; None for positions beside velocities, as arms have them.
    """
    return {
        "state": state,
        "next_state": state,
        "requested": action,
        "reference": 2 * sent if reference is None else reference,
        "commanded": sent,
        "measured": sent,
    }


def transitions(steps: Sequence[RecordedStep], ending: int = 0) -> Transitions:
    """The T transitions between T + 1 steps.

    Fields: `state`, `next_state`, `requested` and `reference` as in `RecordedStep`; `commanded`,
    what the guard sent; `measured`, what came of it.

    Args:
        steps: Consecutive, in order of time.
        ending: Bits of the end of the episode after the last one, as in `Transitions`.
    """
    begun, after = steps[:-1], steps[1:]
    endings = np.zeros(len(begun), np.uint32)
    endings[-1:] = ending
    values = {
        "state": np.array([step.state for step in begun]),
        "next_state": np.array([step.state for step in after]),
        "requested": np.array([step.requested for step in begun]),
        "reference": np.array([step.reference for step in begun]),
        "commanded": np.array([step.sent for step in begun]),
        "measured": np.array(
            [step.came_of_it(then) for step, then in zip(begun, after, strict=True)]
        ),
    }
    return Transitions(values, np.array([step.stamp for step in begun]), endings)
