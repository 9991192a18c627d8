"""Pictures of the recovery: prediction error around the change."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402 (the backend comes first)

from robot_meta.benchmarks.grbal.methods import METHODS  # noqa: E402
from robot_meta.benchmarks.grbal.metrics import SMOOTHED, Outcomes  # noqa: E402


def recovery(scenario: str, outcomes: Outcomes, change: int, out: Path) -> Path:
    """One line per rival, mean over episodes and seeds, smoothed; the path of the picture."""
    figure, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
    for name in METHODS:
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
    plt.close(figure)
    return path
