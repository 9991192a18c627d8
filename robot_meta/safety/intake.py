"""What comes in from outside is judged before it counts: measurements and commands."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from robot_meta.reference import advance
from robot_meta.safety.config import GuardConfig
from robot_meta.safety.reasons import Reason
from robot_meta.types import Array, Command, Observation

TOLERANCE = 1e-6  # stamps that went through messages come back this exactly, [s]
EXACT = 1e-9  # positions that agree this well contain no wish of their own, [rad]


def judge_observation(
    observation: Observation,
    *,
    num_joints: int,
    last_stamp: float,
    repeats: int,
    config: GuardConfig,
    disabled: Collection[Reason] = (),
) -> Reason | None:
    """What is wrong with a measurement, or None.

    Args:
        observation: The measurement.
        num_joints: J.
        last_stamp: Stamp of the one before, [s].
        repeats: How often that stamp has already been repeated.
        config: Limits.
        disabled: Rules that do not count.
    """
    arrays = (
        observation.position,
        observation.velocity,
        observation.torque,
        observation.external_torque,
    )
    if Reason.BAD_OBSERVATION not in disabled:
        if any(np.shape(array) != (num_joints,) for array in arrays):
            return Reason.BAD_OBSERVATION
        if not (np.isfinite(observation.stamp) and np.isfinite(np.stack(arrays)).all()):
            return Reason.BAD_OBSERVATION
    gap = observation.stamp - last_stamp
    if Reason.CLOCK_JUMP not in disabled and (gap < 0.0 or gap > config.max_gap + TOLERANCE):
        return Reason.CLOCK_JUMP
    if Reason.STALE_OBSERVATION not in disabled and gap == 0.0 and repeats >= config.max_repeats:
        return Reason.STALE_OBSERVATION
    return None


def judge_command(
    command: Command,
    *,
    num_joints: int,
    now: float,
    newest: float,
    accepted: float | None,
    control_dt: float,
    config: GuardConfig,
    disabled: Collection[Reason] = (),
) -> Reason | None:
    """Why a command must be ignored, or None; where it wants to go is not judged here.

    Args:
        command: The command.
        num_joints: J.
        now: Stamp of the period about to begin, [s].
        newest: Stamp of the newest observation that could be answered, [s].
        accepted: Stamp of the newest command accepted before, [s]; None for none.
        control_dt: T, [s].
        config: Limits.
        disabled: Rules that do not count.
    """
    if Reason.WRONG_LENGTH not in disabled:
        if np.shape(command.position) != (num_joints,) or np.shape(command.velocity) != (
            num_joints,
        ):
            return Reason.WRONG_LENGTH
    if Reason.NOT_FINITE not in disabled:
        values = np.concatenate([command.position, command.velocity])
        if not np.isfinite(values).all():
            return Reason.NOT_FINITE
    return judge_stamp(
        command.stamp,
        now=now,
        newest=newest,
        accepted=accepted,
        max_age=(config.max_command_age + 0.5) * control_dt,
        disabled=disabled,
    )


def judge_stamp(
    stamp: float,
    *,
    now: float,
    newest: float,
    accepted: float | None,
    max_age: float,
    disabled: Collection[Reason] = (),
) -> Reason | None:
    """Why a command must be ignored for its stamp, or None.

    Args:
        stamp: Of the observation that it answers, [s].
        now: Of the period about to begin, [s].
        newest: Of the newest observation that could be answered, [s].
        accepted: Of the newest command accepted before, [s]; None for none.
        max_age: How old the observation may be, [s].
        disabled: Rules that do not count.
    """
    if Reason.FUTURE_COMMAND not in disabled and not stamp <= newest + TOLERANCE:
        return Reason.FUTURE_COMMAND
    if Reason.STALE_COMMAND not in disabled and stamp < now - max_age:
        return Reason.STALE_COMMAND
    if (
        Reason.TIME_REVERSED not in disabled
        and accepted is not None
        and stamp <= accepted + TOLERANCE
    ):
        return Reason.TIME_REVERSED
    return None


def wanted_velocity(
    command: Command,
    position: Array,
    velocity: Array,
    bounds: Callable[[Array, Array], tuple[Array, Array]],
    *,
    now: float,
    control_dt: float,
    config: GuardConfig,
    disabled: Collection[Reason] = (),
) -> tuple[Array | None, Reason | None]:
    """The velocity (J,) [rad/s] that a command asks for, bent towards its position; or None.

    A command whose position is where its velocity leads passes as it is, bit for bit.

    Args:
        command: A command that `judge_command` accepts.
        position: Reference at the start of the period, (J,), [rad].
        velocity: Its velocity there, (J,), [rad/s].
        bounds: Lowest and highest velocity (J,) [rad/s] that can be reached from these two.
        now: Start of the period, [s].
        control_dt: T, [s].
        config: Limits.
        disabled: Rules that do not count.

    Returns:
        The velocity, and CORRECTION where it was bent; or None, and why.
    """
    asked = advance(position, velocity, command.velocity, control_dt)
    consistent = bool((np.abs(command.position - asked) <= EXACT).all())
    if consistent and (np.abs(command.position - position) <= config.jump_position).all():
        return command.velocity, None
    reachable = np.clip(command.velocity, *bounds(position, velocity))
    late = max(0, round((now - command.stamp) / control_dt) - 1)  # periods
    expected = advance(position, velocity, reachable, control_dt) - late * control_dt * reachable
    error = command.position - expected
    if Reason.JUMP not in disabled and not (np.abs(error) <= config.jump_position).all():
        return None, Reason.JUMP
    if consistent or (np.abs(error) <= EXACT).all():
        return command.velocity, None
    return command.velocity + config.position_gain / control_dt * error, Reason.CORRECTION
