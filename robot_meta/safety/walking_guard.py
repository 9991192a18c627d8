"""The last gate in front of a robot that is driven by velocities.

HOLD stands still; ESTOP and INACTIVE stand still until the driver is stopped, which damps the
joints. A fall is a fault and damps at once. Nothing resumes by itself.
"""

from __future__ import annotations

import numpy as np

from robot_meta.legged_types import (
    LeggedObservation,
    LeggedSpec,
    VelocityCommand,
    VelocityCommanded,
    VelocityReference,
)
from robot_meta.safety.intake import TOLERANCE, judge_stamp
from robot_meta.safety.life import LifeCycle
from robot_meta.safety.reasons import Reason, explain
from robot_meta.safety.recovery import RecoveryConfig
from robot_meta.safety.state import Answer, Event, State
from robot_meta.safety.tally import Tally
from robot_meta.safety.walking import (
    WalkingGuardConfig,
    is_sound,
    leans,
    limited,
    vital_trouble,
    vital_warnings,
)
from robot_meta.types import Array


class WalkingGuard:
    """Decides the velocity of every control period.

    Args:
        spec: The robot, with the limits of its commands.
        config: What the lab allows.
    """

    def __init__(self, spec: LeggedSpec, config: WalkingGuardConfig | None = None) -> None:
        self.spec = spec
        self.config = config if config is not None else WalkingGuardConfig()
        self._life = LifeCycle(RecoveryConfig())
        self._tally = Tally()
        self._measured: LeggedObservation | None = None
        self._velocity = np.zeros(3)
        self._started = self._fell = False
        self._stamp = 0.0

    @property
    def life(self) -> LifeCycle:
        """State, reason and how they changed."""
        return self._life

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self._life.state

    @property
    def reason(self) -> str:
        """Why it is not RUNNING; "" where it is."""
        return self._life.reason

    @property
    def started(self) -> bool:
        """Whether it has seen a measurement."""
        return self._started

    @property
    def at_rest(self) -> bool:
        """Whether standing still was the last thing it decided."""
        return not self._velocity.any()

    @property
    def longest_gap(self) -> float:
        """Longest time between two measurements that it lets pass, [s]."""
        return self.config.max_gap * self.spec.control_dt

    @property
    def urgent(self) -> bool:
        """Whether the driver must stop at once: a robot that fell has nothing to come to rest."""
        return self._life.latched and self._fell

    @property
    def counts(self) -> dict[str, int]:
        """How many periods each rule altered, and how many holds and stops each reason caused."""
        return self._tally.counts

    @property
    def warnings(self) -> tuple[Reason, ...]:
        """What will make it hold soon: battery, motors."""
        vitals = self._measured.vitals if self._measured is not None else None
        return vital_warnings(vitals, self.config)

    @property
    def figures(self) -> dict[str, object]:
        """What else is worth telling of it."""
        warnings = " ".join(self.warnings)
        return {"altered_share": self._tally.altered_share, "warnings": warnings}

    def configure(self, config: WalkingGuardConfig) -> None:
        """Use other limits from now on.

        Raises:
            ValueError: The robot is armed.
        """
        if self.state is State.RUNNING:
            raise ValueError("limits are read-only while the robot is armed: hold it first")
        self.config = config

    def start(self, observation: LeggedObservation) -> None:
        """Begin standing still, in HOLD; a latched stop stays latched."""
        if not is_sound(observation, self.spec):
            raise ValueError(f"want a finite measurement to start from, got {observation}")
        self._started, self._measured = True, observation
        self._velocity = np.zeros(3)
        self._stamp = self._answerable = float(observation.stamp)
        self._accepted: float | None = None
        self._silent, self._frozen = 0, 0
        self._expects_first = True
        self._happens(Event.START, Reason.START)
        self.hold(Reason.START)

    def arm(self) -> Answer:
        """HOLD to RUNNING, if all is well."""
        if self.state is State.RUNNING:
            return Answer(True, "already running")
        if self._life.latched:
            return Answer(False, f"stopped ({self.reason}): call recover first")
        if self._measured is None:
            return Answer(False, "there is no valid measurement")
        if leans(self._measured.attitude, self.config.tilt):
            return Answer(False, "the robot leans too far: put it on level ground")
        trouble = vital_trouble(self._measured.vitals, self.config)
        if trouble is not None:
            text = explain(trouble)
            return Answer(False, f"{trouble}: {text.meaning} {text.remedy}")
        if self._velocity.any():
            return Answer(False, "the robot is still coming to rest")
        self._happens(Event.ARM, "")
        self._silent, self._frozen, self._expects_first = 0, 0, True
        self._tally.restart()
        return Answer(True, "running")

    def hold(self, reason: str = Reason.OPERATOR) -> None:
        """Come to rest and stand, until `arm`; the first reason stays."""
        self._happens(Event.HOLD, reason)

    def stop(self, reason: str = Reason.ESTOP) -> None:
        """Come to rest and stay stopped, until `recover`; the first reason stays."""
        self._happens(Event.STOP, reason)

    def fault(self, reason: str) -> None:
        """The robot stopped itself, fell or is lost; latched until `recover`."""
        self._happens(Event.FAULT, reason)

    def acknowledge(self) -> Answer:
        """Say that a person has seen to what made the robot stop itself again and again."""
        if self._life.acknowledge(self._stamp):
            return Answer(True, "acknowledged: call recover")
        return Answer(False, "nobody was asked for")

    def recover(self) -> Answer:
        """INACTIVE or ESTOP to HOLD."""
        if self.state is State.RUNNING:
            return Answer(False, "running: nothing to recover from")
        if self._life.asks_for_person:
            return Answer(False, "it stopped itself again and again: look why, then acknowledge")
        if self._measured is None:
            return Answer(False, "no valid measurement to recover with")
        if leans(self._measured.attitude, self.config.tilt):
            return Answer(False, "the robot leans too far: put it on its feet")
        self._fell = False
        self._happens(Event.RECOVER, Reason.RECOVERED)
        return Answer(True, f"holding ({self.reason})")

    def tick(
        self, observation: LeggedObservation, command: VelocityCommand | None
    ) -> tuple[VelocityReference, VelocityCommanded]:
        """Decide the period that begins with `observation`.

        Args:
            observation: Newest measurement.
            command: The newest command, if one came since the last tick.
        """
        if not self._started:
            self.start(observation)
        before = self._velocity
        self._take_in(observation)
        asked, altered, reason = np.zeros(3), command is not None, self.reason
        if self.state is State.RUNNING:
            asked, reason = self._asked(command, before)
            altered = bool(reason)
        if self.urgent:
            after = np.zeros(3)  # nothing to come to rest from
        else:
            after, rule = limited(asked, before, self.spec)
            if self.state is State.RUNNING and rule is not None and not reason:
                altered, reason = True, str(rule)
        if self.state is State.RUNNING:
            if not self._expects_first:
                self._tally.period(reason)
        else:
            altered, reason = command is not None, self.reason
        self._velocity = after
        reference = VelocityReference(stamp=self._stamp, velocity=after)
        velocity = np.stack([before, after])
        return reference, VelocityCommanded(
            stamp=self._stamp, velocity=velocity, altered=altered, reason=reason
        )

    def _take_in(self, observation: LeggedObservation) -> None:
        """Judge a measurement; holds or stops where it cannot be gone on with."""
        config, period = self.config, self.spec.control_dt
        last, self._measured = self._measured, None
        if not is_sound(observation, self.spec):
            self._stamp += period
            self.hold(Reason.BAD_OBSERVATION)
            return
        gap = observation.stamp - self._stamp
        self._answerable, self._stamp = self._stamp, float(observation.stamp)
        if gap < 0.0 or gap > config.max_gap * period + TOLERANCE:
            self._answerable, self._accepted = self._stamp, None
            self.hold(Reason.CLOCK_JUMP)
            return
        self._measured = observation
        if leans(observation.attitude, config.fallen):
            self._fell = True
            self.fault(Reason.FALLEN)
        elif leans(observation.attitude, config.tilt):
            self.hold(Reason.TILT)
        trouble = vital_trouble(observation.vitals, config)
        if trouble is not None:
            self.hold(trouble)
        if last is None:
            return
        way = observation.pose[:2] - last.pose[:2]
        walks = self._velocity.any() and gap > 0.0
        self._frozen = self._frozen + 1 if walks and not way.any() else 0
        if np.linalg.norm(way) > config.pose_jump:
            self.hold(Reason.POSE_JUMP)
        elif self._frozen >= config.pose_frozen:
            self.hold(Reason.POSE_FROZEN)

    def _asked(self, command: VelocityCommand | None, before: Array) -> tuple[Array, str]:
        """What velocity is asked for, (3,), and why it is not what a command says, or ""."""
        reason = Reason.NO_COMMAND if command is None else self._fault(command)
        if command is not None and reason is None:
            self._accepted, self._silent, self._expects_first = command.stamp, 0, False
            return np.asarray(command.velocity, dtype=float), ""
        self._silent += 1
        if self._silent >= self.config.max_silent:
            unheard = reason is Reason.NO_COMMAND
            self.hold(Reason.COMMAND_SILENCE if unheard else str(reason))
        coasts = self._silent <= self.config.coast_periods
        return (before if coasts else np.zeros(3)), str(reason)

    def _fault(self, command: VelocityCommand) -> Reason | None:
        """Why a command must be ignored, or None."""
        if np.shape(command.velocity) != (3,):
            return Reason.WRONG_LENGTH
        if not (np.isfinite(command.velocity).all() and np.isfinite(command.stamp)):
            return Reason.NOT_FINITE
        return judge_stamp(
            command.stamp,
            now=self._stamp,
            newest=self._answerable,
            accepted=self._accepted,
            max_age=(self.config.max_command_age + 0.5) * self.spec.control_dt,
        )

    def _happens(self, event: Event, reason: str) -> None:
        if self._life.happens(event, str(reason), self._stamp) and reason:
            self._tally.event(str(reason))
