"""What a Go2 does with what it is sent: requests to its motion service, and motor commands.

No DDS in here; `server.py` carries the messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from robot_meta.robots.body_estimate import TurnCounter
from robot_meta.robots.description import LeggedDescription
from robot_meta.robots.walking_modes import Legs, Mode, damped, folded_legs
from robot_meta.robots.walking_policy import WalkingPolicy
from robot_meta.twin.assets import go2_policy_path
from robot_meta.twin.legged.perturbations import LeggedPerturbations
from robot_meta.twin.legged.plant import PHYSICS_DT, LeggedPlant
from robot_meta.twin.legged.sensors import Reading, SensorConfig, Sensors, read
from robot_meta.types import Array

LOWCMD_LOST = 0.05  # time without a motor command after which the motors are damped, [s]
FALLEN = 1.0  # tilt at which the motion service damps the motors, [rad]
RISES_AFTER = 2.0  # from a fall to getting up by itself, where it may, [s]
NOT_KNOWN = 3203  # code of the robot for a request that it does not know
# Modes as SportModeState_ has them, and requests of the motion service by number.
_MODES = {Mode.WALK: 1, Mode.DAMP: 7, Mode.STAND_UP: 8, Mode.LIE_DOWN: 5}
_WALKING = 3
SPORT = {
    1001: "Damp",
    1002: "BalanceStand",
    1003: "StopMove",
    1004: "StandUp",
    1005: "StandDown",
    1006: "RecoveryStand",
    1008: "Move",
    2054: "AutoRecoverySet",
    2055: "AutoRecoveryGet",
}


@dataclass(frozen=True, kw_only=True)
class MotorCommand:
    """One motor command to all joints,  τ = f + K (q* − q) + D (q̇* − q̇).

    Attributes:
        position: q*, (J,), [rad].
        velocity: q̇*, (J,), [rad/s].
        stiffness: K, (J,), [Nm/rad].
        damping: D, (J,), [Nms/rad].
        torque: f, (J,), [Nm].
    """

    position: Array
    velocity: Array
    stiffness: Array
    damping: Array
    torque: Array


class Firmware:
    """A Go2 and its motion service, one physics step at a time.

    It takes whatever a real one might at worst: a velocity holds until it is replaced, and after a
    fall it gets up by itself unless it was told not to.

    Args:
        description: The robot.
        seed: Of the noise of its sensors.
        lowcmd_lost: Time without a motor command after which the motors are damped, [s].

    Attributes:
        service: Name of the motion service that runs, "" once it was released.
        steps: Physics steps so far.
        requests: How often each request came.
        falls: How often it fell.
        rises: How often it got up by itself.
        fights: Motor commands that came while the motion service had the motors.
    """

    def __init__(
        self, description: LeggedDescription, seed: int = 0, lowcmd_lost: float = LOWCMD_LOST
    ) -> None:
        self._lowcmd_lost = lowcmd_lost
        self._spec = spec = description.spec
        self._plant = LeggedPlant(description)
        rng = np.random.default_rng(seed)
        self._plant.reset(LeggedPerturbations(), rng)
        self._legs = Legs(spec, WalkingPolicy(go2_policy_path(), spec))
        self._sensors = Sensors(description, SensorConfig(pose_source="odometry"))
        self._sensors.reset(rng, 0.0)
        self._turns = TurnCounter()
        self._every = round(spec.policy_dt / PHYSICS_DT)
        self._command, self._motors = np.zeros(3), damped(spec)
        self._lowcmd: MotorCommand | None = None
        self._lowcmd_step = 0
        self._auto_recovery, self._fallen_at = True, -1
        self.service = "normal"
        self.steps = self.falls = self.rises = self.fights = 0
        self.requests: dict[str, int] = {}
        self.sense(0.0)

    @property
    def time(self) -> float:
        """Its clock, [s]."""
        return self.steps * PHYSICS_DT

    @property
    def mode(self) -> int:
        """As SportModeState_ has it."""
        walks = self._legs.mode is Mode.WALK and self._command.any()
        return _WALKING if walks else _MODES[self._legs.mode]

    @property
    def plant(self) -> LeggedPlant:
        """The truth."""
        return self._plant

    @property
    def velocity(self) -> Array:
        """That the motion service walks with, (3,), [m/s, m/s, rad/s]."""
        return self._command.copy()

    @property
    def damps(self) -> bool:
        """Whether the motors give way."""
        if self.service:
            return self._legs.mode is Mode.DAMP
        late = (self.steps - self._lowcmd_step) * PHYSICS_DT > self._lowcmd_lost
        return self._lowcmd is None or late

    def sport(self, number: int, arguments: dict[str, Any]) -> int:
        """A request to the motion service; the code of its answer."""
        name = SPORT.get(number)
        if name is None or not self.service:
            return NOT_KNOWN
        self.requests[name] = self.requests.get(name, 0) + 1
        mode, position = self._legs.mode, self._plant.joint_position
        if name == "Move" and mode is Mode.WALK:
            spec = self._spec
            asked = np.array([float(arguments[axis]) for axis in "xyz"])
            self._command = np.clip(asked, spec.command_lower, spec.command_upper)
        elif name in ("StopMove", "Damp", "StandDown"):
            self._command = np.zeros(3)
        if name == "Damp":
            self._legs.enter(Mode.DAMP, position)
        elif name == "StandDown" and mode is not Mode.DAMP:
            self._legs.enter(Mode.LIE_DOWN, position)
        elif name == "StandUp" and mode in (Mode.DAMP, Mode.LIE_DOWN):
            self._legs.enter(Mode.STAND_UP, position)
        elif name == "RecoveryStand":
            self._rise()
        elif name == "AutoRecoverySet":
            self._auto_recovery = bool(arguments["data"])
        return 0

    def release(self) -> None:
        """Stop the motion service; the motors give way until motor commands come."""
        self.service, self._lowcmd = "", None

    def motor_command(self, command: MotorCommand) -> None:
        """A motor command that is as it should be."""
        if self.service:
            self.fights += 1
        else:
            self._lowcmd, self._lowcmd_step = command, self.steps

    def sense(self, dt: float) -> Reading:
        """What the sensors say, `dt` [s] after the last time."""
        self.reading = self._sensors.take(read(self._plant, self._turns), 0.0, dt)
        return self.reading

    def set_down(self) -> None:
        """Lay it on its belly, legs folded, as a person does after a fall."""
        self._plant.set_down(folded_legs(self._spec))

    def forget(self) -> None:
        """Begin means over readings anew."""
        self._sensors.observation(self.time, self.reading, self._plant.torque)

    def advance(self) -> None:
        """One physics step."""
        if self.service:
            self._watch_for_falls()
            if self.steps % self._every == 0:
                self._motors = self._legs.law(self.reading, self._command)
            self._plant.step(*self._motors)
        elif self.damps or self._lowcmd is None:
            self._plant.step(*damped(self._spec))
        else:
            c = self._lowcmd
            feed = c.torque + c.damping * c.velocity
            self._plant.step(c.position, c.stiffness, c.damping, feed)
        self.steps += 1

    def _watch_for_falls(self) -> None:
        """The motion service's own."""
        if self._plant.tilt <= FALLEN:
            self._fallen_at = -1
            return
        if self._fallen_at < 0:
            self._fallen_at = self.steps
            self.falls += 1
            self._command = np.zeros(3)
            self._legs.enter(Mode.DAMP, self._plant.joint_position)
        elif self._auto_recovery and (self.steps - self._fallen_at) * PHYSICS_DT > RISES_AFTER:
            self.rises += 1
            self._rise()

    def _rise(self) -> None:
        """Turn itself over and get up, which is not simulated in between."""
        self.set_down()
        self._legs.enter(Mode.STAND_UP, self._plant.joint_position)
