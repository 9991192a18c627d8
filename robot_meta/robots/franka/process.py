"""The process that owns the arm; it also watches over the process that commands.

Started by `FrankaRobot` as `python -m robot_meta.robots.franka.process CHANNEL MEMORY`, with two
inherited file descriptors. It feeds the law with the reference sample that the robot's own time
asks for, keeps the shared state fresh, and stops the arm when the other process shows no life:
whatever stalls there, this one and its 1 kHz thread go on.
"""

from __future__ import annotations

import dataclasses
import os
import socket
import sys
import time
from typing import Any

import numpy as np

from robot_meta.robots.description import arm_description
from robot_meta.robots.franka.arm import FrankaArm, load_franky
from robot_meta.robots.franka.config import FrankaConfig
from robot_meta.robots.franka.gripper import GripperThread
from robot_meta.robots.franka.wire import Channel, SharedState
from robot_meta.robots.playback import ReferencePlayback
from robot_meta.robots.wire import serve
from robot_meta.types import Reference

WATCHDOG = "WATCHDOG"  # the commanding process showed no life
PERIOD = 0.001  # [s]
SLACK = 8  # milliseconds by which a reference may be late without a slip of what the law follows


class FrankaProcess:
    """One loop: messages in, next sample to the law, newest reading out."""

    def __init__(self, channel: Channel, shared: SharedState, setup: dict[str, Any]) -> None:
        self._channel, self._shared = channel, shared
        self._config = FrankaConfig(**_tuples(setup["config"]))
        self._spec = arm_description(setup["robot"]).spec
        self._playback = ReferencePlayback(self._spec)
        self._target = np.zeros(2 * self._spec.num_joints)
        self._arm = FrankaArm(
            setup["address"],
            self._config,
            np.array(setup["stiffness"]),
            np.array(setup["damping"]),
        )
        self._gripper = GripperThread(lambda: load_franky().Gripper(setup["address"]))
        if self._config.gripper:
            self._gripper.start()
        self._stopped, self._watching = "", False
        self._begin()
        channel.send({"urdf": self._arm.urdf})

    def run(self) -> None:
        """Go on until the other process closes the channel, by any road."""
        due = time.perf_counter()
        try:
            while True:
                self._take_messages()
                self._watch()
                self._advance()
                self._shared.write_reading(self._arm.reading(self._playback, self._stopped))
                due = max(due + PERIOD, time.perf_counter() - PERIOD)
                time.sleep(max(0.0, due - time.perf_counter()))
        except EOFError:
            self._arm.release()
            self._gripper.end()

    def _begin(self) -> None:
        """Hold where the arm stands; an arm in reflex waits for `recover`."""
        stamp, position = self._arm.read()
        if self._arm.mode() == "Reflex":
            self._stop("reflex")
        else:
            position = self._arm.start()
        self._playback.hold_at(position)
        self._milliseconds = round(stamp / self._spec.reference_dt)
        self._shared.write_reading(self._arm.reading(self._playback, self._stopped))

    def _take_messages(self) -> None:
        while (message := self._channel.receive(0.0)) is not None:
            if isinstance(message, Reference):
                self._take_reference(message)
            elif message["do"] == "stop":
                self._stop(message["reason"])
            elif message["do"] == "stop gripper":
                self._gripper.stop()
            elif message["do"] == "gripper":
                self._gripper.do(message["task"], **message["with"])
                self._channel.send(self._gripper.state())
            else:
                self._channel.send({"refusal": self._recover()})

    def _take_reference(self, reference: Reference) -> None:
        self._watching = True
        if not self._stopped:
            now = self._milliseconds * self._spec.reference_dt
            self._playback.join(reference, now, SLACK)

    def _stop(self, reason: str) -> None:
        """Hold the present reference, and the fingers; the first reason counts."""
        if not self._stopped:
            self._stopped = reason
            self._gripper.stop()
            self._playback.hold_at(self._playback.held)

    def _recover(self) -> str:
        """Clear a stop; why that is not possible, or ""."""
        if self._arm.in_control:  # the law never let go of the arm
            if self._stopped:
                self._playback.hold_at(self._arm.read()[1])
        else:
            refusal = self._arm.recover()
            if refusal:
                return refusal
            self._begin()
        self._stopped, self._watching = "", False
        return ""

    def _watch(self) -> None:
        silence = time.monotonic() - self._shared.last_life
        if self._watching and silence > self._config.watchdog:
            self._stop(WATCHDOG)

    def _advance(self) -> None:
        """Play as many samples as robot time went on."""
        held = self._arm.in_control
        stamp, _ = self._arm.read()
        now = round(stamp / self._spec.reference_dt)
        passed, self._milliseconds = now - self._milliseconds, now
        for _ in range(min(passed, self._spec.samples_per_tick + 1)):
            self._playback.next(self._target)
        if self._arm.in_control:
            if passed > 0:
                self._arm.follow(self._target)
        elif held or not self._stopped:
            self._stop(self._arm.why_it_ended())


def main(argv: list[str]) -> int:
    """Connect as the first message says, answer it, and run."""
    channel = Channel(socket.socket(fileno=int(argv[0])))
    shared = SharedState(int(argv[1]))
    os.close(int(argv[1]))
    return serve(channel, lambda setup: FrankaProcess(channel, shared, setup))


def setup_message(address: str, robot: str, config: FrankaConfig, spec: Any) -> dict[str, Any]:
    """What the process needs to know, as its first message."""
    return {
        "address": address,
        "robot": robot,
        "config": dataclasses.asdict(config),
        "stiffness": list(spec.stiffness),
        "damping": list(spec.damping),
    }


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
