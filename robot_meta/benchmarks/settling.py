"""How long a robot takes until it follows as well as before it changed."""

from __future__ import annotations

import numpy as np

from robot_meta.types import Array


def settling_time(
    stamp: Array,
    error: Array,
    *,
    begin: float,
    change: float,
    end: float,
    smoothing: float,
    band: float,
) -> float:
    """How long after a change the error settles at what it was before, [s].

    The settling time of control engineering, with the error as root mean square over the
    `smoothing` seconds that follow: from then on it stays within `band` of its largest before the
    change. Where it does not before the end, the whole time judged.

    Args:
        stamp: (T,), [s].
        error: (T,).
        begin: From when on the error before the change counts, [s].
        change: When the robot changed, [s].
        end: Until when it is judged, [s].
        smoothing: [s].
        band: In the unit of the error.
    """
    width = max(1, round(smoothing / (stamp[1] - stamp[0])))
    squares = np.concatenate([[0.0], np.cumsum(np.square(error))])
    smooth = np.sqrt((squares[width:] - squares[:-width]) / width)
    starts = stamp[: len(smooth)]
    before = within(starts, begin, change - smoothing)
    changed = np.flatnonzero(within(starts, change, end))
    late = np.flatnonzero(smooth[changed] > smooth[before].max() + band)
    if len(late) == 0:
        return 0.0
    if late[-1] == len(changed) - 1:
        return end - change
    return float(stamp[changed[late[-1] + 1]] - change)


def within(stamp: Array, begin: float, end: float) -> np.ndarray:
    """Which stamps lie in [begin, end), with half a millisecond of tolerance."""
    inside: np.ndarray = (stamp > begin - 5e-4) & (stamp < end - 5e-4)
    return inside


def rms(values: Array) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(values))))
