"""A robot without physics: it follows its reference after a first-order lag."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from robot_meta.errors import NotConnected
from robot_meta.robots.closing import Closing
from robot_meta.robots.playback import ReferencePlayback, check_reference
from robot_meta.types import Array, Observation, Reference, RobotSpec


class FakeRobot(Closing):
    """Follows q̇ = (r − q) / τ exactly, for wiring, for timing and for drivers' tests.

    In lockstep it moves only when `step` is called. In real time it moves with `clock`, brought up
    to date whenever it is asked, so that it needs no thread. While stopped, references are checked
    and ignored.

    Attributes:
        stops: Reason of every stop, oldest first.
        realtime: Whether it moves by itself.
        external_torque: What it reports to feel, (J,), [Nm]; free to set.
    """

    def __init__(
        self,
        spec: RobotSpec,
        *,
        lag: float = 0.02,
        realtime: bool = False,
        clock: Callable[[], float] = time.perf_counter,
        position: Array | None = None,
    ) -> None:
        if not lag > 0.0:
            raise ValueError(f"lag must be > 0, got {lag}")
        self.spec = spec
        self.stops: list[str] = []
        self.external_torque = np.zeros(spec.num_joints)
        self._position = np.array(spec.home if position is None else position, dtype=float)
        self._velocity = np.zeros(spec.num_joints)
        self._playback = ReferencePlayback(spec)
        self._playback.hold_at(self._position)
        self._target = np.zeros(2 * spec.num_joints)
        self._left = float(np.exp(-spec.reference_dt / lag))  # share of r − q after one sample
        self._rate = round(1.0 / spec.reference_dt)
        self._samples, self._stopped, self._closed = 0, "", False
        self.realtime, self._clock, self._origin = realtime, clock, clock()

    def observe(self) -> Observation:
        """Where it is now."""
        self._require_connection()
        self._catch_up()
        return Observation(
            stamp=self.time,
            position=self._position.copy(),
            velocity=self._velocity.copy(),
            torque=self.spec.stiffness * (self._playback.held - self._position),
            external_torque=np.array(self.external_torque, dtype=float),
        )

    def command(self, reference: Reference) -> None:
        """Follow `reference` from now on; ignored, after the same checks, while stopped."""
        self._require_connection()
        check_reference(reference, self.spec)
        self._catch_up()
        if not self._stopped:
            late = self._playback.late_start(reference, self.time) if self.realtime else 0
            self._playback.play(reference, late)

    def stop(self, reason: str) -> None:
        """Hold the present reference until `recover`; the first reason counts."""
        if self._closed or self._stopped:
            return
        self._catch_up()
        self._stopped = reason or "STOP"
        self.stops.append(self._stopped)
        self._playback.hold_at(self._playback.held)

    def recover(self) -> bool:
        """Clear a stop and hold in place; always works here."""
        self._require_connection()
        self._catch_up()
        if self._stopped:
            self._stopped = ""
            self._playback.hold_at(self._position)
        return True

    def close(self) -> None:
        """Stop and disconnect; safe to call twice."""
        self.stop("CLOSED")
        self._closed = True

    def step(self) -> Observation:
        """Advance one control period in lockstep; the measurement at its end.

        Raises:
            ValueError: The robot runs in real time and moves by itself.
        """
        self._require_connection()
        if self.realtime:
            raise ValueError("a fake robot in real time moves by itself; do not step it")
        self._advance(self.spec.samples_per_tick)
        return self.observe()

    @property
    def time(self) -> float:
        """Robot clock, [s]."""
        return self._samples / self._rate

    @property
    def stopped(self) -> str:
        """Reason of the present stop, "" when there is none."""
        return self._stopped

    def _require_connection(self) -> None:
        if self._closed:
            raise NotConnected("the fake robot is closed; make a new one")

    def _catch_up(self) -> None:
        if self.realtime:
            due = int((self._clock() - self._origin) * self._rate)
            self._advance(due - self._samples)

    def _advance(self, samples: int) -> None:
        for _ in range(min(samples, self.spec.samples_per_tick)):  # no reference is longer
            self._playback.next(self._target)
            self._approach(self._left)
        resting = samples - self.spec.samples_per_tick
        if resting > 0:
            self._approach(self._left ** (resting - 1))
            self._approach(self._left)
        self._samples += max(samples, 0)

    def _approach(self, left: float) -> None:
        """Close the gap to the target but for the share `left`."""
        goal, before = self._target[: self.spec.num_joints], self._position
        self._position = goal + left * (before - goal)
        self._velocity = (self._position - before) * self._rate
