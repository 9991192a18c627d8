"""What the controller asks for, from the commands that may count, and how long it is silent."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from robot_meta.safety.config import GuardConfig
from robot_meta.safety.intake import judge_command, wanted_velocity
from robot_meta.safety.measurements import Measurements
from robot_meta.safety.reasons import Reason
from robot_meta.types import Array, Command, RobotSpec

EXACT = 1e-9  # [s]


@dataclass(frozen=True)
class Wish:
    """What is asked of one period.

    Attributes:
        velocity: Of the reference at its end, (J,), [rad/s]; None where nothing acceptable came.
        reason: What bent it, or why there is none; None where it is as the command says.
        hold: Why the guard has to hold, or "".
    """

    velocity: Array | None
    reason: Reason | None
    hold: str = ""


class Wishes:
    """Takes in the command of each period, if one came.

    Attributes:
        silent: Periods since the newest acceptable command.
        expects_first: Whether none was accepted since the robot was armed.
    """

    def __init__(self) -> None:
        self._accepted: float | None = None  # stamp of the newest one
        self.expect_first()

    def expect_first(self) -> None:
        """The robot is armed: the first command may not jump."""
        self.silent, self._refusal, self.expects_first = 0, "", True

    def forget_time(self) -> None:
        """The clock jumped: commands may begin with any stamp again."""
        self._accepted = None

    def of(
        self,
        command: Command | None,
        measurements: Measurements,
        position: Array,
        velocity: Array,
        bounds: Callable[[Array, Array], tuple[Array, Array]],
        *,
        spec: RobotSpec,
        config: GuardConfig,
        disabled: Collection[Reason],
    ) -> Wish:
        """The wish for the period that begins now.

        Args:
            command: The newest command, if one came since the last period.
            measurements: As of this period.
            position: Reference at the start of the period, (J,), [rad].
            velocity: Its velocity there, (J,), [rad/s].
            bounds: Lowest and highest velocity (J,) [rad/s] that can be reached from these two.
            spec: The robot.
            config: Limits.
            disabled: Rules that do not count.
        """
        reason: Reason | None = Reason.NO_COMMAND
        wanted: Array | None = None
        if command is not None:
            reason = judge_command(
                command,
                num_joints=spec.num_joints,
                now=measurements.stamp,
                newest=measurements.answerable,
                accepted=self._accepted,
                control_dt=spec.control_dt,
                config=config,
                disabled=disabled,
            )
            if reason is None:
                wanted, reason = wanted_velocity(
                    command,
                    position,
                    velocity,
                    bounds,
                    now=measurements.stamp,
                    control_dt=spec.control_dt,
                    config=config,
                    disabled=disabled,
                )
        if wanted is not None:
            assert command is not None
            self._accepted, self.silent, self._refusal = command.stamp, 0, ""
            self.expects_first = False
            return Wish(wanted, reason)
        if reason is Reason.JUMP and self.expects_first:
            return Wish(None, reason, hold=str(reason))
        self.silent += 1
        if reason is not Reason.NO_COMMAND:
            self._refusal = str(reason)
        silence = self.silent * spec.control_dt
        too_long = silence >= config.max_silence - EXACT
        if too_long and Reason.COMMAND_SILENCE not in disabled:
            return Wish(None, reason, hold=self._refusal or str(Reason.COMMAND_SILENCE))
        return Wish(None, reason)
