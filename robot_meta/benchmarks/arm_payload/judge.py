"""From what happened in a run to the figures of a table."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from robot_meta.benchmarks.arm_payload.scenes import REFLEX_TORQUE, Timing
from robot_meta.benchmarks.settling import rms, settling_time, within
from robot_meta.types import Array

BAND = 1.0  # [mm], how far above its largest before the change a recovered error may be
SMOOTHING = 0.5  # [s], over which the error is averaged to tell when it recovered
RECOVERY_LEGEND = (
    f"recovers in: the time after the change from which the error (RMS over {SMOOTHING:g} s) "
    f"stays within {BAND:g} mm of its largest in the round before the change, until the end."
)


@dataclass(frozen=True, kw_only=True)
class Series:
    """One value per tick; T ticks.

    Attributes:
        stamp: (T,), [s].
        target: Where the tool should be, (T, 3), [m].
        tool: Where it truly was, (T, 3), [m].
        torque: Commanded by the low-level law, (T, J), [Nm].
        external_torque: As the arm estimates it, (T, J), [Nm].
        altered: 1 where the guard changed what was asked, (T,).
        act_ms: Time the controller took, (T,), [ms].
        losses: Loss of the model on the newest window before and after the update, (T, 2).
    """

    stamp: Array
    target: Array
    tool: Array
    torque: Array
    external_torque: Array
    altered: Array
    act_ms: Array
    losses: Array

    @property
    def error(self) -> Array:
        """Distance of the tool from its target, (T,), [m]."""
        distance: Array = np.linalg.norm(self.tool - self.target, axis=1)
        return distance

    @property
    def reflex_share(self) -> Array:
        """Largest share of a reflex threshold that a joint feels, (T,)."""
        share: Array = (np.abs(self.external_torque) / REFLEX_TORQUE).max(axis=1)
        return share

    def as_lists(self) -> dict[str, Any]:
        """Rounded for a file: micrometres, milliseconds, hundredths of a newton metre."""
        digits = {"target": 6, "tool": 6, "stamp": 3, "losses": 6}
        return {
            item.name: np.round(getattr(self, item.name), digits.get(item.name, 2)).tolist()
            for item in dataclasses.fields(self)
        }

    @classmethod
    def from_lists(cls, data: dict[str, Any]) -> Series:
        """The series of a file."""
        return cls(**{key: np.array(value, dtype=float) for key, value in data.items()})


def judge(series: Series, timing: Timing) -> dict[str, float]:
    """Figures of one run; lengths in mm, times as named."""
    stamp, error = series.stamp, 1e3 * series.error
    before = within(stamp, timing.change - timing.period, timing.change)
    after = within(stamp, timing.change + timing.settle, timing.end)
    changed = within(stamp, timing.change, timing.end)
    rms_before, rms_after = rms(error[before]), rms(error[after])
    effort = np.abs(series.torque).sum(axis=1)
    return {
        "before_mm": rms_before,
        "after_mm": rms_after,
        "ratio": rms_after / rms_before,
        "overall_mm": rms(error[before | after]),
        "peak_mm": float(error[changed].max()),
        "recover_s": recovery_time(stamp, error, timing),
        "effort_nm": float(effort[after].mean()),
        "altered_share": float(series.altered[stamp >= timing.change - timing.period].mean()),
        "act_p50_ms": float(np.percentile(series.act_ms, 50)),
        "act_p99_ms": float(np.percentile(series.act_ms, 99)),
        "reflex_share": float(series.reflex_share.max()),
    }


def recovery_time(stamp: Array, error: Array, timing: Timing) -> float:
    """How long after the change the error settles at what it was before, [s].

    See `settling_time`; the error before is that of the round before the change.

    Args:
        stamp: (T,), [s].
        error: (T,), [mm].
        timing: When the body changed.
    """
    return settling_time(
        stamp,
        error,
        begin=timing.change - timing.period,
        change=timing.change,
        end=timing.end,
        smoothing=SMOOTHING,
        band=BAND,
    )


def recovery_text(seconds: float, timing: Timing) -> str:
    """A recovery time for a table; "never" where the error had not settled at the end."""
    return "never" if seconds >= timing.end - timing.change else f"{seconds:.1f} s"
