"""One control period as play records it, and how periods become transitions of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot_meta.replay.transitions import Transitions
from robot_meta.types import Array, Commanded


@dataclass(frozen=True, kw_only=True)
class Step:
    """How a period begins and what was decided for it.

    Attributes:
        stamp: When it begins, [s], robot clock.
        state: What is known then, (S,); joint positions first, (J,), [rad].
        requested: The action that was asked for this period, (A,), normalized; zeros for none.
        commanded: What the guard really sent for it.
    """

    stamp: float
    state: Array
    requested: Array
    commanded: Commanded


def fields(state: int, action: int, joints: int) -> dict[str, int]:
    """Names and widths of what the store keeps of a period; see `transitions`."""
    return {
        "state": state,
        "next_state": state,
        "requested": action,
        "reference": 2 * joints,
        "commanded": joints,
        "measured": joints,
    }


def transitions(steps: Sequence[Step], ending: int = 0) -> Transitions:
    """The T transitions between T + 1 steps.

    Fields: `state` and `next_state` as in `Step`; `requested`, the action asked for;
    `reference`, position and velocity of the joint reference as the period begins; `commanded`,
    its velocity at the end of the period, as the guard sent it; `measured`, the mean velocity of
    the joints that came of it; [rad], [rad/s].

    Args:
        steps: Consecutive, in order of time.
        ending: Bits of the end of the episode after the last one, as in `Transitions`.
    """
    states = np.array([step.state for step in steps])
    stamps = np.array([step.stamp for step in steps])
    sent = [step.commanded for step in steps[:-1]]
    joints = len(steps[0].commanded.position[0])
    moved = np.diff(states[:, :joints], axis=0)
    endings = np.zeros(len(sent), np.uint32)
    endings[-1:] = ending
    values = {
        "state": states[:-1],
        "next_state": states[1:],
        "requested": np.array([step.requested for step in steps[:-1]]),
        "reference": np.array([np.concatenate([c.position[0], c.velocity[0]]) for c in sent]),
        "commanded": np.array([c.velocity[1] for c in sent]),
        "measured": moved / np.diff(stamps)[:, None],
    }
    return Transitions(values, stamps[:-1], endings)
