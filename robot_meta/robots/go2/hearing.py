"""What the processes of both levels of control have in common: hearing a Go2, being stopped."""

from __future__ import annotations

import time
from typing import Any

from robot_meta.errors import RobotUnreachable
from robot_meta.robots.body_estimate import UPRIGHT
from robot_meta.robots.description import legged_description
from robot_meta.robots.go2.config import Go2Config
from robot_meta.robots.go2.sdk import LOW_STATE, SPORT_STATE, Bus
from robot_meta.robots.go2.state import DAMP_BUTTONS, Go2State, require_model
from robot_meta.robots.go2.wire import Go2Memory, Go2Reading
from robot_meta.robots.wire import Channel
from robot_meta.safety.reasons import Reason

POLL = 0.01  # between looks for a new message, [s]


class Go2Process:
    """The bus, the readings, and why the robot is stopped or may not move."""

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
