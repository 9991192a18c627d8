"""The driver of an FR3: the robot protocol on this side, the arm in a process of its own.

The 1 kHz law (franky's `JointImpedanceTracker`, C++) lives in `process.py`, away from ROS and
from this interpreter's lock. `observe` reads memory that both map; `command` sends one message.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import logging
import os
import time
from typing import Any

from robot_meta.errors import MissingAsset, NotConnected, UnsupportedRobot
from robot_meta.robots.closing import Closing
from robot_meta.robots.description import ArmDescription, with_gains
from robot_meta.robots.franka.config import FrankaConfig
from robot_meta.robots.franka.gripper import FrankaGripper
from robot_meta.robots.franka.process import setup_message
from robot_meta.robots.franka.trouble import PANDA, silence_trouble
from robot_meta.robots.franka.wire import Channel, RobotReading, SharedState
from robot_meta.robots.playback import check_reference
from robot_meta.robots.reported import reported_limits, tightest
from robot_meta.robots.wire import OwnProcess, require_success
from robot_meta.types import Observation, Reference

_log = logging.getLogger(__name__)
ANSWER = 5.0  # of the process, which looks for messages every millisecond, [s]
RECOVERY = 20.0  # longest that clearing an error may take, [s]
PANDAS = ("panda", "fer")


class FrankaRobot(Closing):
    """An FR3. It holds its measured pose from the moment it is connected.

    Its `spec` has the published limits of its type, tightened by those that the robot reports.

    Args:
        description: The arm; its limits may be scaled already.
        address: Of the robot's control, as in Desk.
        config: How it is driven.

    Raises:
        MissingAsset: franky is not installed.
        UnsupportedRobot: Not an FR3, or another robot than the description says.
        NotConnected: The robot cannot be reached or may not move; each cause has its own class.
    """

    def __init__(
        self, description: ArmDescription, address: str, config: FrankaConfig | None = None
    ) -> None:
        config = config if config is not None else FrankaConfig()
        if description.spec.name in PANDAS:
            raise UnsupportedRobot(PANDA)
        if importlib.util.find_spec("franky") is None:
            raise MissingAsset("franky (franky-control 2)", "make setup-franka")
        self._config, self._address = config, address
        self.spec = with_gains(description.spec, config.stiffness, config.damping)
        self._closed, self._stopped = False, ""
        self._moving = SuccessRate()
        descriptor = SharedState.descriptor()
        self._shared = SharedState(descriptor)
        self._process = OwnProcess("robot_meta.robots.franka.process", descriptor, Channel)
        os.close(descriptor)  # mapped by now, here and there
        try:
            urdf = self._connect()
            self.spec = dataclasses.replace(
                self.spec, limits=tightest(self.spec.limits, reported_limits(urdf, self.spec.name))
            )
        except BaseException:
            self._process.end()
            raise

    def observe(self) -> Observation:
        """The newest measurement; never waits for the robot."""
        reading = self._reading()
        return Observation(
            stamp=reading.stamp,
            position=reading.position,
            velocity=reading.velocity,
            torque=reading.torque,
            external_torque=reading.external_torque,
        )

    def observe_at(self, stamp: float) -> Observation:
        """What was measured at robot time `stamp` [s]; the newest where that is not known."""
        newest = self.observe()
        known = self._shared.measured_at(stamp)
        if known is None:
            return newest
        position, velocity, torque, external = known
        return Observation(
            stamp=stamp,
            position=position,
            velocity=velocity,
            torque=torque,
            external_torque=external,
        )

    def command(self, reference: Reference) -> None:
        """Follow `reference` from now on; ignored, after the same checks, while stopped."""
        reading = self._reading()
        check_reference(reference, self.spec)
        if reference.velocity.any():
            self._moving.add(reading.success_rate)
        if not self.stopped:
            self._send_or_lose(reference)

    def stop(self, reason: str) -> None:
        """Hold the present reference until `recover`; the first reason counts."""
        if self._closed or self._stopped:
            return
        self._stopped = reason or "STOP"
        self._tell({"do": "stop", "reason": self._stopped})

    def recover(self) -> bool:
        """Clear a stop, a reflex or a lost connection and hold in place; whether that worked.

        A user stop has to be released by hand first.
        """
        refusal = str(self._ask({"do": "recover"}, RECOVERY)["refusal"])
        if refusal:
            _log.warning("no recovery: %s", refusal)
            return False
        self._stopped = ""
        return True

    def close(self) -> None:
        """Stop, let the arm hold itself, and disconnect; safe to call twice."""
        if not self._closed:
            self.stop("CLOSED")
            self._closed = True
            self._process.end()

    @property
    def gripper(self) -> FrankaGripper:
        """The hand.

        Raises:
            NotConnected: The driver was told that there is none.
        """
        if not self._config.gripper:
            raise NotConnected("this driver has no gripper: set franka.gripper")
        return FrankaGripper(lambda message: self._ask(message, ANSWER), self._tell)

    @property
    def time(self) -> float:
        """Robot clock, [s]."""
        return self._reading().stamp

    @property
    def stopped(self) -> str:
        """Reason of the present stop: the caller's, libfranka's name of an error, or WATCHDOG."""
        reading = self._shared.reading()
        return self._stopped or (reading.stopped if reading is not None else "")

    def reading(self) -> RobotReading:
        """The newest measurement with what only this driver knows, such as the success rate."""
        return self._reading()

    def figures(self) -> dict[str, float]:
        """How well commands reach the arm.

        `success_rate` is the robot's own share of commands in time, newest; `moving_...` over all
        periods with a motion so far; `slipped` counts milliseconds by which a moving reference was
        held or leapt ahead, since the next one was not there.
        """
        reading = self._reading()
        return {
            "success_rate": reading.success_rate,
            "slipped": float(reading.slipped),
            **self._moving.figures(),
        }

    def _reading(self) -> RobotReading:
        self._require_process()
        self._shared.show_life()
        reading = self._shared.reading()
        if reading is None:
            raise NotConnected("the driver process has measured nothing yet")
        if reading.lost:
            raise NotConnected(f"the robot at {self._address} is lost ({reading.lost})")
        silence = time.monotonic() - reading.written
        if silence > self._config.lost_after:
            raise NotConnected(f"the driver process shows nothing new for {silence:.1f} s")
        return reading

    def _require_process(self) -> None:
        if self._closed:
            raise NotConnected("the Franka driver is closed; make a new one")
        self._process.require()

    def _send_or_lose(self, reference: Reference) -> None:
        try:
            self._process.channel.send_reference(reference)
        except OSError:
            raise NotConnected("the driver process ended; start the driver again") from None

    def _tell(self, message: dict[str, Any]) -> None:
        try:
            self._process.channel.send(message)
        except OSError:
            pass  # the process is gone, and its arm with it: `observe` says so

    def _ask(self, message: dict[str, Any], timeout: float) -> dict[str, Any]:
        self._require_process()
        return self._process.ask(message, timeout)

    def _connect(self) -> str:
        """Let the process connect; the robot's own description."""
        channel = self._process.channel
        channel.send(setup_message(self._address, self.spec.name, self._config, self.spec))
        self._shared.show_life()
        try:
            answer = channel.receive(self._config.connect_timeout)
        except EOFError:
            raise NotConnected("the driver process ended while it connected") from None
        if answer is None:
            self._process.kill()  # its connection would take an answer that is not for it
            raise silence_trouble(self._address, self._config.connect_timeout)
        require_success(answer)
        return answer["urdf"]


@dataclasses.dataclass
class SuccessRate:
    """The robot's share of commands in time, over the periods in which something moves."""

    periods: int = 0
    total: float = 0.0
    lowest: float = 1.0

    def add(self, rate: float) -> None:
        """One such period."""
        self.periods, self.total = self.periods + 1, self.total + rate
        self.lowest = min(self.lowest, rate)

    def figures(self) -> dict[str, float]:
        """Mean and lowest, once there was one."""
        if not self.periods:
            return {}
        return {
            "moving_periods": float(self.periods),
            "moving_success_rate": self.total / self.periods,
            "moving_success_rate_min": self.lowest,
        }
