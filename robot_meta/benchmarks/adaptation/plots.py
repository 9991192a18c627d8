"""Pictures: error against transitions and against training bodies, tracking in closed loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from robot_meta.benchmarks.adaptation import findings as figures
from robot_meta.benchmarks.adaptation.budget import SPLITS
from robot_meta.benchmarks.adaptation.contenders import (
    BLACK_BOX,
    CONTENDERS,
    DEFAULT,
    GRADIENT_TYPE,
    PLAIN,
    SHIPPED,
)
from robot_meta.benchmarks.adaptation.findings import Findings
from robot_meta.benchmarks.adaptation.prediction import COUNTS, HORIZON

_COLORS = {
    PLAIN: ("#555555", "#999999", "#c2b280"),
    BLACK_BOX: ("#c0392b", "#e67e22", "#d6559c"),
    GRADIENT_TYPE: ("#8e5ea2", "#1f6fb4", "#17a2b8", "#2e8b57", "#9acd32"),
}


def write_all(findings: Findings, out: Path) -> list[Path]:
    """All pictures there is data for, into `out`; their paths."""
    drawn = {
        "error_over_transitions.png": transitions_figure(findings),
        "tracking.png": tracking_figure(findings),
    }
    if findings.curve:
        drawn["error_over_bodies.png"] = bodies_figure(findings)
    for name, figure in drawn.items():
        figure.savefig(out / name, dpi=110)
    return [out / name for name in drawn]


def transitions_figure(findings: Findings) -> Figure:
    """One column per split: tool error of imagined futures above, error of single steps below."""
    figure, grid = _panels(2, len(SPLITS))
    places = np.arange(len(COUNTS))
    for axes, key in zip(grid, ("tool_mm", "one_step"), strict=True):
        for axis, split in zip(axes, SPLITS, strict=True):
            for name in figures.row_names(findings):
                errors = figures.by_count(findings, name, split, key)
                axis.semilogy(places, errors, label=name, **_style(name))
            axis.set_xticks(places, [str(n) for n in COUNTS])
    for axis, split in zip(grid[0], SPLITS, strict=True):
        axis.set_title(split, fontsize=10)
    for axis in grid[-1]:
        axis.set_xlabel("transitions of the new body")
    grid[0][0].set_ylabel(f"tool error, {HORIZON} steps [mm]")
    grid[1][0].set_ylabel("squared error, one step / variance")
    _legend(figure, grid)
    return figure


def bodies_figure(findings: Findings) -> Figure:
    """Tool error of imagined futures against the number of training bodies."""
    figure, grid = _panels(1, len(SPLITS))
    counts = sorted({bodies for _, bodies in findings.curve})
    for axis, split in zip(grid[0], SPLITS, strict=True):
        for name in dict.fromkeys(name for name, _ in findings.curve):
            errors = [figures.curve_error(findings, name, n, split) for n in counts]
            axis.loglog(counts, errors, label=name, **_style(name))
        axis.set_xticks(counts, [str(n) for n in counts])
        axis.minorticks_off()
        axis.set_title(split, fontsize=10)
        axis.set_xlabel("training bodies")
    grid[0][0].set_ylabel(f"tool error, {HORIZON} steps [mm]")
    _legend(figure, grid)
    return figure


def tracking_figure(findings: Findings) -> Figure:
    """Bars of the tool error after the change, one group per split; dots are single scenes."""
    names = figures.row_names(findings)
    splits = [s for s in SPLITS if figures.scenes_in(findings, s)]
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    axis = figure.subplots()
    width = 0.85 / len(names)
    for i, name in enumerate(names):
        places = np.arange(len(splits)) + (i - 0.5 * (len(names) - 1)) * width
        errors = [figures.tracked(findings, name, split) for split in splits]
        heights = [np.exp(np.log(e).mean()) for e in errors]
        axis.bar(places, heights, width, label=name, color=_style(name)["color"])
        for place, single in zip(places, errors, strict=True):
            axis.plot([place] * len(single), single, ".", color="black", markersize=2.5)
    axis.set_yscale("log")
    axis.set_xticks(np.arange(len(splits)), splits)
    axis.set_ylabel("tool error after the change [mm]")
    figure.legend(fontsize=8, ncols=6, loc="outside lower center")
    return figure


def _style(name: str) -> dict[str, Any]:
    if name == SHIPPED:
        return {"color": "black", "linestyle": "--", "linewidth": 1.0}
    family = CONTENDERS[name].family
    members = [n for n, c in CONTENDERS.items() if c.family == family]
    return {
        "color": _COLORS[family][members.index(name) % len(_COLORS[family])],
        "linewidth": 2.2 if name == DEFAULT else 1.2,
        "marker": ".",
    }


def _panels(rows: int, columns: int) -> tuple[Figure, Any]:
    figure = Figure(figsize=(3.6 * columns, 2.9 * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, sharey="row", squeeze=False)


def _legend(figure: Figure, grid: Any) -> None:
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=8, ncols=6, loc="outside lower center")
