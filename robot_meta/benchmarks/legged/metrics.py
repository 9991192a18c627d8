"""From many runs to the flat figures that bars are held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from robot_meta.benchmarks.legged.judge import Series
from robot_meta.benchmarks.legged.rows import ROWS
from robot_meta.benchmarks.legged.scenes import NOMINAL, NOMINAL_SLOW, SEEN, SLOW, TEST_SCENES

COUNTS_FROM = 2.0  # times its nominal error that the static row's has to be for a test to count
RIVALS = ("static", "mbde", "pi")
KNOWN = (NOMINAL, NOMINAL_SLOW, SEEN)
TESTS = tuple(scene for scene in TEST_SCENES if scene not in KNOWN)


@dataclass(frozen=True)
class Outcome:
    """What one row made of one scene under one seed."""

    row: str
    scene: str
    seed: int
    figures: dict[str, float]
    series: Series

    @classmethod
    def from_result(cls, row: str, scene: str, seed: int, result: dict[str, Any]) -> Outcome:
        """From what a shard holds."""
        return cls(row, scene, seed, result["figures"], Series.from_lists(result["series"]))


def mean_of(outcomes: list[Outcome], row: str, scene: str, figure: str) -> float:
    """Mean over seeds of a figure; NaN where there is no such run."""
    values = [o.figures[figure] for o in outcomes if (o.row, o.scene) == (row, scene)]
    return float(np.mean(values)) if values else float("nan")


def metrics_of(outcomes: list[Outcome]) -> dict[str, float]:
    """Flat figures, errors as root mean square over time and then as mean over seeds.

    `error_ratio_<rival>_<test>` is the default row's error after the change over the rival's,
    `static_growth_<test>` the static row's error over what it has at that speed when nothing
    changes. The test counts where that is at least `COUNTS_FROM`. `nominal_ratio` is the default
    row's error over the static row's where nothing changes or a body like those trained on comes,
    all together.
    """

    def after(row: str, scene: str) -> float:
        return mean_of(outcomes, row, scene, "after_m")

    metrics: dict[str, float] = {}
    for test in TESTS:
        if np.isnan(after("adapted", test)):
            continue
        unchanged = after("static", NOMINAL_SLOW if test in SLOW else NOMINAL)
        metrics[f"static_growth_{test}"] = after("static", test) / unchanged
        for rival in RIVALS:
            metrics[f"error_ratio_{rival}_{test}"] = after("adapted", test) / after(rival, test)
        metrics[f"error_m_{test}"] = after("adapted", test)
        metrics[f"recover_s_{test}"] = mean_of(outcomes, "adapted", test, "recover_s")
    metrics = {key: value for key, value in metrics.items() if not np.isnan(value)}
    metrics["tests_counted"] = float(len(counted(metrics)))
    known = [scene for scene in KNOWN if not np.isnan(after("adapted", scene))]
    if known:
        own, static = (sum(after(row, scene) for scene in known) for row in ("adapted", "static"))
        metrics["nominal_ratio"] = own / static
        metrics["nominal_error_m"] = after("adapted", NOMINAL)
    for row in ROWS:
        falls = [o.figures["falls"] for o in outcomes if o.row == row]
        if falls:
            metrics[f"falls_{row}"] = sum(falls)
    metrics["falls"] = metrics.get("falls_adapted", 0.0)
    return metrics


def counted(metrics: dict[str, float]) -> list[str]:
    """The tests that count: there the static row fails."""
    return [t for t in TESTS if metrics.get(f"static_growth_{t}", 0.0) >= COUNTS_FROM]
