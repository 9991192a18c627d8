"""Motor commands to a Go2, rt/lowcmd."""

from __future__ import annotations

from typing import Any

from robot_meta.legged_types import LeggedSpec
from robot_meta.robots.go2.sdk import LOW_CMD, Bus
from robot_meta.robots.walking_modes import damped
from robot_meta.types import Array

_HEAD, _LOW_LEVEL, _ON = [0xFE, 0xEF], 0xFF, 1


class Motors:
    """Sends motor commands as the robot wants them: head, level, mode and CRC.

    Args:
        bus: The bus.
        spec: The robot.
    """

    def __init__(self, bus: Bus, spec: LeggedSpec) -> None:
        self._bus, self._spec = bus, spec
        self._writer = bus.writer(LOW_CMD, bus.go.LowCmd_)
        self._message: Any = bus.default.unitree_go_msg_dds__LowCmd_()
        self._message.head, self._message.level_flag = _HEAD, _LOW_LEVEL
        for motor in self._message.motor_cmd[: spec.num_joints]:
            motor.mode = _ON
            motor.dq = motor.tau = 0.0

    def send(self, targets: Array, stiffness: Array, damping: Array) -> None:
        """Have the motors follow  τ = K (q* − q) − D q̇  from now on; (J,) each."""
        motors = self._message.motor_cmd
        for i, (q, kp, kd) in enumerate(zip(targets, stiffness, damping, strict=True)):
            motors[i].q, motors[i].kp, motors[i].kd = float(q), float(kp), float(kd)
        self._message.crc = self._bus.crc(self._message)
        self._writer.write(self._message)

    def damp(self) -> None:
        """Have them give way from now on."""
        self.send(*damped(self._spec))
