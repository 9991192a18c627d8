"""A driver behind its guard: the only place where references reach a robot."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from robot_meta.errors import NotConnected
from robot_meta.robots.closing import Closing
from robot_meta.robots.gate import Gate
from robot_meta.robots.gripper import Gripper
from robot_meta.robots.robot import USER_STOPPED, Driver, Robot
from robot_meta.safety.guard import Answer, Guard, GuardConfig
from robot_meta.safety.reasons import Reason
from robot_meta.safety.state import State
from robot_meta.types import Array, Command, Commanded, Observation, Reference, RobotSpec


class Moving(Protocol):
    """What is decided of a period, with velocities at its start and end."""

    @property
    def velocity(self) -> Array:
        """(2, ...)."""


ObservationT = TypeVar("ObservationT")
CommandT = TypeVar("CommandT")
ReferenceT = TypeVar("ReferenceT")
CommandedT = TypeVar("CommandedT", bound=Moving)


@dataclass(frozen=True)
class Tick(Generic[ObservationT, ReferenceT, CommandedT]):
    """One control period, as it begins.

    Attributes:
        observation: What was measured.
        reference: What the robot was sent.
        commanded: What that is in short.
        braked: What the period before became when a hold or a stop came in its midst.
    """

    observation: ObservationT
    reference: ReferenceT
    commanded: CommandedT
    braked: CommandedT | None = None


class GuardedDriver(Closing, Generic[ObservationT, CommandT, ReferenceT, CommandedT]):
    """Measures, lets the guard decide, and sends what it decided.

    Args:
        robot: The driver, connected.
        guard: Its guard. The reference begins where the robot stands at the first use.
    """

    def __init__(
        self,
        robot: Driver[ObservationT, ReferenceT],
        guard: Gate[ObservationT, CommandT, ReferenceT, CommandedT],
    ) -> None:
        self._robot, self._guard = robot, guard
        self._driver_stopped = False
        self._told: State | None = None  # in which state the driver was told to stop

    @property
    def spec(self) -> Any:
        """The robot's specification."""
        return self._robot.spec

    @property
    def time(self) -> float:
        """Robot clock now, [s].

        Raises:
            NotConnected: The robot is lost.
        """
        observation: Any = self._robot.observe()
        return float(observation.stamp)

    @property
    def longest_gap(self) -> float:
        """Longest time between two ticks that the guard lets pass, [s]."""
        return self._guard.longest_gap

    @property
    def state(self) -> State:
        """Where the guard is in its life."""
        return self._guard.state

    @property
    def reason(self) -> str:
        """Why it is not RUNNING."""
        return self._guard.reason

    def tick(
        self, command: CommandT | None, at: float | None = None
    ) -> Tick[ObservationT, ReferenceT, CommandedT]:
        """Measure, decide the period that begins now, and send it.

        Args:
            command: The newest command, if one came since the last tick.
            at: Robot time that the period should begin at, [s]. A driver that kept what it
                measured then (`observe_at`) answers with that, others with the newest.

        Raises:
            NotConnected: The robot is lost; the guard is INACTIVE then.
        """
        try:
            observe_at: Any = getattr(self._robot, "observe_at", None)
            known = at is not None and observe_at is not None
            observation = observe_at(at) if known else self._robot.observe()
            self._notice_stop()
            reference, commanded = self._guard.tick(observation, command)
            self._send(reference)
        except NotConnected:
            self._guard.fault(Reason.DRIVER_LOST)
            self._driver_stopped = True
            raise
        rests = not commanded.velocity.any()
        if self._guard.life.latched and (rests or self._guard.urgent):
            self._stop_driver()
        return Tick(observation, reference, commanded)

    def step(self) -> None:
        """Advance a simulated robot by exactly one control period (lockstep)."""
        robot: Any = self._robot
        robot.step()

    def grip(self, width: float) -> None:
        """Move the fingers of a simulated hand towards `width` [m], while RUNNING only."""
        if self._guard.state is State.RUNNING:
            robot: Any = self._robot
            robot.grip(width)

    def arm(self) -> Answer:
        """HOLD to RUNNING, if all is well."""
        if not self._guard.started:
            self._guard.start(self._robot.observe())
        return self._guard.arm()

    def hold(self, reason: str = Reason.OPERATOR) -> None:
        """Brake smoothly and stay."""
        self._guard.hold(reason)

    def stop(self, reason: str = Reason.ESTOP) -> None:
        """Brake smoothly, then stop the driver; latched until `recover`."""
        self._guard.stop(reason)

    def recover(self) -> Answer:
        """INACTIVE or ESTOP to HOLD; a stopped driver begins again where the robot stands."""
        life = self._guard.life
        if life.latched and self._driver_stopped and not life.asks_for_person:
            if not self._robot.recover():
                return Answer(False, f"the driver cannot recover ({self._guard.reason})")
            self._guard.start(self._robot.observe())
            self._driver_stopped, self._told = False, None
        return self._guard.recover()

    def acknowledge(self) -> Answer:
        """Say that a person has seen to what made the robot stop itself again and again."""
        return self._guard.acknowledge()

    def close(self) -> None:
        """Stop and disconnect the driver; safe to call twice."""
        self._guard.stop(Reason.OPERATOR)
        self._robot.close()

    def _send(self, reference: ReferenceT) -> None:
        if not self._driver_stopped:
            self._robot.command(reference)

    def _notice_stop(self) -> None:
        """A robot that stopped itself stops the guard: its arm follows nothing more."""
        reason = self._robot.stopped
        if reason and not self._driver_stopped:
            self._driver_stopped = True
            if reason == USER_STOPPED:
                self._guard.stop(reason)
            else:
                self._guard.fault(reason)

    def _stop_driver(self) -> None:
        """Once, and once more where a stop is pressed after the robot had stopped itself."""
        pressed = self._guard.state is State.ESTOP and self._told != State.ESTOP
        if not self._driver_stopped or pressed:
            self._driver_stopped, self._told = True, self._guard.state
            self._robot.stop(self._guard.reason)


