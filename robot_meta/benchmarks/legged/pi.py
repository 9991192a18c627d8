"""A PI controller of position and heading: what one would try before any model."""

from __future__ import annotations

import numpy as np

from robot_meta.legged_types import (
    LeggedObservation,
    LeggedSpec,
    PosePath,
    VelocityCommand,
    VelocityCommanded,
)
from robot_meta.types import Array

AHEAD = 2.0  # periods between a measurement and the end of the period that answers it


class PathPI:
    """v = v* + P e + I ∫e, in the robot's frame, with e the pose error; v* feeds the path forward.

    The integral stands still where the command is at its limit (anti-windup).

    Args:
        spec: The robot.
        path: To follow.
        position_gain: P of position, [1/s].
        heading_gain: P of heading, [1/s].
        integral_gain: I over P, [1/s].
    """

    def __init__(
        self,
        spec: LeggedSpec,
        path: PosePath,
        *,
        position_gain: float,
        heading_gain: float,
        integral_gain: float,
    ) -> None:
        self._spec, self._path = spec, path
        self._gain = np.array([position_gain, position_gain, heading_gain])
        self._integral_gain = integral_gain
        self._integral = np.zeros(3)

    def act(self, observation: LeggedObservation, commanded: VelocityCommanded) -> VelocityCommand:
        """The command that answers `observation`."""
        spec, dt = self._spec, self._spec.control_dt
        times = observation.stamp + dt * np.array([0.0, AHEAD - 1.0, AHEAD])
        now, ahead, after = self._path.at(times)
        error = _in_frame(now - observation.pose, observation.pose[2])
        error[2] = np.arctan2(np.sin(error[2]), np.cos(error[2]))
        turned = 0.5 * (ahead[2] + after[2]) - now[2]  # by the path, until the command counts
        forward = _in_frame((after - ahead) / dt, observation.pose[2] + turned)
        wanted = forward + self._gain * (error + self._integral_gain * self._integral)
        velocity = np.clip(wanted, spec.command_lower, spec.command_upper)
        self._integral = self._integral + np.where(velocity == wanted, error * dt, 0.0)
        return VelocityCommand(stamp=observation.stamp, velocity=velocity)


def _in_frame(difference: Array, heading: float) -> Array:
    """A pose difference (3,) with its position seen from a robot of that heading."""
    c, s = np.cos(heading), np.sin(heading)
    x, y, turn = difference
    return np.array([c * x + s * y, -s * x + c * y, turn])
