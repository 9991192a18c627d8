"""The process that speaks to a Go2's motion service.

Started by `Go2Robot` as `python -m robot_meta.robots.go2.process CHANNEL MEMORY`. One thread reads
the robot, the other does what it is asked for, which may have to wait for answers. A watchdog in
another process has a client of its own, for when this one or the one that commands stalls; this
one stops the robot when the watchdog stalls.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from typing import Any

from robot_meta.errors import NotConnected, RobotNotReady
from robot_meta.robots.go2.hearing import POLL, Go2Process
from robot_meta.robots.go2.sdk import SPORT_STATE
from robot_meta.robots.go2.state import LYING
from robot_meta.robots.go2.wire import Go2Memory, connect
from robot_meta.robots.wire import Channel, Runs, serve
from robot_meta.safety.reasons import Reason

ACT = 0.02  # longest between looks for requests, [s]


class SportProcess(Go2Process):
    """Walks by the robot's motion service."""

    def __init__(self, channel: Channel, memory: Go2Memory, setup: dict[str, Any]) -> None:
        super().__init__(channel, memory, setup)
        config = self._config
        self._switcher = self._bus.switcher(config.answer_timeout)
        self._switcher.require_running()
        self._sport = self._bus.sport(config.answer_timeout)
        code = self._sport.ask("AutoRecoverySet", False)  # it must not get up by itself
        self._wait_for_mode()
        self._moves = False
        self._damped = self._mode in LYING
        self._stopped = str(Reason.LYING) if self._damped else ""
        self._rises_until = -math.inf
        self.wait_for_state()  # it tells all that; clients took their time
        channel.send({"warning": "" if code == 0 else _NO_AUTO_RECOVERY.format(code=code)})

    def run(self) -> None:
        """Go on until the other process closes the channel, by any road."""
        actor = threading.Thread(target=self._act, name="act", daemon=True)
        actor.start()
        while actor.is_alive():
            self.look()
            time.sleep(POLL)

    def _wait_for_mode(self) -> None:
        """Wait until the motion service says what the robot does.

        Raises:
            RobotNotReady: It says nothing.
        """
        end = time.monotonic() + self._config.connect_timeout
        while self._mode is None:
            if time.monotonic() > end:
                raise RobotNotReady(
                    f"the motion service runs, but nothing came on {SPORT_STATE} for "
                    f"{self._config.connect_timeout:g} s: switch the robot off and on"
                )
            self.look()
            time.sleep(POLL)

    def _act(self) -> None:
        try:
            while True:
                messages = [self._channel.receive(ACT)]
                while messages[-1] is not None:
                    messages.append(self._channel.receive(0.0))
                self._memory.signs.set("acted")
                self._notice()
                for message, after in zip(messages, messages[1:], strict=False):
                    self._do(message, newest=after is None)
        except EOFError:
            self._stand()

    def _do(self, message: dict[str, Any], newest: bool) -> None:
        if message["do"] == "move":
            if newest:
                self._move(message["velocity"])
        elif message["do"] == "stop":
            self._stop(message["reason"], damp=message["damp"])
        else:
            answer = self._recover if message["do"] == "recover" else self.unfit
            self._channel.send({"refusal": answer()})

    def unfit(self) -> str:
        """See `Go2Process`; the motion service may have been released since."""
        try:
            self._switcher.require_running()
        except (NotConnected, RobotNotReady) as error:
            return str(error)
        return super().unfit()

    def _move(self, velocity: list[float]) -> None:
        """Walk with (vx, vy, yaw rate); zero is a stand, which the service has a request for."""
        if not any(velocity):
            self._stand()
        elif not (self._stopped or self._memory.tripped or self._rises):
            self._moves = True
            self._memory.signs.set("moved")
            self._sport.move((velocity[0], velocity[1], velocity[2]))

    @property
    def _rises(self) -> bool:
        return time.monotonic() < self._rises_until

    def _stand(self) -> None:
        """Stop walking, if it walks."""
        if self._moves and self._sport.insist("StopMove") == 0:
            self._moves = False
            self._memory.signs.set("moved", 0.0)

    def _stop(self, reason: str, *, damp: bool) -> None:
        """Stop walking and perhaps damp the motors; the first reason counts."""
        self._stopped = self._stopped or str(reason)
        self._stand()
        if damp and not self._damped:
            self._damped = self._sport.insist("Damp") == 0

    def _notice(self) -> None:
        """Stop for what is seen; go on getting up."""
        trouble = self.trouble()
        if trouble:
            self._stop(trouble, damp=True)
        elif not self._stopped and self._memory.signs.age("watched") > self._config.silence:
            self._stop(Reason.WATCHDOG, damp=False)
        if not math.isinf(self._rises_until) and not self._rises:
            self._rises_until = -math.inf
            if not self._stopped:
                self._sport.insist("BalanceStand")

    def _recover(self) -> str:
        """Clear a stop and get up; why that is not possible, or ""."""
        refusal = self.refusal()
        if refusal:
            return refusal
        self._moves = True  # whatever it was told last
        self._stand()
        if self._damped:
            code = self._sport.insist("StandUp")
            if code != 0:
                return f"the motion service does not let it stand up (code {code})"
            self._damped = False
            self._rises_until = time.monotonic() + self._config.stand_up
        self._stopped = ""
        self._memory.signs.set("cleared")
        return ""


_NO_AUTO_RECOVERY = (
    "the motion service does not know AutoRecoverySet (code {code}): after a fall it may get up "
    "by itself; switch that off in Unitree's app"
)


def main(argv: list[str]) -> int:
    """Be the process for the level that the first message names."""
    channel, memory = connect(argv)

    def begin(setup: dict[str, Any]) -> Runs:
        return SportProcess(channel, memory, setup)

    return serve(channel, begin)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
