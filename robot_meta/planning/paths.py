"""Paths for the tool that begin at rest, sampled at whole control periods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot_meta.types import Array, TargetPath


@dataclass(frozen=True, kw_only=True)
class FigureEight:
    """A lying eight, traced once per period.

    Attributes:
        center: Where its branches cross, base frame, [m].
        width: How far it reaches to either side, [m].
        height: How far it reaches up and down, [m].
        period: Time for one round, [s].
        turn: Orientation of its plane as roll, pitch, yaw about the base axes, [rad]; at zero the
            width lies along y and the height along z.
        settle: Time in which the target moves from the start into the eight, [s].
    """

    center: tuple[float, float, float] = (0.5, 0.0, 0.45)
    width: float = 0.15
    height: float = 0.07
    period: float = 6.0
    turn: tuple[float, float, float] = (0.0, 0.0, 0.0)
    settle: float = 2.0

    def __post_init__(self) -> None:
        if not (self.period > 0.0 and self.settle > 0.0):
            raise ValueError(f"period and settle must be > 0, got {self.period}, {self.settle}")
        if min(self.width, self.height) < 0.0:
            raise ValueError(f"want width and height >= 0, got {self.width}, {self.height}")


def figure_eight(
    shape: FigureEight, start: Array, duration: float, *, begin: float = 0.0, rate: float = 50.0
) -> TargetPath:
    """The path of a tool that rests at `start` until `begin` and then joins the eight.

    Stamps are whole multiples of 1/rate, which pass through a message without rounding.

    Args:
        shape: The eight.
        start: Tool position at first, base frame, (3,), [m].
        duration: How long the path lasts, [s].
        begin: Stamp of its first point, [s], robot clock.
        rate: Points per second.
    """
    first = round(begin * rate)
    stamp = np.arange(first, first + round(duration * rate) + 1) / rate
    elapsed = stamp - stamp[0]
    phase = 2.0 * np.pi * elapsed / shape.period
    flat = np.stack(
        [0.0 * phase, shape.width * np.sin(phase), shape.height * np.sin(2.0 * phase)], axis=-1
    )
    eight = np.asarray(shape.center) + flat @ _rotation(shape.turn).T
    share = _smooth_step(elapsed / shape.settle)[:, None]
    return TargetPath(stamp=stamp, position=start + share * (eight - start))


def _smooth_step(x: Array) -> Array:
    """From 0 to 1 with zero velocity and acceleration at both ends."""
    x = np.clip(x, 0.0, 1.0)
    return x**3 * (10.0 - 15.0 * x + 6.0 * x**2)


def _rotation(turn: tuple[float, float, float]) -> Array:
    """Rotation matrix of roll, pitch, yaw about fixed axes."""
    (cr, cp, cy), (sr, sp, sy) = np.cos(turn), np.sin(turn)
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )
