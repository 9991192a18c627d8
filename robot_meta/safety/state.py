"""The states of the guard and how they follow each other; nothing resumes by itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """What the guard lets happen."""

    HOLD = "HOLD"  # the reference brakes and is frozen; start-up state
    RUNNING = "RUNNING"  # commands are followed inside the limits
    STOPPED = "STOPPED"  # as HOLD, and the driver is stopped; latched


class Event(Enum):
    """What can happen to the guard."""

    ARM = "arm"  # a person allows motion
    HOLD = "hold"  # a person or a rule wants the reference frozen
    STOP = "stop"  # the software stop, or the robot is lost
    RECOVER = "recover"  # a person clears a stop


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.HOLD, Event.ARM): State.RUNNING,
    (State.HOLD, Event.HOLD): State.HOLD,
    (State.HOLD, Event.STOP): State.STOPPED,
    (State.HOLD, Event.RECOVER): State.HOLD,
    (State.RUNNING, Event.ARM): State.RUNNING,
    (State.RUNNING, Event.HOLD): State.HOLD,
    (State.RUNNING, Event.STOP): State.STOPPED,
    (State.RUNNING, Event.RECOVER): State.RUNNING,
    (State.STOPPED, Event.ARM): State.STOPPED,
    (State.STOPPED, Event.HOLD): State.STOPPED,
    (State.STOPPED, Event.STOP): State.STOPPED,
    (State.STOPPED, Event.RECOVER): State.HOLD,
}


def next_state(state: State, event: Event) -> State:
    """The state that follows; only `ARM` in HOLD leads to motion."""
    return TRANSITIONS[state, event]


@dataclass(frozen=True)
class Answer:
    """Whether a request was granted, and why not; true where it was."""

    granted: bool
    message: str

    def __bool__(self) -> bool:
        """Whether it was granted."""
        return self.granted
