"""The control thread of the robot node: one tick per period, in real time or in lockstep."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

from robot_meta.nodes.diagnostics import Monitor
from robot_meta.nodes.mailbox import Mailbox
from robot_meta.robots.guarded import GuardedDriver, Tick

LOOP_STALLED = "LOOP_STALLED"  # the process did not get to run for longer than the guard allows
NEAREST = 0.1  # ticks of a late thread are at least this far apart, [periods]
LAG = 0.25  # so much longer than a period may take by the monotonic clock, [periods]
MAX_PHASE = 10.0  # robot time that is further ahead begins a new count, [periods]
POLL, EXACT = 3e-4, 1e-6  # how often robot time is read, and how exactly it is met, [s]
REPEAT = 0.2  # a state that nobody answers is sent again this often in lockstep, [s]
WARN_EVERY = 5.0  # [s]


class RobotLoop(threading.Thread):
    """Ticks a guarded robot; everybody else takes `lock` before touching the robot.

    Args:
        robot: The robot behind its guard.
        mailbox: Where commands come from.
        publish: Sends a tick out; called without the lock.
        monitor: Takes in rate, jitter and duration of the ticks.
        lockstep: Whether the robot waits for the answer to every state and moves only then.
        before_tick: Called with the lock before each tick, to look for trouble.
        ready: In lockstep, whether everybody listens who has to, so that time may begin.
        warn: Says what is being waited for.

    Attributes:
        failure: What ended the thread, if it was not `close`.
        stalls: How often the thread itself was late by more than the guard allows.
    """

    def __init__(
        self,
        robot: GuardedDriver[Any, Any, Any, Any],
        mailbox: Mailbox[Any],
        publish: Callable[[Tick[Any, Any, Any]], None],
        monitor: Monitor,
        *,
        lockstep: bool,
        before_tick: Callable[[], None] = lambda: None,
        ready: Callable[[], bool] = lambda: True,
        warn: Callable[[str], None] = lambda text: None,
    ) -> None:
        super().__init__(name="control", daemon=True)
        self.lock = threading.RLock()
        self.failure: BaseException | None = None
        self.stalls = 0
        self._robot, self._mailbox, self._publish = robot, mailbox, publish
        self._monitor = monitor
        self._lockstep, self._before_tick, self._ready = lockstep, before_tick, ready
        self._warn = warn
        self._closing = threading.Event()
        self._period = robot.spec.control_dt

    def close(self) -> None:
        """End the thread; safe to call twice."""
        self._closing.set()
        self._mailbox.wake()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        """Tick until closed; what goes wrong ends the thread and stands in `failure`."""
        try:
            if self._lockstep:
                self._run_lockstep()
            else:
                self._run_realtime()
        except BaseException as error:  # the node's main thread raises it
            self.failure = error

    def _tick(self, take: Callable[[], Any], at: float | None = None) -> Tick[Any, Any, Any]:
        begin = time.perf_counter()
        with self.lock:
            self._before_tick()
            tick = self._robot.tick(take(), at)
        self._publish(tick)
        self._monitor.tick(begin, duration=time.perf_counter() - begin)
        return tick

    def _run_realtime(self) -> None:
        """A tick at every multiple of the period in the robot's own time, so that periods join.

        Missed ones are not made up for: ticks of a burst would measure the same state, and two
        commands that differ would answer one stamp, as if there were two controllers. Robot time
        that lags or stands still is waited for a little only: the guard has to see it.
        """
        due, goal = time.perf_counter(), -math.inf
        while not self._closing.is_set():
            begin, now = self._wait(due, goal)
            if begin - due > self._robot.longest_gap:
                with self.lock:
                    self._robot.hold(LOOP_STALLED)
                self.stalls += 1
            periods = (now - goal) / self._period
            if not -0.5 <= periods <= MAX_PHASE:
                goal = now  # a new count
            else:
                goal += max(0, math.floor(periods + EXACT)) * self._period
            self._tick(self._mailbox.take, goal)
            goal += self._period
            if goal - now < NEAREST * self._period:
                goal += self._period
            due = begin + min(max(goal - now, 0.0), self._period)

    def _wait(self, due: float, goal: float) -> tuple[float, float]:
        """Wait until robot time is `goal` [s], about when the monotonic clock is `due` [s].

        Returns:
            Monotonic time and robot time, [s].
        """
        time.sleep(max(0.0, due - POLL - time.perf_counter()))
        while True:
            with self.lock:
                robot_time = self._robot.time
            now = time.perf_counter()
            if robot_time >= goal - EXACT or now >= due + LAG * self._period:
                return now, robot_time
            time.sleep(POLL)

    def _run_lockstep(self) -> None:
        """A tick, its answer, one period of motion, and again."""
        if not self._wait_until_ready():
            return
        tick = self._tick(lambda: None)
        while not self._closing.is_set():
            stamp = tick.observation.stamp
            waited, came = 0.0, False
            while not came and not self._closing.is_set():
                came, command = self._mailbox.wait(stamp, REPEAT)
                if not came and not self._closing.is_set():
                    self._publish(tick)
                    waited += REPEAT
                    if waited % WARN_EVERY < REPEAT:
                        self._warn(f"no command yet for stamp {stamp:.3f} s; time stands still")
            if came:
                with self.lock:
                    self._robot.step()
                tick = self._tick(lambda: command)  # noqa: B023 (called at once)

    def _wait_until_ready(self) -> bool:
        while not self._closing.is_set():
            if self._ready():
                return True
            self._closing.wait(0.02)
        return False
