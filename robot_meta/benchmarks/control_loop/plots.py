"""A picture of the control loop's benchmark: time per tick, alone, beside a busy core, by size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure


def write(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """One pair of bars per run: median and 99th percentile, [ms]."""
    figure = Figure(figsize=(8.0, 1.2 + 0.32 * len(rows)), layout="constrained")
    axis = figure.subplots()
    names = [row["run"] for row in rows]
    axis.barh(names, [row["p99_ms"] for row in rows], color="#b7d2e8", label="99th percentile")
    axis.barh(names, [row["p50_ms"] for row in rows], color="#1f6fb4", label="median")
    axis.axvline(20.0, color="black", linewidth=0.8, linestyle=":")
    axis.invert_yaxis()
    axis.set_xlabel("time of a tick that adapts and plans [ms]; 20 ms at the dotted line")
    axis.legend(fontsize=8)
    figure.savefig(path, dpi=110)
