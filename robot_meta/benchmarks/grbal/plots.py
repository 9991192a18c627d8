"""Pictures of the recovery: prediction error around the change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from robot_meta.benchmarks.grbal.metrics import SMOOTHED, Outcomes, rivals


def recovery(scenario: str, outcomes: Outcomes, change: int, out: Path) -> Path:
    """One line per rival, mean over episodes and seeds, smoothed; the path of the picture."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axis = figure.subplots()
    for name in rivals(outcomes):
        episodes = [
            e for (p, _), o in outcomes.items() if p == name for e in o.prediction["one_step"]
        ]
        mean = np.mean(np.array(episodes), axis=0)
        width = min(SMOOTHED, len(mean))
        smooth = np.convolve(mean, np.full(width, 1.0 / width), mode="valid")
        axis.semilogy(np.arange(width - 1, len(mean)), smooth, label=name, linewidth=1.2)
    axis.axvline(change, color="black", linewidth=0.8, linestyle=":")
    axis.set_xlabel("step; the body changes at the dotted line")
    axis.set_ylabel("1-step error")
    axis.set_title(scenario, fontsize=10)
    axis.legend(fontsize=8, ncols=5)
    path = out / f"recovery_{scenario}.png"
    figure.savefig(path, dpi=110)
    return path
