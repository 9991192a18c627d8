"""From many runs to the flat figures that bars are held against."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from robot_meta.benchmarks.arm_payload.judge import Series
from robot_meta.benchmarks.arm_payload.rows import ROWS
from robot_meta.benchmarks.arm_payload.scenes import NOMINAL, TEST_SCENES

HELD = 0.25  # share of ticks altered by the guard from which a run counts as held
VOID_BELOW = 2.0  # a scene whose static ratio is smaller says nothing about adaptation

# Key of a metric of the default row: figure of a run it comes from.
_DEFAULT_ROW = {
    "peak_error_mm": "peak_mm",
    "recover_s": "recover_s",
    "effort_nm": "effort_nm",
    "altered_share": "altered_share",
    "reflex_share": "reflex_share",
}


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


def without_held(outcomes: list[Outcome]) -> tuple[list[Outcome], list[tuple[str, int]]]:
    """Outcomes without the scenes that no row can move in, and those scenes with their seeds.

    There the changed body pulls so hard that the guard takes it for a touch and holds, whoever
    asks: the error says how far the target went on, and nothing about adaptation.
    """
    free: dict[tuple[str, int], bool] = {}
    for o in outcomes:
        key = o.scene, o.seed
        free[key] = free.get(key, False) or o.figures["altered_share"] < HELD
    kept = [o for o in outcomes if free[o.scene, o.seed]]
    return kept, sorted(key for key, moved in free.items() if not moved)


def metrics_of(outcomes: list[Outcome]) -> dict[str, float]:
    """Flat figures: the mean over seeds, then the worst scene; per scene with its name behind.

    The nominal scene, where nothing changes, gives `nominal_error_mm` and `nominal_harm` alone.
    """
    metrics: dict[str, float] = {}
    ratios = {row: _by_scene(outcomes, row, "ratio") for row in ROWS}
    for row, by_scene in ratios.items():
        if by_scene:
            worst: Callable[[Iterable[float]], float] = min if row == "static" else max
            metrics[f"{row}_ratio"] = worst(by_scene.values())
            metrics |= {f"{row}_ratio_{scene}": value for scene, value in by_scene.items()}
    for key, figure in _DEFAULT_ROW.items():
        by_scene = _by_scene(outcomes, "adapted", figure)
        if by_scene:
            metrics[key] = max(by_scene.values())
            metrics |= {f"{key}_{scene}": value for scene, value in by_scene.items()}
    for row in ROWS:
        nominal = [o.figures["overall_mm"] for o in _of(outcomes, row) if o.scene == NOMINAL]
        if nominal:
            metrics[f"{row}_nominal_error_mm"] = float(np.mean(nominal))
    if "adapted_nominal_error_mm" in metrics:
        metrics["nominal_error_mm"] = metrics["adapted_nominal_error_mm"]
        if "static_nominal_error_mm" in metrics:
            metrics["nominal_harm"] = (
                metrics["nominal_error_mm"] / metrics["static_nominal_error_mm"]
            )
    ticks = [o.series.act_ms for o in _of(outcomes, "adapted")]
    if ticks:
        metrics["tick_p50_ms"], metrics["tick_p99_ms"] = (
            float(np.percentile(np.concatenate(ticks), share)) for share in (50, 99)
        )
    metrics["void_scenes"] = float(len(void_scenes(metrics)))
    return metrics


def void_scenes(metrics: dict[str, float]) -> list[str]:
    """Scenes in which the static row hardly fails."""
    return [
        scene
        for scene in TEST_SCENES
        if metrics.get(f"static_ratio_{scene}", VOID_BELOW) < VOID_BELOW
    ]


def _of(outcomes: list[Outcome], row: str) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.row == row]


def _by_scene(outcomes: list[Outcome], row: str, figure: str) -> dict[str, float]:
    """Mean over seeds of a figure, for each scene in which the body changes."""
    values: dict[str, list[float]] = {}
    for outcome in _of(outcomes, row):
        if outcome.scene != NOMINAL:
            values.setdefault(outcome.scene, []).append(outcome.figures[figure])
    return {scene: float(np.mean(list_)) for scene, list_ in values.items()}
