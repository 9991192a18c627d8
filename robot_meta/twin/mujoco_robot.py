"""The arm in MuJoCo behind the robot protocol, one control period at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from robot_meta.errors import NotConnected
from robot_meta.robots.closing import Closing
from robot_meta.robots.description import ArmDescription, arm_description
from robot_meta.robots.playback import ReferencePlayback, check_reference
from robot_meta.twin.body import Change
from robot_meta.twin.delay import DelayLine
from robot_meta.twin.desk.fingers import Fingers
from robot_meta.twin.desk.furniture import Furniture
from robot_meta.twin.desk.layout import DeskLayout
from robot_meta.twin.impedance import ImpedanceLaw
from robot_meta.twin.incidents import LASTING, SILENCE, IncidentConfig
from robot_meta.twin.perturbations import MAX_DELAY, Perturbations
from robot_meta.twin.plant import Plant, PlantConfig
from robot_meta.twin.reflex import ReflexLimits
from robot_meta.twin.scenes import SceneConfig
from robot_meta.types import Array, Observation, Reference

SLACK = 10  # by which a reference may be late where limits are enforced in real time, [samples]


@dataclass(frozen=True, kw_only=True)
class TwinConfig:
    """A twin and what happens to it.

    Attributes:
        seed: Of the sensor noise.
        perturbations: The body at start.
        schedule: Changes of the body at exact times.
        plant: How it is simulated and sensed.
        scene: What is around it.
        realtime: Whether it moves by itself (`open_twin` of realtime.py) or only when stepped.
        limits: "enforce" for a twin that goes into reflex where the real arm would: a reference
            that breaks a limit stops it until `recover`, and so does one that comes more than
            10 ms late, which is how much later it is followed in real time. "ignore" follows
            whatever it is given.
    """

    seed: int = 0
    perturbations: Perturbations = field(default_factory=Perturbations)
    schedule: tuple[Change, ...] = ()
    plant: PlantConfig = field(default_factory=PlantConfig)
    scene: SceneConfig = field(default_factory=SceneConfig)
    realtime: bool = False
    limits: str = "ignore"

    def __post_init__(self) -> None:
        if self.limits not in ("ignore", "enforce"):
            raise ValueError(f"limits must be 'ignore' or 'enforce', got '{self.limits}'")


@dataclass(frozen=True, kw_only=True)
class TwinSnapshot:
    """The true state of a twin, for a view or a judge; no controller sees it.

    Attributes:
        stamp: Robot time, [s].
        position: Joint positions, (J,), [rad].
        velocity: Joint velocities, (J,), [rad/s].
        reference: What the low-level law follows, (J,), [rad].
        tool_position: True tool point, base frame, (3,), [m].
        contact_force: Force on the tool from outside, base frame, (3,), [N].
        perturbations: The body.
    """

    stamp: float
    position: Array
    velocity: Array
    reference: Array
    tool_position: Array
    contact_force: Array
    perturbations: Perturbations


class MujocoRobot(Closing):
    """A simulated arm that moves only when `step` is called (lockstep).

    Sample i of a reference is the target during millisecond i of the period that follows. An
    observation is stamped with the time it is available; the reading is `observation_delay` older.
    While stopped, references are checked and ignored. The same seed and the same references give
    the same observations bit for bit.
    """

    def __init__(self, description: ArmDescription, config: TwinConfig | None = None) -> None:
        config = config if config is not None else TwinConfig()
        self.spec = description.spec
        self._config = config
        self._plant = Plant(description, config.plant, config.scene)
        self._law = ImpedanceLaw(self.spec)
        self.pace = self.spec.reference_dt  # [s]
        self._rate = round(1.0 / self.pace)
        slots = round(MAX_DELAY * self._rate)
        joints = self.spec.num_joints
        self._playback = ReferencePlayback(self.spec)
        self._reflexes: ReflexLimits | None = None
        if config.limits == "enforce":
            own = arm_description(self.spec.name).spec.limits  # at any share of its speed
            self._reflexes = ReflexLimits(own, self.spec.reference_dt)
        self._targets = DelayLine(slots, 2 * joints)
        readings = slots + round(config.plant.observation_delay * self._rate)
        self._readings = DelayLine(readings, 3 * joints)
        self._observation: Observation
        self._closed, self._rests = False, True
        self.reset()

    def reset(
        self,
        position: Array | None = None,
        *,
        perturbations: Perturbations | None = None,
        schedule: tuple[Change, ...] | None = None,
        seed: int | None = None,
        layout: DeskLayout | None = None,
    ) -> Observation:
        """Begin again at time 0, at rest at `position` (home by default); the first reading.

        What is not given is as in the configuration; a layout stays until another is given.
        """
        self._require_connection()
        if layout is not None:
            self.furniture.lay_out(layout)
        config = self._config
        seed = config.seed if seed is None else seed
        schedule = config.schedule if schedule is None else schedule
        self._noise = np.random.default_rng(seed)
        self._schedule = sorted(schedule, key=lambda change: change.stamp)[::-1]  # next is last
        self._steps, self._stopped, self._incident = 0, "", ""
        self.set_perturbations(config.perturbations if perturbations is None else perturbations)
        self._plant.reset(self.spec.home if position is None else np.asarray(position, float))
        self._plant.begin()
        self._law.reset(self._plant.compensation)
        self._hold_here()
        self._targets.fill(np.concatenate([self._playback.held, np.zeros(self.spec.num_joints)]))
        self._readings.fill(self._reading())
        return self.measure()

    def observe(self) -> Observation:
        """The measurement at the end of the newest period."""
        self._require_connection()
        return self._observation

    def command(self, reference: Reference) -> None:
        """Follow `reference` from now on; ignored, after the same checks, while stopped."""
        self._require_connection()
        check_reference(reference, self.spec)
        if not self._stopped:
            if self._reflexes is not None and self._rests:
                self._reflexes.join(reference.position[0], reference.velocity[0])
                self._playback.hold_at(self._reflexes.accepted)
            self._rests = False
            if self._reflexes is not None and self._config.realtime:
                self._playback.append(reference, SLACK)
            else:
                realtime = self._config.realtime
                late = self._playback.late_start(reference, self.time) if realtime else 0
                self._playback.play(reference, late)

    def grip(self, width: float) -> None:
        """Move the fingers towards `width` between them, [m]; ignored while stopped."""
        self._require_connection()
        if not np.isfinite(width):
            raise ValueError(f"the width between the fingers must be finite, got {width}")
        if not self._stopped:
            self.furniture.fingers.grip(width)

    def stop(self, reason: str) -> None:
        """Hold the present reference until `recover`; the first reason counts."""
        if self._closed or self._stopped:
            return
        self._stopped = reason or "STOP"
        self._playback.hold_at(self._playback.held)
        if self.fingers is not None:
            self.fingers.stop()

    def recover(self) -> bool:
        """Clear a stop and hold where the arm stands now; not while an incident lasts."""
        self._require_connection()
        if self._incident in LASTING:
            return False
        if self._stopped:
            self._stopped = ""
            self._hold_here()
        return True

    def close(self) -> None:
        """Stop and disconnect; safe to call twice."""
        self.stop("CLOSED")
        self._closed = True

    def step(self) -> Observation:
        """Advance one control period; the measurement at its end."""
        self._require_connection()
        self.advance(self.spec.samples_per_tick)
        return self.measure()

    def measure(self) -> Observation:
        """Read the sensors now; `observe` returns it until the next time."""
        if self._incident == SILENCE:
            return self._observation
        joints, plant = self.spec.num_joints, self._config.plant
        reading = self._readings.get(self._reading_age)
        noise = self._noise.normal(size=(2, joints))
        self._observation = Observation(
            stamp=self.time,
            position=reading[:joints] + plant.position_noise * noise[0],
            velocity=reading[joints : 2 * joints] + plant.velocity_noise * noise[1],
            torque=self._law.commanded.copy(),
            external_torque=reading[2 * joints :].copy(),
        )
        return self._observation

    def advance(self, milliseconds: int) -> None:
        """Advance by so many samples of the reference without measuring."""
        if self._incident == SILENCE:
            return
        plant, law, readings = self._plant, self._law, self._readings
        noise = self._noise.normal(
            0.0, self._config.plant.torque_noise, (milliseconds, self.spec.num_joints)
        )
        for i in range(milliseconds):
            while self._schedule and self._schedule[-1].stamp <= self.time + 1e-9:
                change = self._schedule.pop()
                self.set_perturbations(self._body.changed(change.name, change.value))
            plant.begin()
            target = self._next_target()
            plant.finish(law.torque(target, plant), noise[i])
            self._steps += 1
            readings.push(self._reading())

    @property
    def time(self) -> float:
        """Robot clock: time since the last reset, [s]."""
        return self._steps / self._rate

    @property
    def furniture(self) -> Furniture:
        """What stands on the desk, and the fingers."""
        if self._plant.furniture is None:
            raise ValueError("this twin has no furniture: set scene.desk")
        return self._plant.furniture

    @property
    def fingers(self) -> Fingers | None:
        """Those of the hand, where they move (`scene.desk`)."""
        return self._plant.furniture.fingers if self._plant.furniture is not None else None

    def scene(self) -> Array | None:
        """What stands on the desk, (1 + D,), entries as in `SCENE`; None without one."""
        return self._plant.furniture.scene if self._plant.furniture is not None else None

    @property
    def stopped(self) -> str:
        """Reason of the present stop, "" when there is none."""
        return self._stopped

    @property
    def perturbations(self) -> Perturbations:
        """The body as it is now."""
        return self._body

    def set_perturbations(self, body: Perturbations) -> None:
        """Make the body `body` from the next millisecond on."""
        if len(body.joint_gain) != self.spec.num_joints:
            raise ValueError(f"want perturbations of {self.spec.num_joints} joints")
        self._body = body
        self._plant.set_perturbations(body)
        self._law.set_gain(body.joint_gain)
        self._target_age = round(body.command_delay * self._rate)
        delay = body.observation_delay + self._config.plant.observation_delay
        self._reading_age = round(delay * self._rate)

    def change(self, name: str, value: Any) -> None:
        """Change one field of the body from the next millisecond on."""
        self.set_perturbations(self._body.changed(name, value))

    def tool_position(self) -> Array:
        """True tool point in the base frame, (3,), [m]; no controller sees it."""
        return self._plant.tool_position

    def contact_force(self) -> Array:
        """True force on the tool from the wall or the hold, base frame, (3,), [N]."""
        return self._plant.contact_force

    def befall(self, incident: str) -> None:
        """Let one of `INCIDENTS` happen now; "" ends one that lasts."""
        self._incident = IncidentConfig(incident=incident).incident
        if incident not in ("", SILENCE):
            self.stop(incident)

    def hold_tool(self, held: bool) -> None:
        """Take hold of the tool where it is, or let it go."""
        self._plant.hold_tool(held)

    def snapshot(self) -> TwinSnapshot:
        """The true state now."""
        return TwinSnapshot(
            stamp=self.time,
            position=self._plant.position.copy(),
            velocity=self._plant.velocity.copy(),
            reference=self._playback.held.copy(),
            tool_position=self._plant.tool_position,
            contact_force=self._plant.contact_force,
            perturbations=self._body,
        )

    def _require_connection(self) -> None:
        if self._closed:
            raise NotConnected("the twin is closed; make a new one")

    def _hold_here(self) -> None:
        self._playback.hold_at(self._plant.position)
        self._rests = True  # no reference has come since
        if self._reflexes is not None:
            self._reflexes.begin(self._plant.position)

    def _next_target(self) -> Array:
        """Reference position and velocity for this millisecond, (2J,), after the delay."""
        slot = self._targets.slot()
        self._playback.next(slot)
        if self._reflexes is not None and not self._stopped:
            plant = self._plant
            self._stopped = self._reflexes.violation(
                slot[: self.spec.num_joints], plant.position, plant.velocity
            )
            if self._stopped:  # in reflex: what came last is not followed any more
                self._playback.hold_at(self._reflexes.accepted)
                self._playback.next(slot)
        self._targets.advance()
        return self._targets.get(self._target_age)

    def _reading(self) -> Array:
        plant = self._plant
        return np.concatenate([plant.position, plant.velocity, plant.external_torque])
