"""The process that commands a Go2's motors from a walking policy. Only tried in the twin.

Started by `Go2Robot` at level "low" as `python -m robot_meta.robots.go2.low_process CHANNEL
MEMORY`. The motion service lies the robot down and lets go of the motors first; then one loop
reads the robot, lets the policy decide every 20 ms and sends a motor command every turn. Whatever
is wrong damps the motors; where this loop itself stalls, the watchdog damps them.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.robots.go2.hearing import Go2Process
from robot_meta.robots.go2.motors import Motors
from robot_meta.robots.go2.wire import Go2Memory, connect
from robot_meta.robots.walking_modes import FOLD_S, Legs, Mode
from robot_meta.robots.walking_policy import WalkingPolicy
from robot_meta.robots.wire import Channel, Runs, serve
from robot_meta.safety.reasons import Reason
from robot_meta.safety.walking import limited_targets

JOINT_MARGIN = 0.2  # by which a joint may be measured outside its range, [rad]


class LowProcess(Go2Process):
    """Walks by a policy of its own."""

    def __init__(self, channel: Channel, memory: Go2Memory, setup: dict[str, Any]) -> None:
        super().__init__(channel, memory, setup)
        policy = Path(self._config.policy).expanduser()
        self._legs = Legs(self._spec, WalkingPolicy(policy, self._spec))
        self._motors = Motors(self._bus, self._spec)
        self._let_go()
        self._velocity = np.zeros(3)
        self._stopped = str(Reason.LYING)
        self.wait_for_state()
        assert self._state.felt is not None
        self._legs.enter(Mode.DAMP, self._state.felt.joint_position)
        self._law = self._legs.law(self._state.felt, self._velocity)
        self._decided = self._state.tick
        channel.send({"warning": "level 'low' has only been tried in the twin: hang the robot"})

    def run(self) -> None:
        """Go on until the other process closes the channel, by any road."""
        period, due = 1.0 / self._config.lowcmd_rate, time.perf_counter()
        ends = float("inf")
        while time.perf_counter() < ends:
            if ends == float("inf"):
                try:
                    self._take_messages()
                except EOFError:
                    ends = time.perf_counter() + 2.0 * FOLD_S
                    self._velocity = np.zeros(3)
                    if not self._stopped:
                        self._enter(Mode.LIE_DOWN)
            self.look()
            self._watch()
            self._command()
            due = max(due + period, time.perf_counter() - period)
            time.sleep(max(0.0, due - time.perf_counter()))
        self._motors.damp()
        self._memory.signs.set("lowcmd", 0.0)  # an orderly end

    def _let_go(self) -> None:
        """Have the motion service lie the robot down and let go of its motors."""
        switcher = self._bus.switcher(self._config.answer_timeout)
        if switcher.running():
            self._bus.sport(self._config.answer_timeout).insist("StandDown")
            time.sleep(self._config.stand_up)
        switcher.release(self._config.connect_timeout)

    def _take_messages(self) -> None:
        while (message := self._channel.receive(0.0)) is not None:
            if message["do"] == "move":
                if not self._stopped and self._legs.mode is Mode.WALK:
                    self._velocity = np.array(message["velocity"])
            elif message["do"] == "stop":
                if message["damp"]:
                    self._damp(message["reason"])
            else:
                answer = self._recover if message["do"] == "recover" else self.unfit
                self._channel.send({"refusal": answer()})

    def _watch(self) -> None:
        """Stand where nobody commands any more; damp where anything is wrong."""
        memory, config = self._memory, self._config
        if self._velocity.any() and memory.signs.age("commanded") > config.silence:
            self._stopped, self._velocity = str(Reason.WATCHDOG), np.zeros(3)
        trouble = self.trouble()
        if memory.tripped:
            trouble = memory.tripped
        elif time.monotonic() - self._seen > config.lowcmd_silence:
            trouble = Reason.DRIVER_LOST
        elif not self._state.sound:
            trouble = Reason.BAD_OBSERVATION
        elif memory.signs.age("watched") > config.silence:
            trouble = Reason.WATCHDOG
        else:
            spec, q = self._spec, self._state.felt
            assert q is not None
            low, high = spec.joint_lower - JOINT_MARGIN, spec.joint_upper + JOINT_MARGIN
            if ((q.joint_position < low) | (q.joint_position > high)).any():
                trouble = Reason.JOINT_RANGE
        if trouble:
            self._damp(trouble)

    def _command(self) -> None:
        """Let the policy decide where it is due, and send what counts."""
        state, felt = self._state, self._state.felt
        assert felt is not None
        passed = state.tick - self._decided
        if not 0.0 <= passed < self._spec.policy_dt - 1e-9 and state.sound:
            self._decided = state.tick
            self._law = self._legs.law(felt, self._velocity)
        if self._memory.tripped:
            return  # the watchdog has the motors
        targets, stiffness, damping = self._law
        if stiffness.any():
            targets = limited_targets(
                targets, felt.joint_position, felt.joint_velocity, stiffness, damping, self._spec
            )
        self._motors.send(targets, stiffness, damping)
        self._memory.signs.set("lowcmd")

    def _damp(self, reason: str) -> None:
        """Give way; the first reason counts."""
        self._stopped, self._velocity = self._stopped or str(reason), np.zeros(3)
        if self._legs.mode is not Mode.DAMP:
            self._enter(Mode.DAMP)

    def _enter(self, mode: Mode) -> None:
        assert self._state.felt is not None
        self._legs.enter(mode, self._state.felt.joint_position)
        self._law = self._legs.law(self._state.felt, self._velocity)
        self._decided = self._state.tick

    def _recover(self) -> str:
        """Clear a stop and get up; why that is not possible, or ""."""
        refusal = self.refusal()
        if refusal:
            return refusal
        self._memory.signs.set("lowcmd")  # none was sent while the watchdog had the motors
        self._memory.signs.set("cleared")
        self._stopped = ""
        if self._legs.mode is not Mode.WALK:
            self._enter(Mode.STAND_UP)
        return ""


def main(argv: list[str]) -> int:
    """Be the process, as the first message says."""
    channel, memory = connect(argv)

    def begin(setup: dict[str, Any]) -> Runs:
        return LowProcess(channel, memory, setup)

    return serve(channel, begin)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
