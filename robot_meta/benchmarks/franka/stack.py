"""The launch file on a server that stands for the arm: arm it, follow a path, keep a record.

Where the machine itself is too busy for real time the guard holds, as it should; the operator that
is played here then does what a person would do, and how often is told. A reflex ends the run.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robot_meta.benchmarks.franka.home import bring_home
from robot_meta.benchmarks.franka.pictures import Pictures
from robot_meta.benchmarks.launched import LaunchedArm
from robot_meta.collection.run_reader import RunReader
from robot_meta.errors import LaunchError
from robot_meta.nodes.robot_loop import LOOP_STALLED
from robot_meta.robots.description import ArmDescription, arm_description
from robot_meta.robots.franka.config import FrankaConfig
from robot_meta.robots.franka.driver import FrankaRobot
from robot_meta.robots.franka.process import WATCHDOG
from robot_meta.safety.reasons import Reason
from robot_meta.safety.state import LATCHED, State
from robot_meta.types import RobotSpec

_log = logging.getLogger(__name__)
ADDRESS = "127.0.0.1"
SPEED = 0.2  # share of the velocity limits that a real arm may use unless told otherwise
ANSWERS = 100  # commands that come before the robot is armed: the controller is awake
BUSY = {
    *(WATCHDOG, LOOP_STALLED),
    *(Reason.COMMAND_SILENCE, Reason.STALE_COMMAND, Reason.STALE_OBSERVATION, Reason.CLOCK_JUMP),
}  # what a machine that is too slow for real time does
MOST_REARMS = 50
# The server and four nodes share the cores with the planner. Two iterations are enough where the
# candidates are smoother; with three knots the redundant joints wander off until the arm fails.
SMALL_MACHINE = {
    "margin": 0.006,
    "planner.sampling.iterations": 2,
    "planner.sampling.horizon": 6,
    "planner.sampling.knots": 2,
}


@dataclass(frozen=True)
class StackRun:
    """What is left of a run.

    Attributes:
        reader: The recording.
        states: Every state of the robot, in order.
        rearmed: How often it was armed again after a hold or stop of a busy machine.
        description: The arm, with the limits that the server reports.
        pictures_hz: Pictures that arrived beside it, [Hz]; 0 where there was no camera.
    """

    reader: RunReader
    states: tuple[str, ...]
    rearmed: int
    description: ArmDescription
    pictures_hz: float = 0.0

    @property
    def stops(self) -> list[str]:
        """Why the robot stopped and stayed, each time; the press that proves the button aside."""
        states = [state.partition(" ") for state in self.states]
        return [why for state, _, why in states if State[state] in LATCHED and why != Reason.ESTOP]


def follow_path(
    folder: Path,
    seconds: float,
    *,
    watchdog: float,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    on_path: Callable[[float], None] = lambda begin: None,
    camera: bool = False,
) -> StackRun:
    """Follow a figure-eight for `seconds` through `arm.launch.xml backend:=franka`.

    Args:
        folder: For parameters, log and recording.
        seconds: Of the path.
        watchdog: Silence of the robot node that stops the arm, [s].
        parameters: Of controller and task; by default a planner that is soon ready.
        on_path: Called once with the stamp of the path's first point, [s].
        camera: Whether pictures go through DDS beside it.

    Raises:
        LaunchError: A node ended, or the robot could not be armed.
    """
    description = arm_description("fr3", speed=SPEED)
    with FrankaRobot(description, ADDRESS, FrankaConfig(watchdog=20.0)) as robot:
        bring_home(robot, description.chain)
        description = _with(description, robot.spec)
    given = {"controller": SMALL_MACHINE, "task": {"duration": seconds}} | dict(parameters or {})
    given["robot"] = {"franka.watchdog": watchdog}
    arguments = {"backend": "franka", "robot_ip": ADDRESS, "speed_scale": str(SPEED)}
    with contextlib.ExitStack() as stack:
        arm = stack.enter_context(LaunchedArm(folder, given, arguments))
        pictures = stack.enter_context(Pictures(arm.domain)) if camera else None
        arm.run_first("controller")
        arm.wait_for_commands(ANSWERS)
        arm.call("estop")  # the node wants to have seen that the stop works
        operator = _Operator(arm)
        begin = arm.wait_for_target(operator.keep_running)
        on_path(begin)
        arm.wait_until(begin + seconds, operator.keep_running)
        arm.end()
    received = pictures.received if pictures is not None else 0.0
    return StackRun(arm.recording(), tuple(arm.states), operator.rearmed, description, received)


class _Operator:
    """Arms the robot, and arms it again where the machine was too busy."""

    def __init__(self, arm: LaunchedArm) -> None:
        self._arm, self._calls = arm, 0

    @property
    def rearmed(self) -> int:
        """How often that was after the first time."""
        return max(0, self._calls - 1)

    def keep_running(self, stamp: float) -> None:
        """Look at the state; called with every measurement."""
        state, _, reason = self._arm.states[-1].partition(" ")
        fresh = self._calls == 0
        if state == "RUNNING" or not (fresh or reason in BUSY or reason == Reason.RECOVERED):
            return
        if self._calls > MOST_REARMS:
            raise LaunchError(f"the robot does not stay armed: {self._arm.states[-1]}")
        refusal = self._arm.call("recover") if State[state] in LATCHED else ""
        refusal = refusal or self._arm.call("arm")
        if refusal:
            _log.info("not armed yet: %s", refusal)  # the reference still brakes; soon again
        else:
            self._calls += 1


def _with(description: ArmDescription, spec: RobotSpec) -> ArmDescription:
    return ArmDescription(
        spec=spec, chain=description.chain, flange_position=description.flange_position
    )
