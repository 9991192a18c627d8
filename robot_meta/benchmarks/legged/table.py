"""The table that a person reads, in the terminal and in Markdown alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from robot_meta.benchmarks.legged.metrics import (
    COUNTS_FROM,
    RIVALS,
    TESTS,
    Outcome,
    counted,
    mean_of,
)
from robot_meta.benchmarks.legged.rows import ROWS
from robot_meta.benchmarks.legged.scenes import TEST_SCENES, Timing
from robot_meta.benchmarks.markdown import table

BARS = {"static": 0.6, "mbde": 0.85, "pi": 1.0}  # error ratios that are to be reached
NOMINAL_BAR = 1.03


def rows_of(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    """One flat row per row and scene: every figure's mean over seeds."""
    rows = []
    for name in ROWS:
        for scene in TEST_SCENES:
            runs = [o for o in outcomes if (o.row, o.scene) == (name, scene)]
            if runs:
                figures = {
                    k: float(np.mean([o.figures[k] for o in runs])) for k in runs[0].figures
                }
                rows.append({"row": name, "scene": scene, "seeds": len(runs), **figures})
    return rows


def markdown(outcomes: list[Outcome], metrics: dict[str, float], timing: Timing) -> str:
    """Path errors of all rows in all scenes, and the bars."""
    scenes = [s for s in TEST_SCENES if any(o.scene == s for o in outcomes)]
    rows = [name for name in ROWS if any(o.row == name for o in outcomes)]
    counting = counted(metrics)
    body = []
    for scene in scenes:
        errors = [100.0 * mean_of(outcomes, row, scene, "after_m") for row in rows]
        growth = metrics.get(f"static_growth_{scene}")
        counts = "" if growth is None else f"{'yes' if scene in counting else 'no'} ({growth:.1f})"
        recovers = metrics.get(f"recover_s_{scene}")
        body.append(
            [
                scene,
                *("-" if np.isnan(e) else f"{e:.1f}" for e in errors),
                counts,
                "" if recovers is None else f"{recovers:.1f} s",
            ]
        )
    lines = [
        "Distance from the path's moving point [cm], root mean square from "
        f"{timing.settle:g} s after the change on, true position, mean over seeds.",
        f"A test counts where the static row's error grows at least {COUNTS_FROM:g} times.",
        "",
        *table(["scene", *rows, "counts", "recovers in"], body),
        "",
        *(f"{row}: {ROWS[row].about}" for row in rows),
        "",
        *_bars(metrics),
    ]
    return "\n".join(lines)


def _bars(metrics: dict[str, float]) -> list[str]:
    lines = []
    for test in counted(metrics):
        for rival in RIVALS:
            key = f"error_ratio_{rival}_{test}"
            if key in metrics:
                lines.append(_bar(key, metrics[key], BARS[rival]))
    if "nominal_ratio" in metrics:
        lines.append(_bar("nominal_ratio", metrics["nominal_ratio"], NOMINAL_BAR))
    lines.append(_bar("falls", metrics["falls"], 0.0))
    void = [t for t in TESTS if f"static_growth_{t}" in metrics and t not in counted(metrics)]
    lines.append(f"tests that count: {int(metrics['tests_counted'])}; not: {', '.join(void)}")
    return lines


def _bar(key: str, value: float, bar: float) -> str:
    return f"{'met   ' if value <= bar else 'MISSED'}  {key} {value:.3g} (bar <= {bar:g})"
