"""The states of the guard and how they follow each other; nothing resumes by itself.

An armed robot that no command has reached yet has no state of its own: it is RUNNING, and within
`max_silence` it either follows a command or holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """What the guard lets happen."""

    BOOT = "BOOT"  # nothing has been measured yet
    HOLD = "HOLD"  # the reference brakes and is frozen; the robot follows it
    RUNNING = "RUNNING"  # commands are followed inside the limits
    RECOVERY = "RECOVERY"  # the guard itself moves the robot, slowly; commands do not count
    INACTIVE = "INACTIVE"  # the robot stopped itself and follows nothing, until `recover`
    ESTOP = "ESTOP"  # a stop was pressed: brake, then stop the driver; latched until `recover`


LATCHED = (State.INACTIVE, State.ESTOP)  # what only `recover` leaves


class Event(Enum):
    """What can happen to the guard."""

    START = "start"  # the first measurement is there
    ARM = "arm"  # a person allows motion
    MOVE = "move"  # a person asks for a motion of the guard's own
    HOLD = "hold"  # such a motion is over, or a person or a rule wants the reference frozen
    FAULT = "fault"  # the robot stopped itself or is lost
    STOP = "stop"  # a stop was pressed, or its device fell silent
    ACKNOWLEDGE = "acknowledge"  # a person has seen to what made the robot stop again and again
    RECOVER = "recover"  # a person clears a fault or a stop


_CHANGES = {
    (State.BOOT, Event.START): State.HOLD,
    (State.HOLD, Event.ARM): State.RUNNING,
    (State.HOLD, Event.MOVE): State.RECOVERY,
    (State.RUNNING, Event.HOLD): State.HOLD,
    (State.RECOVERY, Event.HOLD): State.HOLD,
    (State.INACTIVE, Event.RECOVER): State.HOLD,
    (State.ESTOP, Event.RECOVER): State.HOLD,
}


def next_state(state: State, event: Event) -> State:
    """The state that follows; only `ARM` and `MOVE` in HOLD lead to motion."""
    if event is Event.STOP:
        return State.ESTOP
    if event is Event.FAULT:
        return State.ESTOP if state is State.ESTOP else State.INACTIVE
    return _CHANGES.get((state, event), state)


@dataclass(frozen=True)
class Answer:
    """Whether a request was granted, and why not; true where it was."""

    granted: bool
    message: str

    def __bool__(self) -> bool:
        """Whether it was granted."""
        return self.granted
