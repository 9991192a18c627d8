"""A simulated robot in real time: a thread that steps it at the pace of a clock."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from robot_meta.errors import NotConnected
from robot_meta.robots.closing import Closing
from robot_meta.robots.robot import Driver

_log = logging.getLogger(__name__)
MAX_BEHIND = 0.1  # what the thread catches up after a pause; more is lost to robot time, [s]

SeenT = TypeVar("SeenT", covariant=True)
ToldT = TypeVar("ToldT", contravariant=True)
ObservationT = TypeVar("ObservationT")
ReferenceT = TypeVar("ReferenceT")


class Stepped(Driver[SeenT, ToldT], Protocol):
    """A twin that moves only when it is told to.

    Attributes:
        pace: Length of one step, [s].
    """

    pace: float

    @property
    def time(self) -> float:
        """Robot clock, [s]."""

    def advance(self, steps: int, /) -> None:
        """Move on by so many steps."""

    def measure(self) -> SeenT:
        """The newest measurement."""

    def change(self, name: str, value: Any) -> None:
        """Change one field of the body from the next step on."""


class PacedTwin(Closing, Generic[ObservationT, ReferenceT]):
    """A twin that moves by itself, at the pace of the monotonic clock.

    `observe` returns the newest measurement without waiting for the thread.

    Args:
        robot: The twin, at rest; nobody else may touch it from now on.
        clock: Monotonic time, [s].
        sleep: How the thread waits, [s].
    """

    def __init__(
        self,
        robot: Stepped[ObservationT, ReferenceT],
        *,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._stepped, self._clock, self._sleep = robot, clock, sleep
        self.spec = robot.spec
        self._lock = threading.Lock()  # the thread holds it for the arithmetic of one step
        self._observation = robot.observe()
        self._closing = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="twin physics", daemon=True)
        self._thread.start()

    def observe(self) -> ObservationT:
        """The newest measurement."""
        self._require_connection()
        return self._observation

    def command(self, reference: ReferenceT) -> None:
        """Follow `reference` from now on; ignored, after the same checks, while stopped."""
        self._require_connection()
        with self._lock:
            self._stepped.command(reference)

    def stop(self, reason: str) -> None:
        """Stop as the twin does until `recover`; the first reason counts."""
        with self._lock:
            self._stepped.stop(reason)

    def recover(self) -> bool:
        """Clear a stop; whether that worked."""
        self._require_connection()
        with self._lock:
            return self._stepped.recover()

    def close(self) -> None:
        """Stop, end the thread and disconnect; safe to call twice."""
        self._closing.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        with self._lock:
            self._stepped.close()

    @property
    def time(self) -> float:
        """Robot clock, [s]."""
        return self._stepped.time

    @property
    def stopped(self) -> str:
        """Reason of the present stop, "" when there is none."""
        return self._stepped.stopped

    def change(self, name: str, value: Any) -> None:
        """Change one field of the body from the next step on."""
        with self._lock:
            self._stepped.change(name, value)

    def _require_connection(self) -> None:
        if self._failure is not None:
            raise NotConnected(f"the twin's physics stopped: {self._failure}") from self._failure
        if self._closing.is_set():
            raise NotConnected("the twin is closed; make a new one")

    def _run(self) -> None:
        try:
            self._keep_pace()
        except Exception as error:  # whoever asks next gets it as NotConnected
            self._failure = error
            _log.exception("the twin's physics stopped")

    def _keep_pace(self) -> None:
        due = self._clock()
        while not self._closing.is_set():
            wait = due - self._clock()
            if wait > 0.0:
                self._sleep(wait)
            elif -wait > MAX_BEHIND:
                _log.warning("the twin is %.3f s behind and lets that time go", -wait)
                due = self._clock()
            with self._lock:
                self._stepped.advance(1)
                self._observation = self._stepped.measure()
            due += self._stepped.pace
