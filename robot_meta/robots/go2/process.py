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

from robot_meta.errors import NotConnected, RobotNotReady, RobotUnreachable
from robot_meta.robots.body_estimate import UPRIGHT
from robot_meta.robots.description import legged_description
from robot_meta.robots.go2.config import Go2Config
from robot_meta.robots.go2.sdk import LOW_STATE, SPORT_STATE, Bus
from robot_meta.robots.go2.state import DAMP_BUTTONS, Go2State, require_model
from robot_meta.robots.go2.wire import Go2Memory, Go2Reading, connect
from robot_meta.robots.wire import Channel, Runs, serve
from robot_meta.safety.reasons import Reason

POLL = 0.01  # between looks for a new message, [s]
ACT = 0.02  # longest between looks for requests, [s]
LYING = (5, 7)  # modes of the motion service: lying, damped


class Go2Process:
    """What both levels of control have in common: the bus, the readings, being stopped."""

    def __init__(self, channel: Channel, memory: Go2Memory, setup: dict[str, Any]) -> None:
        self._channel, self._memory = channel, memory
        self._config = config = Go2Config(**setup["config"])
        description = legged_description(setup["robot"])
        self._spec = description.spec
        self._state = Go2State(description, config)
        self._stopped, self._lost = "", ""
        self._bus = bus = Bus(config.domain, config.interface)
        self._low_states = bus.reader(LOW_STATE, bus.go.LowState_)
        self._sport_states = bus.reader(SPORT_STATE, bus.go.SportModeState_)
        self._mode: int | None = None
        self.wait_for_state()
        assert self._state.felt is not None
        require_model(self._state.felt.joint_position, self._spec)

    def wait_for_state(self) -> None:
        """Wait for something new from the robot.

        Raises:
            RobotUnreachable: Nothing comes.
        """
        config, self._seen = self._config, time.monotonic()
        while not self.look():
            if time.monotonic() - self._seen > config.connect_timeout:
                raise RobotUnreachable(
                    f"nothing came on {LOW_STATE} for {config.connect_timeout:g} s on "
                    f"'{config.interface}' (DDS domain {config.domain}): is the robot on, and is "
                    "that the interface of its cable? This machine needs an address in "
                    "192.168.123.x there"
                )
            time.sleep(POLL)

    def look(self) -> bool:
        """Take in what the robot sent; whether there is a new observation, which all can see."""
        sport = self._sport_states.take()
        if sport is not None:
            self._state.take_sport(sport)
            self._mode = sport.mode
        message = self._low_states.take()
        new = message is not None and self._state.take(message)
        if message is not None:
            self._seen = time.monotonic()
        silence = time.monotonic() - self._seen
        lost = silence > self._config.lost_after and self._state.observation is not None
        self._lost = f"no message for {silence:.1f} s" if lost else ""
        if (new or lost) and self._state.observation is not None:
            self._memory.write(
                Go2Reading(
                    observation=self._state.observation,
                    written=time.monotonic(),
                    stopped=self._stopped,
                    lost=self._lost,
                )
            )
        return new

    def trouble(self) -> str:
        """What is seen that the robot must be stopped for, "" for nothing."""
        if self._state.buttons is not None and self._state.buttons >= DAMP_BUTTONS:
            return Reason.REMOTE_DAMP
        if self._state.tilt > self._config.fallen:
            return Reason.FALLEN
        return ""

    def refusal(self) -> str:
        """Why the robot may not get up now, "" where it may."""
        if self._lost:
            return f"the robot is lost ({self._lost})"
        if self._memory.signs.age("watched") > self._config.silence:
            return "the watchdog process shows no life: start the driver again"
        trouble = self.trouble()
        if self._state.tilt > UPRIGHT:
            return "it does not lie upright: put it on its feet"
        return f"the remote damps it ({trouble})" if trouble else ""

    def unfit(self) -> str:
        """Why the robot would not walk now, however it is commanded, "" where it would."""
        if self._lost:
            return f"the robot is lost ({self._lost})"
        if self._state.buttons is None:
            return "no remote is on, so that nobody can damp the robot with it: switch it on"
        return ""


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
