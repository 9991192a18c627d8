"""From what happened in a run to the figures of a table."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from robot_meta.benchmarks.legged.scenes import Timing
from robot_meta.benchmarks.settling import rms, settling_time, within
from robot_meta.types import Array

SMOOTHING = 1.0  # [s], over which the error is averaged to tell when it recovered
BAND = 0.05  # [m], how far above its largest before the change a recovered error may be


@dataclass(frozen=True, kw_only=True)
class Series:
    """One value per tick; T ticks.

    Attributes:
        stamp: (T,), [s].
        target: Where the robot should be, (T, 3), [m, m, rad].
        pose: Where it truly was, (T, 3), [m, m, rad].
        command: Sent for the period that begins there, (T, 3), [m/s, m/s, rad/s].
        altered: 1 where the guard changed what was asked, (T,).
        falls: How often it fell, ().
    """

    stamp: Array
    target: Array
    pose: Array
    command: Array
    altered: Array
    falls: Array

    @property
    def error(self) -> Array:
        """Distance from the target, (T,), [m]."""
        distance: Array = np.linalg.norm(self.pose[:, :2] - self.target[:, :2], axis=1)
        return distance

    def as_lists(self) -> dict[str, Any]:
        """Rounded for a file, to millimetres and milliseconds."""
        return {
            item.name: np.round(getattr(self, item.name), 3).tolist()
            for item in dataclasses.fields(self)
        }

    @classmethod
    def from_lists(cls, data: dict[str, Any]) -> Series:
        """The series of a file."""
        return cls(**{key: np.array(value, dtype=float) for key, value in data.items()})


def judge(series: Series, timing: Timing) -> dict[str, float]:
    """Figures of one run; lengths in metres, times as named."""
    stamp, error = series.stamp, series.error
    before = within(stamp, timing.begin, timing.change)
    after = within(stamp, timing.change + timing.settle, timing.end)
    changed = within(stamp, timing.change, timing.end)
    turned = series.pose[:, 2] - series.target[:, 2]
    return {
        "before_m": rms(error[before]),
        "after_m": rms(error[after]),
        "overall_m": rms(error[before | after]),
        "peak_m": float(error[changed].max()),
        "recover_s": settling_time(
            stamp,
            error,
            begin=timing.begin,
            change=timing.change,
            end=timing.end,
            smoothing=SMOOTHING,
            band=BAND,
        ),
        "heading_rad": rms(np.arctan2(np.sin(turned), np.cos(turned))[after]),
        "altered_share": float(series.altered[stamp >= timing.begin].mean()),
        "falls": float(series.falls),
    }
