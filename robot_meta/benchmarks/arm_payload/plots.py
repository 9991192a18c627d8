"""Pictures of the runs: error over time, tool paths, losses before and after each update."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from robot_meta.benchmarks.arm_payload.judge import Series
from robot_meta.benchmarks.arm_payload.metrics import Outcome
from robot_meta.benchmarks.arm_payload.rows import ROWS
from robot_meta.benchmarks.arm_payload.scenes import Timing

COLORS = {
    "static": "#c0392b",
    "adapted": "#1f6fb4",
    "grbal": "#8e5ea2",
    "mbde": "#b58900",
    "observer": "#2e8b57",
    "rigid": "#7f7f7f",
    "identified": "#17a2b8",
    "subspace": "#1abc9c",
    "told": "#7f8c8d",
    "stiff": "#e67e22",
}
WINDOW = 0.25  # [s], over which errors are averaged for the eye


def write_all(outcomes: Sequence[Outcome], timing: Timing, out: Path) -> list[Path]:
    """All pictures of the first seed, into `out`; their paths."""
    if not outcomes:
        return []
    first = min(outcome.seed for outcome in outcomes)
    mine = [outcome for outcome in outcomes if outcome.seed == first]
    paths = []
    for name, figure in (
        ("error.png", error_figure(mine, timing)),
        ("paths.png", path_figure(mine, timing)),
        ("losses.png", loss_figure(mine, timing)),
    ):
        if figure is not None:
            figure.savefig(out / name, dpi=110)
            paths.append(out / name)
    return paths


def error_figure(outcomes: Sequence[Outcome], timing: Timing) -> Any:
    """Tool error over time, one panel per scene, one line per row, on a logarithmic scale."""
    scenes = _scenes(outcomes)
    figure, axes = _panels(len(scenes), height=2.6)
    for axis, scene in zip(axes, scenes, strict=True):
        for outcome in _drawn_last(o for o in outcomes if o.scene == scene):
            draw_error(axis, outcome.series, outcome.row)
        axis.axvline(timing.change, color="black", linewidth=0.8, linestyle=":")
        axis.set_title(scene, fontsize=10)
        axis.set_xlim(1.5, timing.end)
        axis.set_ylabel("tool error [mm]")
    axes[-1].set_xlabel("time [s]; the body changes at the dotted line")
    axes[0].legend(fontsize=8, ncols=4, loc="upper left")
    return figure


def draw_error(axis: Any, series: Series, row: str) -> None:
    """One line of smoothed tool error, [mm]."""
    axis.semilogy(
        series.stamp,
        1e3 * smoothed(series.error, series.stamp),
        color=COLORS.get(row, "black"),
        linewidth=2.0 if row == "adapted" else 1.2,
        label=row,
    )


def path_figure(outcomes: Sequence[Outcome], timing: Timing) -> Any:
    """Tool paths after the change, seen from the front: target, static, adapted."""
    scenes = [s for s in _scenes(outcomes) if _find(outcomes, "static", s)]
    if not scenes:
        return None
    figure = Figure(figsize=(3.4 * len(scenes), 3.0), layout="constrained")
    grid = figure.subplots(1, len(scenes), squeeze=False)
    for axis, scene in zip(grid[0], scenes, strict=True):
        runs = {row: _find(outcomes, row, scene) for row in ("static", "adapted")}
        draw_paths(axis, {row: o.series for row, o in runs.items() if o}, timing)
        axis.set_title(scene, fontsize=10)
    grid[0][0].legend(fontsize=8)
    return figure


def draw_paths(axis: Any, series: dict[str, Series], timing: Timing) -> None:
    """Tool paths from the change on, y to the right and z up, [m]."""
    for i, (row, one) in enumerate(series.items()):
        late = one.stamp >= timing.change
        if i == 0:
            axis.plot(
                one.target[late, 1],
                one.target[late, 2],
                color="black",
                linewidth=0.8,
                linestyle="--",
                label="target",
            )
        color = COLORS.get(row, "gray")
        axis.plot(one.tool[late, 1], one.tool[late, 2], color=color, linewidth=1.2, label=row)
    axis.set_aspect("equal")
    axis.set_xlabel("y [m]")
    axis.set_ylabel("z [m]")


def loss_figure(outcomes: Sequence[Outcome], timing: Timing) -> Any:
    """Loss of the default adapter on its window, before and after each update."""
    adapted = [o for o in outcomes if o.row == "adapted"]
    if not adapted:
        return None
    figure, axes = _panels(len(adapted), height=2.2)
    for axis, outcome in zip(axes, adapted, strict=True):
        draw_losses(axis, outcome.series)
        axis.axvline(timing.change, color="black", linewidth=0.8, linestyle=":")
        axis.set_title(outcome.scene, fontsize=10)
    axes[0].legend(fontsize=8)
    axes[-1].set_xlabel("time [s]")
    return figure


def draw_losses(axis: Any, series: Series) -> None:
    """Two lines on a logarithmic scale."""
    axis.semilogy(series.stamp, series.losses[:, 0], color="#c0392b", label="before the update")
    axis.semilogy(series.stamp, series.losses[:, 1], color="#1f6fb4", label="after the update")
    axis.set_ylabel("normalised loss")


def smoothed(values: np.ndarray, stamp: np.ndarray) -> np.ndarray:
    """Root of the mean square over the last `WINDOW` seconds."""
    width = max(1, round(WINDOW / (stamp[1] - stamp[0])))
    squares = np.concatenate([np.full(width - 1, values[0] ** 2), values**2])
    return np.sqrt(np.convolve(squares, np.full(width, 1.0 / width), mode="valid"))


def _drawn_last(outcomes: Any) -> list[Outcome]:
    order = list(ROWS)
    return sorted(outcomes, key=lambda o: (o.row == "adapted", order.index(o.row)))


def _scenes(outcomes: Sequence[Outcome]) -> list[str]:
    return list(dict.fromkeys(outcome.scene for outcome in outcomes))


def _find(outcomes: Sequence[Outcome], row: str, scene: str) -> Outcome | None:
    return next((o for o in outcomes if o.row == row and o.scene == scene), None)


def _panels(count: int, *, height: float) -> tuple[Any, list[Any]]:
    figure = Figure(figsize=(9.0, height * count), layout="constrained")
    grid = figure.subplots(count, 1, sharex=True, squeeze=False)
    return figure, list(grid[:, 0])
