"""The process that stops a Go2 when nobody commands it any more.

Started by `Go2Robot` as `python -m robot_meta.robots.go2.watchdog CHANNEL MEMORY`. It has clients
of its own, so that nothing in the process that walks can keep it waiting. At level "high" it stops
a robot that moves when no velocity was commanded for `silence`, when the process that walks
stalls, and when the driver is gone; at level "low" it damps the motors when that process sent no
motor command for `lowcmd_silence`. Once it did, nothing moves until `recover`.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from robot_meta.robots.description import legged_description
from robot_meta.robots.go2.config import Go2Config
from robot_meta.robots.go2.motors import Motors
from robot_meta.robots.go2.sdk import Bus
from robot_meta.robots.go2.wire import Go2Memory, connect
from robot_meta.robots.wire import Channel, Runs, serve
from robot_meta.safety.reasons import Reason

PERIOD = 0.01  # [s]
GOODBYE = 5.0  # longest that motors are damped after the driver is gone, [s]
AGAIN = 0.2  # between two tries while the robot may still move, [s]


class Watchdog:
    """Looks at signs of life, and stops the robot where they are missing."""

    def __init__(self, channel: Channel, memory: Go2Memory, setup: dict[str, Any]) -> None:
        self._channel, self._memory = channel, memory
        self._config = config = Go2Config(**setup["config"])
        self._sport = Bus(config.domain, config.interface).sport(config.answer_timeout)
        self._stood = 0.0  # when the robot was stopped last
        memory.signs.set("watched")
        channel.send({"warning": ""})

    def run(self) -> None:
        """Go on until the driver closes the channel, by any road."""
        try:
            while True:
                self._channel.receive(PERIOD)
                self._memory.signs.set("watched")
                self._watch()
        except EOFError:
            if self._walks:
                self._stand()

    @property
    def _walks(self) -> bool:
        """Whether the robot was sent a velocity since it was stopped."""
        return self._memory.signs["moved"] > self._stood

    def _watch(self) -> None:
        if not self._walks:
            return
        signs, silence = self._memory.signs, self._config.silence
        if signs.age("commanded") > silence or signs.age("acted") > silence:
            self._stand()

    def _stand(self) -> None:
        """Stop the robot; a velocity that is sent later finds it stopped again."""
        now = time.monotonic()
        if not self._memory.tripped:
            self._memory.trip(now, str(Reason.WATCHDOG))
        if self._sport.insist("StopMove") == 0:
            self._stood = now
        else:
            time.sleep(AGAIN)


class MotorWatchdog:
    """Looks at the motor commands, and damps the motors where they end."""

    def __init__(self, channel: Channel, memory: Go2Memory, setup: dict[str, Any]) -> None:
        self._channel, self._memory = channel, memory
        self._config = config = Go2Config(**setup["config"])
        spec = legged_description(setup["robot"]).spec
        self._motors = Motors(Bus(config.domain, config.interface), spec)
        memory.signs.set("watched")
        channel.send({"warning": ""})

    def run(self) -> None:
        """Go on until the driver is gone and the motors were let go of."""
        try:
            while True:
                self._channel.receive(PERIOD)
                self._watch()
        except EOFError:
            pass  # the driver is gone: go on until the motors were let go of
        end = time.monotonic() + GOODBYE
        while self._memory.signs["lowcmd"] and time.monotonic() < end:
            time.sleep(PERIOD)
            self._watch()

    def _watch(self) -> None:
        signs = self._memory.signs
        signs.set("watched")
        if self._memory.tripped:
            self._motors.damp()
        elif signs["lowcmd"] and signs.age("lowcmd") > self._config.lowcmd_silence:
            self._memory.trip(time.monotonic(), str(Reason.WATCHDOG))
            self._motors.damp()


def main(argv: list[str]) -> int:
    """Be the watchdog for the level that the first message names."""
    channel, memory = connect(argv)

    def begin(setup: dict[str, Any]) -> Runs:
        low = setup["config"]["level"] == "low"
        return (MotorWatchdog if low else Watchdog)(channel, memory, setup)

    return serve(channel, begin)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
