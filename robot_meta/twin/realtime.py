"""The twin in real time: a thread that steps the same robot once every millisecond."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from robot_meta.errors import NotConnected
from robot_meta.robots.closing import Closing
from robot_meta.robots.description import ArmDescription
from robot_meta.twin.desk.fingers import Fingers
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig, TwinSnapshot
from robot_meta.types import Array, Observation, Reference

_log = logging.getLogger(__name__)
MAX_BEHIND = 0.1  # what the thread catches up after a pause; more is lost to robot time, [s]


class RealtimeTwin(Closing):
    """A `MujocoRobot` that moves by itself, at the pace of the monotonic clock.

    `observe` returns the newest measurement without waiting for the thread. A reference that
    comes late is entered where its stamp says, so that periods join without a slip.

    Args:
        description: The arm.
        config: The twin; `realtime` must be set.
        clock: Monotonic time, [s].
        sleep: How the thread waits, [s].
    """

    def __init__(
        self,
        description: ArmDescription,
        config: TwinConfig,
        *,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not config.realtime:
            raise ValueError("this twin needs a configuration with realtime=True")
        self._robot, self._clock, self._sleep = MujocoRobot(description, config), clock, sleep
        self.spec = self._robot.spec
        self._lock = threading.Lock()  # the thread holds it for one millisecond's arithmetic
        self._observation = self._robot.observe()
        self._closing = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="twin physics", daemon=True)
        self._thread.start()

    def observe(self) -> Observation:
        """The measurement of the newest millisecond."""
        self._require_connection()
        return self._observation

    def command(self, reference: Reference) -> None:
        """Follow `reference` from now on; ignored, after the same checks, while stopped."""
        self._require_connection()
        with self._lock:
            self._robot.command(reference)

    def grip(self, width: float) -> None:
        """Move the fingers towards `width` between them, [m]; ignored while stopped."""
        self._require_connection()
        with self._lock:
            self._robot.grip(width)

    def stop(self, reason: str) -> None:
        """Hold the present reference until `recover`; the first reason counts."""
        with self._lock:
            self._robot.stop(reason)

    def recover(self) -> bool:
        """Clear a stop and hold where the arm stands now; not while an incident lasts."""
        self._require_connection()
        with self._lock:
            return self._robot.recover()

    def close(self) -> None:
        """Stop, end the thread and disconnect; safe to call twice."""
        self._closing.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        with self._lock:
            self._robot.close()

    @property
    def time(self) -> float:
        """Robot clock, [s]."""
        return self._robot.time

    @property
    def stopped(self) -> str:
        """Reason of the present stop, "" when there is none."""
        return self._robot.stopped

    @property
    def fingers(self) -> Fingers | None:
        """Those of the hand, where they move (`scene.desk`)."""
        return self._robot.fingers

    def scene(self) -> Array | None:
        """What stands on the desk, (1 + D,), entries as in `SCENE`; None without one."""
        with self._lock:
            return self._robot.scene()

    def change(self, name: str, value: Any) -> None:
        """Change one field of the body from the next millisecond on."""
        with self._lock:
            self._robot.change(name, value)

    def befall(self, incident: str) -> None:
        """Let one of `INCIDENTS` happen now; "" ends one that lasts."""
        with self._lock:
            self._robot.befall(incident)

    def hold_tool(self, held: bool) -> None:
        """Take hold of the tool where it is, or let it go."""
        with self._lock:
            self._robot.hold_tool(held)

    def snapshot(self) -> TwinSnapshot:
        """The true state now."""
        with self._lock:
            return self._robot.snapshot()

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
        period = self.spec.reference_dt
        due = self._clock()
        while not self._closing.is_set():
            wait = due - self._clock()
            if wait > 0.0:
                self._sleep(wait)
            elif -wait > MAX_BEHIND:
                _log.warning("the twin is %.3f s behind and lets that time go", -wait)
                due = self._clock()
            with self._lock:
                self._robot.advance(1)
                self._observation = self._robot.measure()
            due += period


def open_twin(description: ArmDescription, config: TwinConfig) -> MujocoRobot | RealtimeTwin:
    """The twin that `config` asks for."""
    if config.realtime:
        return RealtimeTwin(description, config)
    return MujocoRobot(description, config)
