"""The last gate: it alone makes references, and every one of them can still be stopped in time.

At each boundary of two periods the guard chooses one number per joint, the velocity v₁ at the end
of the period that begins:

    wanted  = what the newest acceptable command asks for
    bounded = wanted, within what every joint can stop from (robot_meta/reference.py), and not
              further ahead of the measured position than `lead_limit`
    v₁      = bounded, if the tool stays in its box, slow enough and clear of the arm during the
              period and during the stop that could follow it; else a mix with braking

Braking from the period before has been checked then, so there always is a safe choice. What may
pass unchanged passes bit for bit. In RECOVERY the wish is the guard's own: a slow way back, home,
or to where the robot stands.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import numpy as np

from robot_meta.kinematics import KinematicChain
from robot_meta.reference import advance
from robot_meta.safety.choice import Chooser
from robot_meta.safety.config import GuardConfig
from robot_meta.safety.early import Period
from robot_meta.safety.life import LifeCycle
from robot_meta.safety.maneuvers import Maneuvers
from robot_meta.safety.measurements import Measurements
from robot_meta.safety.paths import Clearance
from robot_meta.safety.readiness import obstacle
from robot_meta.safety.reasons import TOUCH, Reason, explain
from robot_meta.safety.recovery import RecoveryConfig
from robot_meta.safety.relaxed import relaxed
from robot_meta.safety.state import Answer, Event, State
from robot_meta.safety.tally import Tally
from robot_meta.safety.touch import Touch
from robot_meta.safety.wishes import Wishes
from robot_meta.types import Array, Command, Commanded, Observation, Reference, RobotSpec

__all__ = ["Answer", "Guard", "GuardConfig"]


class Guard:
    """Decides the joint reference of every control period.

    Args:
        spec: The robot, with its limits.
        chain: Its kinematics.
        config: What the lab allows.
        clearance: Distance of the arm to itself and to the table, where it is known.
        disabled: Rules switched off, to show in tests that each is needed. Never on a robot.
        recovery: What happens after trouble.

    Attributes:
        life: State, reason and how they changed.
    """

    def __init__(
        self,
        spec: RobotSpec,
        chain: KinematicChain,
        config: GuardConfig | None = None,
        clearance: Clearance | None = None,
        *,
        disabled: Collection[Reason] = (),
        recovery: RecoveryConfig | None = None,
    ) -> None:
        self.spec, self._chain, self._clearance = spec, chain, clearance
        self._disabled = frozenset(disabled)
        self._limits = relaxed(spec.limits, self._disabled)
        recovery = recovery if recovery is not None else RecoveryConfig()
        self.life = LifeCycle(recovery)
        self._maneuvers = Maneuvers(recovery, spec.control_dt)
        self._tally, self._wishes = Tally(), Wishes()
        self._measurements: Measurements | None = None
        self._position: Array | None = None
        self._period: Period | None = None  # that runs, unless it was changed already
        self._velocity = np.zeros(spec.num_joints)
        self._contact = False
        self._use(config if config is not None else GuardConfig())

    # What is known of it.

    @property
    def config(self) -> GuardConfig:
        """What the lab allows."""
        return self._config

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self.life.state

    @property
    def reason(self) -> str:
        """Why it is not RUNNING; "" where it is."""
        return self.life.reason

    @property
    def started(self) -> bool:
        """Whether there is a reference."""
        return self._position is not None

    @property
    def urgent(self) -> bool:
        """Whether the driver must stop at once; never, since an arm brakes best by itself."""
        return False

    @property
    def at_rest(self) -> bool:
        """Whether the reference stands still."""
        return not self._velocity.any()

    @property
    def longest_gap(self) -> float:
        """Longest time between two measurements that it lets pass, [s]."""
        return self._config.max_gap

    @property
    def position(self) -> Array:
        """Where the reference stands, (J,), [rad]."""
        return self._reference.copy()

    @property
    def contact(self) -> bool:
        """Whether the external torque says that the robot touches something."""
        return self._contact

    @property
    def counts(self) -> dict[str, int]:
        """How many periods each rule altered, and how many holds and stops each reason caused."""
        return self._tally.counts

    @property
    def altered_share(self) -> float:
        """Share of the commanded periods that differ from what was asked, since `arm`."""
        return self._tally.altered_share

    @property
    def figures(self) -> dict[str, object]:
        """What else is worth telling of it."""
        return {"altered_share": self.altered_share, "contact": self.contact}

    @property
    def _measured(self) -> Observation | None:
        return None if self._measurements is None else self._measurements.valid

    @property
    def _reference(self) -> Array:
        if self._position is None:
            raise ValueError("the guard has no reference yet: call start first")
        return self._position

    # What people and nodes ask of it.

    def start(self, observation: Observation) -> None:
        """Begin with the reference at rest at the measured position; what moved it, holds.

        A latched stop stays latched.
        """
        if not np.isfinite(observation.position).all() or not np.isfinite(observation.stamp):
            raise ValueError(f"want a finite measurement to start from, got {observation}")
        self._position = np.array(observation.position, dtype=float)
        self._velocity, self._period = np.zeros(self.spec.num_joints), None
        self._measurements = Measurements(observation, self.spec.num_joints, self.spec.control_dt)
        self._wishes = Wishes()
        self._maneuvers.restart(self._position)
        self._enter(Event.START, Reason.START)
        self.hold(Reason.START)

    def configure(self, config: GuardConfig) -> None:
        """Use other limits from now on.

        Raises:
            ValueError: The robot is armed or moves, or the limits do not fit it.
        """
        if self.state in (State.RUNNING, State.RECOVERY):
            raise ValueError("limits are read-only while the robot is armed: hold it first")
        self._use(config)

    def arm(self) -> Answer:
        """HOLD to RUNNING, if all is well."""
        if self.state is State.RUNNING:
            return Answer(True, "already running")
        refusal = self._refusal()
        if refusal:
            return Answer(False, refusal)
        self._enter(Event.ARM, "")
        self._wishes.expect_first()
        self._tally.restart()
        return Answer(True, "running")

    def hold(self, reason: str = Reason.OPERATOR) -> None:
        """Brake and freeze the reference, whatever moves it; the first reason stays."""
        self._enter(Event.HOLD, reason)

    def stop(self, reason: str = Reason.ESTOP) -> None:
        """Brake and stay stopped, until `recover`; the first reason stays."""
        self._enter(Event.STOP, reason)

    def fault(self, reason: str) -> None:
        """The robot stopped itself or is lost, and follows nothing until `recover`."""
        self._enter(Event.FAULT, reason)

    def acknowledge(self) -> Answer:
        """A person has seen to what made the robot stop itself again and again."""
        if not self.life.acknowledge(self._stamp):
            return Answer(False, "nothing to acknowledge")
        return Answer(True, "acknowledged: call recover")

    def recover(self) -> Answer:
        """INACTIVE or ESTOP to HOLD. In HOLD, let go: the reference returns to the robot.

        It does so only where the robot stands more than half of `lead_limit` away or feels too
        much from outside; a carried load is not let down for nothing.
        """
        if self.state is State.RUNNING:
            return Answer(False, "running: nothing to recover from")
        if self.state is State.RECOVERY:
            return Answer(False, f"moving already ({self.reason})")
        if self.life.asks_for_person:
            return Answer(False, explain(Reason.REPEATED_REFLEXES).remedy)
        measured = self._measured
        if measured is None:
            return Answer(False, "no valid measurement to recover with")
        self._enter(Event.RECOVER, Reason.RECOVERED)
        lead = np.abs(self._reference - measured.position)
        if (lead > 0.5 * self._lead).any() or self._touch.trouble(
            measured, self._velocity
        ) is not None:
            self._move(Reason.LET_GO, measured.position[None])
        return Answer(True, f"{self.state.name} ({self.reason})")

    def retreat(self) -> Answer:
        """Back along the path just driven, slowly; ends in HOLD."""
        refusal = self._refusal()
        back = self._maneuvers.back
        if not refusal and len(back) < 2:
            refusal = "nothing was driven that could be driven back"
        if refusal:
            return Answer(False, refusal)
        self._move(Reason.RETREAT, back)
        return Answer(True, "on the way back")

    def home(self) -> Answer:
        """Straight to the home posture, slowly; ends in HOLD."""
        goal = self.spec.home
        refusal = self._refusal() or self._chooser.obstacle_between(self._reference, goal)
        if refusal:
            return Answer(False, refusal)
        self._move(Reason.HOME, np.stack([self._reference, goal]))
        return Answer(True, "on the way home")

    def broken_at(self, position: Array) -> str:
        """The Cartesian rule that a posture (J,) breaks at rest, or ""."""
        return str(self._chooser.broken_at(position) or "")

    # One period.

    def tick(
        self, observation: Observation, command: Command | None
    ) -> tuple[Reference, Commanded]:
        """Decide the period that begins with `observation`.

        Args:
            observation: Newest measurement.
            command: The newest command, if one came since the last tick.
        """
        stamp = self._take_in(observation)
        position, velocity = self._reference, self._velocity
        if self.state is State.RUNNING:
            after, altered, reason = self._run(command)
        else:
            altered = command is not None
            moves = self.state is State.RECOVERY
            after = self._move_on() if moves else self._chooser.brake(velocity)
        if self.state is not State.RUNNING:
            reason = self.reason
        positions, velocities = self._chooser.ramp.period(position, velocity, after)
        end = advance(position, velocity, after, self.spec.control_dt)
        self._position, self._velocity = end, after
        self._period = Period(stamp, position, velocity, after)
        self._maneuvers.moved(end, by_itself=self.state is State.RECOVERY)
        reference = Reference(stamp=stamp, position=positions, velocity=velocities)
        commanded = Commanded(
            stamp=stamp,
            position=np.stack([position, end]),
            velocity=np.stack([velocity, after]),
            altered=altered,
            reason=reason,
        )
        return reference, commanded

    def brake_early(self, now: float) -> tuple[Reference, Commanded] | None:
        """After a hold or a stop: what the rest of the period that runs becomes, if it can change.

        Args:
            now: Robot time, [s].
        """
        period, self._period = self._period, None
        if period is None or self.state in (State.RUNNING, State.RECOVERY):
            return None
        braked = period.braked_from(now, self._chooser, self.spec)
        if braked is None:
            return None
        reference, commanded = braked
        self._position, self._velocity = reference.position[-1], reference.velocity[-1]
        self._maneuvers.moved(self._position, by_itself=True)
        return reference, dataclasses.replace(commanded, reason=self.reason)

    def _take_in(self, observation: Observation) -> float:
        """The stamp of the period, [s]; holds where the robot is not known or feels too much."""
        if self._measurements is None:
            self.start(observation)
        assert self._measurements is not None
        trouble = self._measurements.take(observation, self._config, self._disabled)
        if trouble is Reason.CLOCK_JUMP:
            self._wishes.forget_time()
        if trouble is None:
            self._contact = self._touch.is_contact(observation)
            trouble = self._touch.trouble(observation, self._velocity)
        lets_go = self.state is State.RECOVERY and self._maneuvers.lets_go
        if trouble is not None and not (lets_go and trouble in TOUCH):
            self.hold(trouble)
        return self._measurements.stamp

    def _run(self, command: Command | None) -> tuple[Array, bool, str]:
        """v₁, whether it differs from what was asked, and why."""
        assert self._measurements is not None
        position, velocity = self._reference, self._velocity
        wish = self._wishes.of(
            command,
            self._measurements,
            position,
            velocity,
            self._chooser.bounds,
            spec=self.spec,
            config=self._config,
            disabled=self._disabled,
        )
        if wish.hold:
            self.hold(wish.hold)
            return self._chooser.brake(velocity), True, self.reason
        measured = None if self._measured is None else self._measured.position
        if wish.velocity is None:
            reason = str(wish.reason)
            coasts = self._wishes.silent <= self._config.coast_periods
            wanted = velocity if coasts else self._chooser.brake(velocity)
            after, _ = self._chooser.admit(position, velocity, self._calmed(wanted), measured)
        else:
            wanted = self._calmed(wish.velocity)
            after, rule = self._chooser.admit(position, velocity, wanted, measured)
            if (wanted != wish.velocity).any():
                rule = Reason.CONTACT_SPEED
            rule = rule if rule is not None else wish.reason
            reason = "" if rule is None else str(rule)
        if not self._wishes.expects_first:  # else no controller has spoken yet
            self._tally.period(reason)
        return after, bool(reason), reason

    def _calmed(self, wanted: Array) -> Array:
        """What is wanted, no faster than a touch allows, (J,), [rad/s]."""
        return self._touch.calmed(wanted, self._contact)

    def _move_on(self) -> Array:
        """v₁ of a motion of the guard's own, which ends in HOLD."""
        measured = None if self._measured is None else self._measured.position
        after, end = self._maneuvers.next(
            self._chooser, self._reference, self._velocity, measured, self._calmed
        )
        if end:
            self.hold(end)
        return after

    # Bookkeeping.

    def _use(self, config: GuardConfig) -> None:
        config.require_joints(self.spec.num_joints)
        self._config = config
        self._lead = np.array(config.lead_limit)
        self._touch = Touch(self.spec, self._chain, config, self._disabled)
        self._chooser = Chooser(
            self.spec, self._limits, self._chain, config, self._clearance, self._disabled
        )

    @property
    def _stamp(self) -> float:
        """Stamp of the newest measurement, [s]; 0 before the first."""
        return 0.0 if self._measurements is None else self._measurements.stamp

    def _enter(self, event: Event, reason: str) -> None:
        changed = self.life.happens(event, str(reason), self._stamp)
        if changed and event not in (Event.START, Event.ARM):
            self._tally.event(str(reason))

    def _move(self, reason: Reason, waypoints: Array) -> None:
        """Begin a motion of the guard's own."""
        self._maneuvers.begin(reason, waypoints)
        self._enter(Event.MOVE, reason)

    def _refusal(self) -> str:
        """Why no motion may begin now, or ""."""
        if self.life.latched:
            return f"{self.state.name} ({self.reason}): call recover first"
        if self.state in (State.RUNNING, State.RECOVERY):
            return f"{self.state.name} already: call hold first"
        return obstacle(
            self._measured,
            self._reference,
            self._velocity,
            names=self.spec.joint_names,
            limits=self._limits,
            lead=self._lead if Reason.LEAD not in self._disabled else None,
            chooser=self._chooser,
            touch=self._touch,
        )
