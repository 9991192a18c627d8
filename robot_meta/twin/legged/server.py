"""`robot-meta twin go2-server`: a Go2 in MuJoCo that speaks the robot's own DDS topics.

It tells rt/lowstate and rt/sportmodestate, answers the motion service and the motion switcher,
and follows rt/lowcmd at every physics step once the motion service is released: messages with a
wrong CRC, head or level are refused, motors whose mode is not 1 give way, and all do when no
command came for 50 ms. Its clock goes on with this machine's, a little slower where that is busy.

On its input it takes what can happen to a robot, one word and its numbers a line; `help` tells
which. Answers are lines of JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from robot_meta.errors import RobotMetaError
from robot_meta.robots.description import legged_description
from robot_meta.robots.go2.config import BUTTONS
from robot_meta.robots.go2.sdk import (
    LOW_CMD,
    LOW_STATE,
    SPORT,
    SPORT_STATE,
    SWITCHER,
    Bus,
    parameters,
)
from robot_meta.twin.legged.firmware import LOWCMD_LOST, Firmware, MotorCommand
from robot_meta.twin.legged.firmware import SPORT as SPORT_REQUESTS
from robot_meta.twin.legged.plant import PHYSICS_DT
from robot_meta.types import Array

LATE = 0.05  # by which the clock may lag before time is given up, [s]
SPORT_DT = 0.02  # between two messages of the motion service, [s]
MEANS_DT = 1.0  # readings that are kept at most, [s]
HELP = {
    "push X Y Z": "turn the trunk at once by so many rad/s about its axes",
    "set_down": "lay it on its belly, legs folded, as a person does after a fall",
    "battery C V": "state of charge 0 to 1, and voltage",
    "heat M T": "temperature of a motor, in °C",
    "remote BUTTON...": "buttons that are held; `remote off` switches it off",
    "feel nan|well": "what the inertial unit says",
    "mute S": "tell nothing for S seconds",
    "service NAME": "motion service that runs; nothing for none",
    "stubborn on|off": "whether the motion service refuses to be released",
    "report": "how it is",
}


class Condition:
    """What can happen to a robot beside its motion."""

    def __init__(self) -> None:
        self.charge, self.voltage = 0.8, 29.5
        self.heat = np.full(12, 35.0)
        self.remote: list[str] | None = []
        self.feels = self.lets_go = True
        self.mute_until = -math.inf

    def remote_bytes(self) -> list[int]:
        """As LowState_ has them."""
        data = [0] * 40
        if self.remote is not None:
            bits = sum(1 << BUTTONS.index(button) for button in self.remote)
            data[:4] = [0x55, 0x51, bits & 0xFF, bits >> 8]
        return data


class Go2Server:
    """Carries messages between a bus and a robot.

    Args:
        bus: The bus.
        firmware: The robot.
        state_rate: Messages on rt/lowstate per second, [Hz].
    """

    def __init__(self, bus: Bus, firmware: Firmware, state_rate: float) -> None:
        self._bus, self._firmware = bus, firmware
        self._every = max(1, round(1.0 / (state_rate * PHYSICS_DT)))
        self._lock = threading.Lock()
        self._condition = Condition()
        self._refused = 0
        self._low = bus.writer(LOW_STATE, bus.go.LowState_)
        self._sport = bus.writer(SPORT_STATE, bus.go.SportModeState_)
        self._commands = bus.reader(LOW_CMD, bus.go.LowCmd_)
        self._low_message = bus.default.unitree_go_msg_dds__LowState_()
        self._sport_message = bus.default.unitree_go_msg_dds__SportModeState_()
        self._services = [
            self._service(SPORT, {n: self._on_sport(n) for n in SPORT_REQUESTS}),
            self._service(
                SWITCHER,
                {1001: self._on_check_mode, 1002: self._on_select_mode, 1003: self._on_release},
            ),
        ]

    def run(self, ended: threading.Event) -> None:
        """Go on in real time until `ended`."""
        begin, first = time.monotonic(), self._firmware.steps
        while not ended.is_set():
            due = begin + (self._firmware.steps - first) * PHYSICS_DT
            wait = due - time.monotonic()
            if wait > 0.0:
                time.sleep(wait)
            elif wait < -LATE:
                begin -= wait
            self.step()

    def step(self) -> None:
        """One physics step, and what is to be told after it."""
        command = self._commands.take() if not self._firmware.service else None
        with self._lock:
            if command is not None:
                self._take(command)
            self._firmware.advance()
            if self._firmware.steps % self._every == 0:
                self._tell()

    def happen(self, words: list[str]) -> dict[str, Any]:
        """Let something happen to the robot, as `HELP` has it; how the robot is."""
        condition, robot = self._condition, self._firmware
        with self._lock:
            match words:
                case ["push", *turn]:
                    robot.plant.push(np.array([float(w) for w in turn]))
                case ["set_down"]:
                    robot.set_down()
                case ["battery", charge, voltage]:
                    condition.charge, condition.voltage = float(charge), float(voltage)
                case ["heat", motor, heat]:
                    condition.heat[int(motor)] = float(heat)
                case ["remote", "off"]:
                    condition.remote = None
                case ["remote", *buttons]:
                    condition.remote = buttons
                case ["feel", what]:
                    condition.feels = what != "nan"
                case ["mute", seconds]:
                    condition.mute_until = robot.time + float(seconds)
                case ["service", *name]:
                    robot.service = "".join(name)
                case ["stubborn", what]:
                    condition.lets_go = what != "on"
                case ["report"]:
                    pass  # what is answered below is all that was asked for
                case _:
                    return HELP
            return {
                "time": robot.time,
                "service": robot.service,
                "mode": robot.mode,
                "velocity": robot.velocity.tolist(),
                "tilt": robot.plant.tilt,
                "position": robot.plant.position.tolist(),
                "torque": np.abs(robot.plant.torque).tolist(),
                "damps": robot.damps,
                "requests": robot.requests,
                "falls": robot.falls,
                "rises": robot.rises,
                "fights": robot.fights,
                "refused": self._refused,
            }

    # What comes in.

    def _service(self, name: str, handlers: dict[int, Any]) -> Any:
        server = self._bus.server(name)
        for number, handler in handlers.items():
            server._RegistHandler(number, handler, False)  # what the library's own servers do
        server.Start()
        return server

    def _on_sport(self, number: int) -> Any:
        def answer(text: str) -> tuple[int, str]:
            with self._lock:
                return self._firmware.sport(number, parameters(text)), "{}"

        return answer

    def _on_check_mode(self, text: str) -> tuple[int, str]:
        return 0, json.dumps({"form": "0", "name": self._firmware.service})

    def _on_select_mode(self, text: str) -> tuple[int, str]:
        self._firmware.service = str(parameters(text)["name"])
        return 0, ""

    def _on_release(self, text: str) -> tuple[int, str]:
        with self._lock:
            if self._condition.lets_go:
                self._firmware.release()
        return 0, ""

    def _take(self, message: Any) -> None:
        """A motor command, if it is one that the robot would accept."""
        head = list(message.head) == [0xFE, 0xEF] and message.level_flag == 0xFF
        if not head or self._bus.crc(message) != message.crc:
            self._refused += 1
            return
        motors = message.motor_cmd[:12]
        on = np.array([motor.mode == 1 for motor in motors], dtype=float)

        def column(name: str) -> Array:
            return on * np.array([getattr(motor, name) for motor in motors])

        self._firmware.motor_command(
            MotorCommand(
                position=column("q"),
                velocity=column("dq"),
                stiffness=column("kp"),
                damping=column("kd"),
                torque=column("tau"),
            )
        )

    # What goes out.

    def _tell(self) -> None:
        robot, condition, message = self._firmware, self._condition, self._low_message
        reading = robot.sense(self._every * PHYSICS_DT)
        if robot.steps % round(MEANS_DT / PHYSICS_DT) < self._every:
            robot.forget()
        if robot.time < condition.mute_until:
            return
        gravity = reading.gravity
        roll = math.atan2(-gravity[1], -gravity[2])
        pitch = math.asin(min(1.0, max(-1.0, gravity[0])))
        imu = message.imu_state
        imu.rpy = [roll, pitch, math.remainder(reading.heading, 2.0 * math.pi)]
        imu.quaternion = quaternion(*imu.rpy) if condition.feels else [math.nan] * 4
        imu.gyroscope = reading.angular_velocity.tolist()
        imu.accelerometer = (-9.81 * gravity).tolist()
        torque = robot.plant.torque
        for i, motor in enumerate(message.motor_state[:12]):
            motor.mode = 1
            motor.q, motor.dq = float(reading.joint_position[i]), float(reading.joint_velocity[i])
            motor.tau_est, motor.temperature = float(torque[i]), int(condition.heat[i])
        message.bms_state.soc = round(100.0 * condition.charge)
        message.power_v = condition.voltage
        message.foot_force = [60 if stands else 0 for stands in reading.standing]
        message.wireless_remote = condition.remote_bytes()
        message.tick = round(1e3 * robot.time)
        message.crc = self._bus.crc(message)
        self._low.write(message)
        if robot.service and robot.steps % round(SPORT_DT / PHYSICS_DT) < self._every:
            sport = self._sport_message
            sport.mode, sport.imu_state = robot.mode, imu
            sport.position = [*reading.position.tolist(), float(robot.plant.position[2])]
            self._sport.write(sport)


def quaternion(roll: float, pitch: float, yaw: float) -> list[float]:
    """Unit quaternion (w, x, y, z) of turns about fixed axes x, y, z, [rad]."""
    cr, sr, cp, sp = (f(0.5 * a) for a in (roll, pitch) for f in (math.cos, math.sin))
    cy, sy = math.cos(0.5 * yaw), math.sin(0.5 * yaw)
    return [
        cr * cp * cy + sr * sp * sy,
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
    ]


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta twin go2-server`."""
    parser = argparse.ArgumentParser(prog="robot-meta twin go2-server", description=__doc__)
    parser.add_argument("--interface", default="lo", help="network interface (%(default)s)")
    parser.add_argument("--domain", type=int, default=1, help="DDS domain (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the sensors' noise")
    parser.add_argument(
        "--state-rate", type=float, default=200.0, help="rt/lowstate per second (%(default)s)"
    )
    parser.add_argument(
        "--lowcmd-lost",
        type=float,
        default=LOWCMD_LOST,
        help="seconds without rt/lowcmd after which the motors are damped (%(default)s)",
    )
    args = parser.parse_args(argv)
    try:
        bus = Bus(args.domain, args.interface)
        firmware = Firmware(legged_description("go2"), args.seed, args.lowcmd_lost)
        server = Go2Server(bus, firmware, args.state_rate)
    except RobotMetaError as error:
        print(f"robot-meta: error: {error}", file=sys.stderr)
        return error.exit_code
    ended = threading.Event()
    thread = threading.Thread(target=server.run, args=(ended,), name="robot")
    thread.start()
    print(f"a Go2 stands on '{args.interface}', DDS domain {args.domain}", flush=True)
    try:
        for line in sys.stdin:
            try:
                print(json.dumps(server.happen(line.split())), flush=True)
            except (ValueError, IndexError) as error:
                print(json.dumps({"error": str(error)}), flush=True)
        if sys.stdin.closed or not sys.stdin.isatty():
            thread.join()  # nobody will say anything any more
    except KeyboardInterrupt:
        pass
    finally:
        ended.set()
        thread.join()
    return 0
