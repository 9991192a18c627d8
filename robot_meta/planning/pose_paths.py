"""Paths on the ground for a walking robot, sampled in time; it looks where it goes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from robot_meta.legged_types import PosePath
from robot_meta.types import Array

SAMPLE_RATE = 50  # of a path, [Hz]
RAMP = 1.0  # time from standing to full speed, [s]
TURNING = 0.5  # on the spot, [rad/s]


def line(*, speed: float, duration: float) -> PosePath:
    """Straight ahead at `speed` [m/s] for `duration` [s]."""
    return _sampled(lambda s: (s, 0.0, 0.0), speed, duration)


def straight(goal: Array, *, speed: float) -> PosePath:
    """From the origin straight to `goal` (3,), [m, m, rad], turning evenly on the way.

    It takes the time of a walk at `speed` [m/s], or of a turn at `TURNING`, and the ramps.
    """
    way = max(float(np.hypot(*goal[:2])), abs(float(goal[2])) / TURNING * speed)
    if way == 0.0:
        return PosePath(stamp=np.zeros(1), pose=np.zeros((1, 3)))
    ramped = line(speed=speed, duration=RAMP + way / speed)
    share = np.minimum(ramped.pose[:, :1] / way, 1.0)
    return PosePath(stamp=ramped.stamp, pose=share * goal)


def placed(path: PosePath, at: Array, *, start: float) -> PosePath:
    """The same path, seen from the pose `at` (3,), [m, m, rad], and begun at `start` [s]."""
    c, s = np.cos(at[2]), np.sin(at[2])
    x, y, heading = path.pose.T
    pose = np.column_stack([at[0] + c * x - s * y, at[1] + s * x + c * y, at[2] + heading])
    return PosePath(stamp=start + path.stamp, pose=pose)


def figure_eight(*, speed: float, duration: float, radius: float = 1.2) -> PosePath:
    """A circle to the left, one to the right, and so on; `radius` in [m]."""
    turn = 2.0 * np.pi * radius

    def place(s: float) -> tuple[float, float, float]:
        round_, rest = divmod(s, turn)
        left = int(round_) % 2 == 0
        angle = rest / radius
        x, y = radius * np.sin(angle), radius * (1.0 - np.cos(angle))
        return (x, y, angle) if left else (x, -y, -angle)

    return _continuous(_sampled(place, speed, duration))


def square(*, speed: float, duration: float, side: float = 2.4, corner: float = 0.8) -> PosePath:
    """A square to the left with rounded corners; `side` and radius `corner` in [m]."""
    if not 0.0 < 2.0 * corner < side:
        raise ValueError(f"want 0 < 2 corner < side, got corner {corner} and side {side}")
    straight, bend = side - 2.0 * corner, 0.5 * np.pi * corner

    def place(s: float) -> tuple[float, float, float]:
        sides, rest = divmod(s, straight + bend)
        angle = max(0.0, rest - straight) / corner
        x = min(rest, straight) + corner * np.sin(angle)
        y = corner * (1.0 - np.cos(angle))
        # Each side begins where the one before and its bend ended, a quarter turn further.
        start, heading = 0.0 + 0.0j, 0.5 * np.pi * int(sides)
        for done in range(int(sides)):
            start += (straight + corner + 1j * corner) * 1j ** (done % 4)
        point = start + (x + 1j * y) * 1j ** (int(sides) % 4)
        return point.real, point.imag, heading + angle

    return _sampled(place, speed, duration)


def _sampled(
    place: Callable[[float], tuple[float, float, float]], speed: float, duration: float
) -> PosePath:
    """The path on which `place` says where one is after how many metres, begun from rest."""
    if not (speed > 0.0 and duration > RAMP):
        raise ValueError(f"want speed > 0 and duration > {RAMP}, got {speed} and {duration}")
    count = int(round(duration * SAMPLE_RATE)) + 1
    stamp = np.arange(count) / SAMPLE_RATE
    rising = np.minimum(stamp, RAMP)
    way = speed * (stamp - rising + 0.5 * rising * rising / RAMP)
    return PosePath(stamp=stamp, pose=np.array([place(float(s)) for s in way]))


def _continuous(path: PosePath) -> PosePath:
    """The same with a heading that does not leap by whole turns."""
    pose: Array = path.pose.copy()
    pose[:, 2] = np.unwrap(pose[:, 2])
    return PosePath(stamp=path.stamp, pose=pose)
