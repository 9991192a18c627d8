"""Pictures of the runs: the paths from above, and errors over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from robot_meta.benchmarks.legged.metrics import Outcome
from robot_meta.benchmarks.legged.scenes import TEST_SCENES, Timing
from robot_meta.benchmarks.settling import within

COLORS = {
    "static": "#c0392b",
    "adapted": "#1f6fb4",
    "subspace": "#8e6bbf",
    "mbde": "#b58900",
    "pi": "#2e8b57",
    "odometry": "#7f7f7f",
}
_COLUMNS = 4


def write_all(outcomes: Sequence[Outcome], timing: Timing, out: Path) -> list[Path]:
    """Pictures of the first seed, into `out`; their paths."""
    if not outcomes:
        return []
    first = min(outcome.seed for outcome in outcomes)
    mine = [outcome for outcome in outcomes if outcome.seed == first]
    draw: dict[str, Callable[[Any, Outcome], None]] = {
        "paths.png": lambda axis, outcome: draw_path(axis, outcome, timing),
        "error.png": lambda axis, outcome: draw_error(axis, outcome, timing),
    }
    paths = []
    for name, each in draw.items():
        _panels(mine, each, equal=name == "paths.png").savefig(out / name, dpi=110)
        paths.append(out / name)
    return paths


def _panels(
    outcomes: Sequence[Outcome], draw: Callable[[Any, Outcome], None], *, equal: bool
) -> Figure:
    """One panel per scene, all of its rows in it."""
    scenes = [s for s in TEST_SCENES if any(o.scene == s for o in outcomes)]
    lines = -(-len(scenes) // _COLUMNS)
    figure = Figure(figsize=(3.4 * _COLUMNS, 3.2 * lines), layout="constrained")
    axes = list(figure.subplots(lines, _COLUMNS, squeeze=False).flat)
    for axis, scene in zip(axes, scenes, strict=False):
        for outcome in outcomes:
            if outcome.scene == scene:
                draw(axis, outcome)
        axis.set_title(scene, fontsize=10)
        axis.grid(alpha=0.3)
        if equal:
            axis.set_aspect("equal", adjustable="datalim")
    for axis in axes[len(scenes) :]:
        axis.remove()
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=9)
    return figure


def draw_path(axis: Any, outcome: Outcome, timing: Timing) -> None:
    """Where the robot was from the change on, [m]."""
    series = outcome.series
    changed = within(series.stamp, timing.change, timing.end)
    if outcome.row == "static":
        target = series.target[changed]
        axis.plot(target[:, 0], target[:, 1], color="black", linewidth=0.8, label="path")
    pose = series.pose[changed]
    axis.plot(pose[:, 0], pose[:, 1], color=COLORS[outcome.row], linewidth=1.1, label=outcome.row)


def draw_error(axis: Any, outcome: Outcome, timing: Timing) -> None:
    """Distance from the target, averaged over a second, [m]."""
    series = outcome.series
    width = max(1, round(1.0 / (series.stamp[1] - series.stamp[0])))
    smooth = np.convolve(series.error, np.ones(width) / width, mode="same")
    axis.semilogy(
        series.stamp,
        smooth.clip(1e-3),
        color=COLORS[outcome.row],
        linewidth=1.1,
        label=outcome.row,
    )
    if outcome.row == "static":
        axis.axvline(timing.change, color="black", linewidth=0.8, linestyle=":")
