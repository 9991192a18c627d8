"""The driver of a Go2: the robot protocol on this side, the robot in processes of their own.

Cyclone DDS and the robot's services stay out of this process, which may be a ROS node. `observe`
reads memory that all of them map; `command` sends one message.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import time

from robot_meta.errors import NotConnected
from robot_meta.legged_types import LeggedObservation, VelocityReference
from robot_meta.robots.body_estimate import check_velocity
from robot_meta.robots.closing import Closing
from robot_meta.robots.description import LeggedDescription
from robot_meta.robots.go2.config import Go2Config
from robot_meta.robots.go2.sdk import require_interface, require_sdk
from robot_meta.robots.go2.wire import Go2Memory, Go2Reading
from robot_meta.robots.wire import Channel, OwnProcess, require_success

_log = logging.getLogger(__name__)
STARTING = 5.0  # that processes may take to start, [s]
PROCESSES = {"high": "robot_meta.robots.go2.process", "low": "robot_meta.robots.go2.low_process"}
WATCHDOG = "robot_meta.robots.go2.watchdog"


class Go2Robot(Closing):
    """A Go2. It is left as it is until the first velocity; one that lies waits for `recover`.

    Args:
        description: The robot.
        config: How it is driven.

    Raises:
        MissingAsset: Unitree's library is not installed.
        UnsupportedRobot: Its joints are not those of a Go2.
        NotConnected: The robot cannot be reached or may not move; each cause has its own class.
    """

    def __init__(self, description: LeggedDescription, config: Go2Config | None = None) -> None:
        self._config = config = config if config is not None else Go2Config()
        require_sdk()
        require_interface(config.interface)
        self.spec = description.spec
        self._closed, self._stopped = False, ""
        descriptor = Go2Memory.descriptor()
        self._memory = Go2Memory(descriptor)
        modules = {"process": PROCESSES[config.level], "watchdog": WATCHDOG}
        self._processes = {
            name: OwnProcess(module, descriptor, Channel) for name, module in modules.items()
        }
        os.close(descriptor)  # mapped by now, here and there
        try:
            self._connect()
        except BaseException:
            self._end()
            raise

    def observe(self) -> LeggedObservation:
        """Means over the newest control period; never waits for the robot."""
        return self._reading().observation

    def command(self, reference: VelocityReference) -> None:
        """Walk with `reference` from now on; ignored, after the same checks, while stopped."""
        self._reading()
        check_velocity(reference)
        self._memory.signs.set("commanded")
        if not self.stopped:
            self._send({"do": "move", "velocity": [float(v) for v in reference.velocity]})

    def stop(self, reason: str) -> None:
        """Stop walking and damp the motors until `recover`; the first reason counts."""
        if not self._closed and not self._stopped:
            self._stopped = reason or "STOP"
            self._tell_stop(damp=True)

    def recover(self) -> bool:
        """Clear a stop, and stand up where it lies; whether that worked.

        It must lie on its belly: one that fell over has to be put on its feet first.
        """
        self._reading()
        if not self.stopped:
            return True
        refusal = self._ask("recover")
        if refusal:
            _log.warning("no recovery: %s", refusal)
            return False
        self._stopped = ""
        end = time.monotonic() + self._config.lost_after
        while self.stopped and time.monotonic() < end:
            time.sleep(0.005)  # the next reading says so
        if self.stopped:
            _log.warning("no recovery: it stopped again (%s)", self.stopped)
        return not self.stopped

    def unfit(self) -> str:
        """Why it would not walk now, however it is commanded, "" where it would."""
        self._reading()
        return self._ask("check")

    def close(self) -> None:
        """Stop walking, leave the robot standing on its own service, and disconnect.

        At level "low" there is no such service: it lies down.
        """
        if not self._closed:
            if not self._stopped:
                self._stopped = "CLOSED"
                self._tell_stop(damp=False)
            self._closed = True
            self._end()

    @property
    def stopped(self) -> str:
        """Reason of the present stop: the caller's, or a code of safety/reasons.py."""
        reading = self._memory.reading()
        own = reading.stopped if reading is not None else ""
        return self._stopped or own or self._memory.tripped

    def figures(self) -> dict[str, float]:
        """Battery and hottest motor."""
        vitals = self.observe().vitals
        assert vitals is not None
        return {
            "charge": vitals.charge,
            "voltage": vitals.voltage,
            "hottest_motor": float(vitals.temperature.max()),
        }

    @property
    def time(self) -> float:
        """Robot clock, [s]."""
        return self.observe().stamp

    def _reading(self) -> Go2Reading:
        if self._closed:
            raise NotConnected("the Go2 driver is closed; make a new one")
        self._processes["process"].require()
        reading = self._memory.reading()
        if reading is None:
            raise NotConnected("the driver process has measured nothing yet")
        if reading.lost:
            raise NotConnected(f"the robot on '{self._config.interface}' is lost ({reading.lost})")
        silence = time.monotonic() - reading.written
        if silence > 2.0 * self._config.lost_after:
            raise NotConnected(f"the driver process shows nothing new for {silence:.1f} s")
        return reading

    def _ask(self, what: str) -> str:
        """Why the robot's process does not do `what`, or ""."""
        patience = 8.0 * self._config.answer_timeout
        return str(self._processes["process"].ask({"do": what}, patience)["refusal"])

    def _send(self, message: dict[str, object]) -> None:
        try:
            self._processes["process"].channel.send(message)
        except OSError:
            raise NotConnected("the driver process ended; start the driver again") from None

    def _tell_stop(self, *, damp: bool) -> None:
        try:
            self._send({"do": "stop", "reason": self._stopped, "damp": damp})
        except NotConnected:
            pass  # the process is gone; the watchdog stops the robot, and `observe` says so

    def _connect(self) -> None:
        setup = {"robot": self.spec.name, "config": dataclasses.asdict(self._config)}
        self._memory.signs.set("commanded")
        for process in self._processes.values():
            process.channel.send(setup)
        # What a level waits for: first messages, then services, which lie the robot down at "low".
        config = self._config
        patience = 2.0 * config.connect_timeout + config.stand_up + 3.0 * config.answer_timeout
        end = time.monotonic() + patience + STARTING
        for name, process in self._processes.items():
            try:
                answer = process.channel.receive(max(0.1, end - time.monotonic()))
            except EOFError:
                raise NotConnected(f"the {name} process ended while it connected") from None
            if answer is None:
                raise NotConnected(f"the {name} process does not come up; is the machine busy?")
            require_success(answer)
            if answer["warning"]:
                _log.warning("%s", answer["warning"])

    def _end(self) -> None:
        """The process first: it stops the robot, and the watchdog only where it does not."""
        for process in self._processes.values():
            process.end()
