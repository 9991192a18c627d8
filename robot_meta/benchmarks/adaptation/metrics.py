"""From what was measured to flat figures."""

from __future__ import annotations

from typing import Any

import numpy as np

from robot_meta.benchmarks.adaptation.budget import SPLITS
from robot_meta.benchmarks.adaptation.comparisons import (
    LITERAL,
    Interval,
    against_default,
    prediction_gap,
    tracking_gap,
    tracking_score,
    winner,
)
from robot_meta.benchmarks.adaptation.contenders import CONTENDERS, DEFAULT
from robot_meta.benchmarks.adaptation.findings import (
    MEAN,
    WORST,
    Findings,
    by_body,
    by_count,
    curve_error,
    held_scenes,
    row_names,
    shuffled_ratio,
    tracked,
    tracked_splits,
    weighting_error,
)
from robot_meta.benchmarks.adaptation.prediction import COUNTS
from robot_meta.benchmarks.arm_payload.scenes import NOMINAL


def metrics_of(findings: Findings) -> dict[str, float]:
    """All figures that a bar could be held against."""
    return {
        **_prediction_metrics(findings),
        **_tracking_metrics(findings),
        **_cost_metrics(findings),
        **_curve_metrics(findings),
        **_weighting_metrics(findings),
    }


def rows_of(findings: Findings) -> list[dict[str, Any]]:
    """One row per contender, split and N, and one per run in closed loop."""
    rows: list[dict[str, Any]] = []
    for name in row_names(findings):
        for split in SPLITS:
            for key in ("one_step", "tool_mm"):
                errors = by_count(findings, name, split, key)
                rows += [
                    {"row": name, "split": split, "figure": key, "n": n, "mean": float(e)}
                    for n, e in zip(COUNTS, errors, strict=True)
                ]
    held = held_scenes(findings)
    for (name, split, kind, seed), figures in findings.tracks.items():
        about = {"row": name, "split": split, "kind": kind, "seed": seed}
        rows.append({**about, "held": (split, kind, seed) in held, **figures})
    return rows


def _prediction_metrics(findings: Findings) -> dict[str, float]:
    metrics: dict[str, float] = {}
    for name in row_names(findings):
        for split in SPLITS:
            suffix = f"{name}_{split}"
            for key in ("one_step", "tool_mm"):
                errors = by_count(findings, name, split, key)
                metrics |= {
                    f"{key}_n{n}_{suffix}": float(e) for n, e in zip(COUNTS, errors, strict=True)
                }
            metrics[f"tool_mm_worst_body_{suffix}"] = float(by_body(findings, name, split).max())
            metrics[f"shuffled_ratio_{suffix}"] = shuffled_ratio(findings, name, split)
    for split in SPLITS[1:]:
        metrics |= _named(f"ood_gap_prediction_{split}", prediction_gap(findings, split))
        literal = prediction_gap(findings, split, LITERAL)
        metrics |= _named(f"ood_gap_prediction_rebal_grbal_{split}", literal)
    return metrics


def _tracking_metrics(findings: Findings) -> dict[str, float]:
    metrics: dict[str, float] = {}
    splits = tracked_splits(findings)
    for name in row_names(findings):
        for split in splits:
            after = np.log(tracked(findings, name, split))
            ratio = np.log(tracked(findings, name, split, "ratio"))
            metrics[f"tracking_mm_{name}_{split}"] = float(np.exp(after.mean()))
            metrics[f"tracking_worst_mm_{name}_{split}"] = float(np.exp(after.max()))
            metrics[f"tracking_ratio_{name}_{split}"] = float(np.exp(ratio.mean()))
        metrics[f"tracking_mm_{name}_{NOMINAL}"] = float(
            tracked(findings, name, NOMINAL, "overall_mm").mean()
        )
        metrics[f"tracking_score_mm_{name}"] = tracking_score(findings, name)
        metrics |= _named(f"tracking_over_default_{name}", against_default(findings, name))
    for split in splits:
        if split != SPLITS[0] and SPLITS[0] in splits:
            metrics |= _named(f"ood_gap_tracking_{split}", tracking_gap(findings, split))
            literal = tracking_gap(findings, split, LITERAL)
            metrics |= _named(f"ood_gap_tracking_rebal_grbal_{split}", literal)
    metrics["held_scenes"] = float(len(held_scenes(findings)))
    metrics["default_wins"] = float(winner(findings) == DEFAULT)
    return metrics


def _cost_metrics(findings: Findings) -> dict[str, float]:
    metrics: dict[str, float] = {}
    for name, (median, last) in findings.update_ms.items():
        metrics |= {f"update_ms_p50_{name}": median, f"update_ms_p99_{name}": last}
    for name, contender in CONTENDERS.items():
        seconds = [
            t["seconds"] for (m, _), t in findings.trained.items() if m == contender.trained
        ]
        metrics[f"training_s_{name}"] = float(np.mean(seconds))
    return metrics


def _curve_metrics(findings: Findings) -> dict[str, float]:
    return {
        f"bodies_{bodies}_tool_mm_{name}_{split}": curve_error(findings, name, bodies, split)
        for name, bodies in findings.curve
        for split in SPLITS
    }


def _weighting_metrics(findings: Findings) -> dict[str, float]:
    metrics: dict[str, float] = {}
    for name in dict.fromkeys(name for name, _, _ in findings.weighting):
        for split in SPLITS:
            plain, worst = (
                weighting_error(findings, name, weighting, split) for weighting in (MEAN, WORST)
            )
            suffix = f"{name}_{split}"
            metrics[f"worst_weighting_mean_{suffix}"] = float(worst.mean() / plain.mean())
            metrics[f"worst_weighting_worst_{suffix}"] = float(worst.max() / plain.max())
    return metrics


def _named(key: str, interval: Interval) -> dict[str, float]:
    return {key: interval.value, f"{key}_low": interval.low, f"{key}_high": interval.high}
