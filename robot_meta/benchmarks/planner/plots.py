"""A picture of the planner benchmark: time per step, and how far samples and time go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

OURS, PEER = "#1f6fb4", "#b0b0b0"
COLORS = {"iCEM": OURS, "random shooting": "#c0392b"}


def write(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Above, the steps with most threads; below, the reach task against samples and time."""
    steps = [row for row in rows if "net" in row]
    steps = [row for row in steps if row["threads"] == max(r["threads"] for r in steps)]
    nets = list(dict.fromkeys(row["net"] for row in steps))
    figure = Figure(figsize=(10.0, 7.0), layout="constrained")
    grid = figure.subplots(2, len(nets), squeeze=False)
    for axis, net in zip(grid[0], nets, strict=True):
        draw_times(axis, [row for row in steps if row["net"] == net])
        axis.set_title(f"planning step, net {net}", fontsize=10)
    points = [row for row in rows if "samples" in row]
    for axis, key, label in (
        (grid[1][0], "candidates", "candidates per tick"),
        (grid[1][-1], "tick_ms", "time per tick [ms]"),
    ):
        draw_reach(axis, points, key)
        axis.set_xlabel(label)
    figure.savefig(path, dpi=110)


def draw_times(axis: Any, rows: Sequence[dict[str, Any]]) -> None:
    """One bar per planner, [ms], with its ratio to the stock peer where there is one."""
    names = [row["planner"] for row in rows]
    colors = [OURS if name.startswith("ours") else PEER for name in names]
    bars = axis.barh(names, [row["median_ms"] for row in rows], color=colors)
    labels = [f"{r['times_stock']:.1f}x" if "times_stock" in r else "" for r in rows]
    axis.bar_label(bars, labels, padding=2, fontsize=8)
    axis.invert_yaxis()
    axis.margins(x=0.15)
    axis.set_xlabel("median [ms]; ratio to pytorch-mppi")
    axis.tick_params(labelsize=8)


def draw_reach(axis: Any, points: Sequence[dict[str, Any]], key: str) -> None:
    """Mean distance against what it cost, a line per planner; a cross for the equal time."""
    for planner, color in COLORS.items():
        mine = [p for p in points if p["planner"] == planner]
        axis.plot(
            [p[key] for p in mine],
            [p["distance_cm"] for p in mine],
            marker="o",
            color=color,
            label=planner,
        )
    for p in points:
        if p["planner"] not in COLORS:
            axis.plot(p[key], p["distance_cm"], "x", color="black", label=p["planner"])
    axis.set_xscale("log")
    axis.set_ylabel("mean distance to target [cm]")
    axis.legend(fontsize=7)