class GuardedRobot(GuardedDriver[Observation, Command, Reference, Commanded]):
    """An arm behind its guard; its hand stands still whenever the arm is not RUNNING.

    Args:
        robot: The driver, connected.
        guard: Its guard.
        gripper: Its hand, if it has one that works by itself.
    """

    _robot: Robot
    _guard: Guard

    def __init__(self, robot: Robot, guard: Guard, gripper: Gripper | None = None) -> None:
        super().__init__(robot, guard)
        self._gripper, self._ran = gripper, False
        self._braked: Commanded | None = None

    def tick(
        self, command: Command | None, at: float | None = None
    ) -> Tick[Observation, Reference, Commanded]:
        """See `GuardedDriver`; stops the hand in the period in which the arm begins to brake."""
        braked, self._braked = self._braked, None
        try:
            return dataclasses.replace(super().tick(command, at), braked=braked)
        finally:
            runs = self._guard.state is State.RUNNING
            if self._ran and not runs and self._gripper is not None:
                self._gripper.stop()
            self._ran = runs

    @property
    def spec(self) -> RobotSpec:
        """The robot's specification."""
        return self._robot.spec

    def hold(self, reason: str = Reason.OPERATOR) -> None:
        """Brake smoothly, from now on, and stay."""
        super().hold(reason)
        self._brake_early()

    def stop(self, reason: str = Reason.ESTOP) -> None:
        """Brake smoothly, from now on, then stop the driver; latched until `recover`."""
        super().stop(reason)
        self._brake_early()

    def _brake_early(self) -> None:
        if self._driver_stopped or not self._guard.started:
            return
        try:
            braked = self._guard.brake_early(self.time)
            if braked is not None:
                reference, self._braked = braked
                self._send(reference)
        except NotConnected:
            return  # nothing brakes that is lost; the next tick finds it so

    @property
    def guard(self) -> Guard:
        """The guard."""
        return self._guard

    @property
    def config(self) -> GuardConfig:
        """The guard's settings."""
        return self._guard.config

    def retreat(self) -> Answer:
        """Back along the path just driven, slowly; ends in HOLD."""
        return self._guard.retreat()

    def home(self) -> Answer:
        """Straight to the home posture, slowly; ends in HOLD."""
        return self._guard.home()
