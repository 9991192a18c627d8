"""Paths of the tool to follow, sampled in time; all start and end at rest."""

from __future__ import annotations

import numpy as np

from robot_meta.types import Array, TargetPath

SAMPLE_RATE = 50  # of a path, [Hz]


def hold(position: Array, *, start: float = 0.0) -> TargetPath:
    """Stay at `position` (3,), [m], from `start` [s] on."""
    return TargetPath(stamp=_stamps(start, 1), position=np.array(position, float).reshape(1, 3))


def straight(origin: Array, goal: Array, *, speed: float = 0.1, start: float = 0.0) -> TargetPath:
    """From `origin` to `goal`, both (3,) [m], in a line; `speed` is the highest, [m/s]."""
    if not speed > 0.0:
        raise ValueError(f"speed must be > 0, got {speed}")
    origin, goal = np.asarray(origin, float), np.asarray(goal, float)
    # The smooth step 3s² − 2s³ is fastest half-way, at 1.5 times its mean speed.
    duration = 1.5 * float(np.linalg.norm(goal - origin)) / speed
    count = max(2, int(np.ceil(duration * SAMPLE_RATE)) + 1)
    share = np.linspace(0.0, 1.0, count)[:, None]
    smooth = share * share * (3.0 - 2.0 * share)
    return TargetPath(stamp=_stamps(start, count), position=origin + smooth * (goal - origin))


def figure_eight(
    center: Array,
    *,
    wide: tuple[float, float, float] = (0.0, 0.15, 0.0),
    tall: tuple[float, float, float] = (0.0, 0.0, 0.07),
    period: float = 6.0,
    duration: float = 24.0,
    ramp: float = 1.0,
    start: float = 0.0,
) -> TargetPath:
    """A lying eight, begun and ended at its crossing point:  c + a sin φ(t) + b sin 2φ(t).

    The phase φ speeds up from rest within `ramp`, runs at 2π/period, and slows down within `ramp`.

    Args:
        center: Crossing point c in the base frame, (3,), [m].
        wide: a, half the extent of the whole figure, base frame, [m].
        tall: b, half the extent of each loop, base frame, [m].
        period: Time of one eight at full speed, [s].
        duration: From rest to rest, [s]; lengthened until the path ends at the crossing point.
        ramp: [s].
        start: Stamp of the first point, [s].
    """
    if not (period > 0.0 and ramp >= 0.0 and duration >= 2.0 * ramp + period / 2.0):
        raise ValueError(
            "want period > 0, ramp >= 0 and duration >= 2 ramp + period / 2, got period "
            f"{period}, ramp {ramp}, duration {duration}"
        )
    # φ ends at (2π/period)(length − ramp); whole halves of the figure end at the crossing point.
    halves = np.ceil((duration - ramp) / (0.5 * period) - 1e-9)
    length = ramp + 0.5 * period * float(halves)
    count = int(np.ceil(length * SAMPLE_RATE - 1e-9)) + 1
    time = np.minimum(np.arange(count) / SAMPLE_RATE, length)
    phase = 2.0 * np.pi / period * _travel(time, length, ramp)
    position = (
        np.asarray(center, float)
        + np.sin(phase)[:, None] * np.array(wide)
        + np.sin(2.0 * phase)[:, None] * np.array(tall)
    )
    return TargetPath(stamp=_stamps(start, count), position=position)


def _travel(time: Array, length: float, ramp: float) -> Array:
    """∫ of a speed that rises from 0 to 1 and falls back to 0, each as half a cosine wave."""

    def rising(t: Array) -> Array:
        if ramp == 0.0:
            return np.zeros_like(t)
        return 0.5 * t - ramp / (2.0 * np.pi) * np.sin(np.pi * t / ramp)

    begin, end = time.clip(None, ramp), (length - time).clip(None, ramp)
    middle = time.clip(ramp, length - ramp) - ramp
    result: Array = rising(begin) + middle + (0.5 * ramp - rising(end))
    return result


def _stamps(start: float, count: int) -> Array:
    """Stamps [s] that survive the way through nanoseconds bit for bit."""
    nanoseconds = round(start * 1e9) + np.arange(count, dtype=np.int64) * (10**9 // SAMPLE_RATE)
    return np.array([int(ns) / 1_000_000_000 for ns in nanoseconds])
