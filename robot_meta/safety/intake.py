"""What comes in from outside is judged before it counts: measurements and commands."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from robot_meta.safety.config import GuardConfig
from robot_meta.safety.reasons import Reason
from robot_meta.types import Command, Observation

TOLERANCE = 1e-6  # stamps that went through messages come back this exactly, [s]


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
        if not (np.isfinite(command.stamp) and np.isfinite(values).all()):
            return Reason.NOT_FINITE
    if Reason.FUTURE_COMMAND not in disabled and command.stamp > newest + TOLERANCE:
        return Reason.FUTURE_COMMAND
    if (
        Reason.TIME_REVERSED not in disabled
        and accepted is not None
        and command.stamp <= accepted + TOLERANCE
    ):
        return Reason.TIME_REVERSED
    oldest = now - (config.max_command_age + 0.5) * control_dt
    if Reason.STALE_COMMAND not in disabled and command.stamp < oldest:
        return Reason.STALE_COMMAND
    return None
