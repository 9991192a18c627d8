"""Where the guard is in its life, why, how it came there, and whether a person has to look."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from robot_meta.safety.reasons import Reason
from robot_meta.safety.recovery import RecoveryConfig
from robot_meta.safety.state import LATCHED, Event, State, next_state

LOG_SIZE = 200  # transitions that are remembered


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One step in the life of the guard.

    Attributes:
        number: Counted from 1 on.
        stamp: Of the newest measurement, [s], robot clock; 0 before the first one.
        before: State before.
        event: What happened.
        after: State since.
        reason: Its code.
    """

    number: int
    stamp: float
    before: State
    event: Event
    after: State
    reason: str

    def __str__(self) -> str:
        """Such as "RUNNING -> HOLD COMMAND_SILENCE"."""
        return f"{self.before.name} -> {self.after.name} {self.reason}".rstrip()


class LifeCycle:
    """State and reason of the guard, and a bounded log of how they changed.

    Args:
        config: How many reflexes ask for a person.

    Attributes:
        state: Where it is.
        reason: Why; "" while RUNNING.
        asks_for_person: Whether the robot stopped itself so often that somebody has to look.
    """

    def __init__(self, config: RecoveryConfig) -> None:
        self.state, self.reason = State.BOOT, str(Reason.START)
        self.asks_for_person = False
        self._config = config
        self._log: deque[Transition] = deque(maxlen=LOG_SIZE)
        self._count = 0
        self._faults: deque[float] = deque()

    @property
    def log(self) -> tuple[Transition, ...]:
        """The last transitions, oldest first."""
        return tuple(self._log)

    @property
    def latched(self) -> bool:
        """Whether only `recover` leads on."""
        return self.state in LATCHED

    def happens(self, event: Event, reason: str, stamp: float) -> bool:
        """Take in an event; whether it changed the state. The first reason stays."""
        if next_state(self.state, event) is self.state:
            return False
        self._note(event, reason, stamp)
        if event is Event.FAULT:
            self._count_fault(stamp)
        return True

    def acknowledge(self, stamp: float) -> bool:
        """A person has looked; whether anybody had to."""
        if not self.asks_for_person:
            return False
        self.asks_for_person = False
        self._faults.clear()
        self._note(Event.ACKNOWLEDGE, str(Reason.ACKNOWLEDGED), stamp)
        return True

    def _count_fault(self, stamp: float) -> None:
        """Where robot time began anew, older faults count on: rather too many than too few."""
        config = self._config
        while self._faults and stamp - self._faults[0] > config.reflex_window:
            self._faults.popleft()
        self._faults.append(stamp)
        if config.reflex_limit and len(self._faults) >= config.reflex_limit:
            self.asks_for_person = True
            self._note(Event.FAULT, str(Reason.REPEATED_REFLEXES), stamp)

    def _note(self, event: Event, reason: str, stamp: float) -> None:
        self._count += 1
        before, self.state = self.state, next_state(self.state, event)
        self.reason = reason
        self._log.append(
            Transition(
                number=self._count,
                stamp=stamp,
                before=before,
                event=event,
                after=self.state,
                reason=reason,
            )
        )
