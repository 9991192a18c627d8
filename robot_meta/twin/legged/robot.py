"""A walking robot in MuJoCo behind the robot protocol, one control period at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.errors import NotConnected
from robot_meta.legged_types import LeggedObservation, VelocityReference
from robot_meta.robots.body_estimate import UPRIGHT, TurnCounter, check_velocity
from robot_meta.robots.closing import Closing
from robot_meta.robots.description import LeggedDescription
from robot_meta.robots.walking_modes import Legs, Mode, folded_legs
from robot_meta.robots.walking_policy import WalkingPolicy
from robot_meta.twin.assets import go2_policy_path
from robot_meta.twin.body import Change
from robot_meta.twin.legged.incidents import FALL, PUSH, SensorTrouble
from robot_meta.twin.legged.perturbations import LeggedPerturbations
from robot_meta.twin.legged.plant import PHYSICS_DT, LeggedPlant
from robot_meta.twin.legged.sensors import Reading, SensorConfig, Sensors, read
from robot_meta.types import Array


@dataclass(frozen=True, kw_only=True)
class LeggedTwinConfig:
    """A twin and what happens to it.

    Attributes:
        seed: Of sensor noise and rough ground.
        policy: File of the walking policy (ONNX); empty for the installed one.
        body: At start.
        schedule: Changes of the body, each from the first policy period at its stamp or later.
        sensors: How it is sensed.
    """

    seed: int = 0
    policy: str = ""
    body: LeggedPerturbations = field(default_factory=LeggedPerturbations)
    schedule: tuple[Change, ...] = ()
    sensors: SensorConfig = field(default_factory=SensorConfig)


class LeggedTwin(Closing):
    """A simulated quadruped that moves only when it is told to (lockstep).

    While stopped it is damped: it sinks and stays down until `recover`, which stands it up again
    where it lies upright. The same seed and the same references give the same observations.
    """

    def __init__(
        self, description: LeggedDescription, config: LeggedTwinConfig | None = None
    ) -> None:
        self.spec = description.spec
        self._config = config if config is not None else LeggedTwinConfig()
        self._plant = LeggedPlant(description)
        policy = self._config.policy
        path = Path(policy).expanduser() if policy else go2_policy_path()
        self._legs = Legs(self.spec, WalkingPolicy(path, self.spec))
        self.pace = self.spec.policy_dt  # [s]
        self._rate = round(1.0 / self.pace)
        self._steps = round(self.spec.control_dt / self.pace)  # policy periods per control period
        self._sensors = Sensors(description, self._config.sensors)
        self._substeps = round(self.spec.policy_dt / PHYSICS_DT)
        if self._config.sensors.delay >= self._substeps:
            raise ValueError(
                f"want a delay of less than {self._substeps} physics steps, got "
                f"{self._config.sensors.delay}"
            )
        self._closed = False
        self.reset()

    def reset(self, config: LeggedTwinConfig | None = None) -> LeggedObservation:
        """Begin again at time 0, standing at the origin; the first measurement.

        Args:
            config: What happens from now on; by default what happened before.
        """
        self._require_connection()
        kept = self._config
        if config is not None and (config.sensors, config.policy) != (kept.sensors, kept.policy):
            raise ValueError("sensors and policy stay as they were; make another twin")
        self._config = config = config if config is not None else self._config
        rng = np.random.default_rng(config.seed)
        self._body = config.body
        self._schedule = sorted(config.schedule, key=lambda change: change.stamp)[::-1]
        self._plant.reset(config.body, rng)
        self._legs.reset()
        self._sensors.reset(rng, config.body.imu_yaw)
        self._command, self._stopped, self._periods = np.zeros(3), "", 0
        self._turns, self._trouble = TurnCounter(), SensorTrouble()
        self._reading = self._sensors.take(self._read(), self._body.imu_yaw, 0.0)
        self._take_measurement()
        return self._observation

    def observe(self) -> LeggedObservation:
        """The measurement at the end of the newest period."""
        self._require_connection()
        return self._observation

    def command(self, reference: VelocityReference) -> None:
        """Walk with `reference` from now on; ignored, after the same checks, while stopped."""
        self._require_connection()
        check_velocity(reference)
        if not self._stopped:
            self._command = np.array(reference.velocity, dtype=float)

    def stop(self, reason: str) -> None:
        """Damp all joints until `recover`; the first reason counts."""
        if self._closed or self._stopped:
            return
        self._stopped, self._command = reason or "STOP", np.zeros(3)
        self._legs.enter(Mode.DAMP, self._plant.joint_position)

    def recover(self) -> bool:
        """Clear a stop and stand up; False where the robot does not lie upright."""
        self._require_connection()
        if self._stopped:
            if self.tilt > UPRIGHT:
                return False
            self._stopped = ""
            self._legs.enter(Mode.STAND_UP, self._plant.joint_position)
        return True

    def close(self) -> None:
        """Stop and disconnect; safe to call twice."""
        self.stop("CLOSED")
        self._closed = True

    def step(self) -> LeggedObservation:
        """Advance one control period; the measurement at its end."""
        self.advance(self._steps)
        return self._observation

    def advance(self, steps: int, /) -> None:
        """Advance so many policy periods; there is a measurement after every control period."""
        self._require_connection()
        for _ in range(steps):
            self._advance()
            if self._periods % self._steps == 0:
                self._take_measurement()

    def measure(self) -> LeggedObservation:
        """The measurement at the end of the newest control period."""
        return self._observation

    def change(self, name: str, value: Any) -> None:
        """Change one field of the body from the next policy period on.

        Raises:
            ValueError: No such field, a value it cannot have, or one of the ground under it.
        """
        self._become(self._body.changed(name, value))

    @property
    def time(self) -> float:
        """Robot clock: time since the last reset, [s]."""
        return self._periods / self._rate

    @property
    def stopped(self) -> str:
        """Reason of the present stop, "" when there is none."""
        return self._stopped

    def befall(self, incident: str) -> None:
        """Let one of `LEGGED_INCIDENTS` happen now; "" ends one that lasts."""
        if incident == FALL:
            self.push(PUSH)
        self._trouble.befall(incident)

    @property
    def body(self) -> LeggedPerturbations:
        """How it differs from the nominal robot now."""
        return self._body

    @property
    def mode(self) -> Mode:
        """What the joints do."""
        return self._legs.mode

    @property
    def true_pose(self) -> Array:
        """Position and heading on the ground, (3,), [m, m, rad]; no controller sees it."""
        return np.array([*self._plant.position[:2], self._turns.count(self._plant.heading)])

    @property
    def tilt(self) -> float:
        """True angle between the trunk's and the vertical axis, [rad]."""
        return self._plant.tilt

    def push(self, angular_velocity: Array) -> None:
        """Change how the trunk turns by `angular_velocity` (3,) [rad/s], as a hard shove does."""
        self._plant.push(angular_velocity)

    def set_down(self) -> None:
        """Lay it on its belly where it is, legs folded, as a person does after a fall."""
        self._plant.set_down(folded_legs(self.spec))

    def _advance(self) -> None:
        """One policy period."""
        body = self._body
        while self._schedule and self._schedule[-1].stamp <= self.time + 1e-9:
            change = self._schedule.pop()
            body = body.changed(change.name, change.value)
        if body != self._body:
            self._become(body)
        reading = self._reading
        law = self._legs.law(reading, self._command * self._body.response)
        read_after = self._substeps - self._config.sensors.delay
        for done in range(1, self._substeps + 1):
            self._plant.step(*law)
            if done == read_after:
                reading = self._read()
        self._periods += 1
        self._reading = self._sensors.take(reading, self._body.imu_yaw, self.spec.policy_dt)

    def _become(self, body: LeggedPerturbations) -> None:
        self._plant.set_perturbations(body)
        self._body = body

    def _take_measurement(self) -> None:
        measured = self._sensors.observation(self.time, self._reading, self._plant.torque)
        self._observation = self._trouble.spoil(measured)

    def _read(self) -> Reading:
        return read(self._plant, self._turns)

    def _require_connection(self) -> None:
        if self._closed:
            raise NotConnected("the twin is closed; make a new one")
