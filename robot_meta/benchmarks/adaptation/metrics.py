"""From what was measured to flat figures, and what they say about hypothesis and default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from robot_meta.benchmarks.adaptation.budget import SPLITS
from robot_meta.benchmarks.adaptation.contenders import (
    BLACK_BOX,
    CONTENDERS,
    DEFAULT,
    GRADIENT_TYPE,
)
from robot_meta.benchmarks.adaptation.prediction import COUNTS
from robot_meta.benchmarks.adaptation.suite import MEAN, WORST, Findings, Tests
from robot_meta.benchmarks.arm_payload.metrics import HELD
from robot_meta.benchmarks.arm_payload.scenes import NOMINAL
from robot_meta.types import Array

LITERAL = (("recurrent",), ("gradient",))  # the pair that the hypothesis was first put for
_DRAWS = 2000  # of the bootstrap


def families() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Contenders of the black-box family and of the gradient-type one."""
    return tuple(
        tuple(name for name, c in CONTENDERS.items() if c.family == family)
        for family in (BLACK_BOX, GRADIENT_TYPE)
    )  # type: ignore[return-value]


@dataclass(frozen=True)
class Interval:
    """A ratio and its 90 % bootstrap interval."""

    value: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """Whether the ratio is clear of 1."""
        if self.low > 1.0:
            return "supported"
        return "refuted" if self.high < 1.0 else "undecided"


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


def row_names(findings: Findings) -> list[str]:
    """Rows of the table, in its order."""
    return list(dict.fromkeys(name for name, _ in findings.predictions))


def errors_of(tests: Tests, split: str, key: str) -> Array:
    """Errors (bodies, N, anchors), or (bodies, anchors) of the control, in a split."""
    return np.array([test[key] for test in tests if test["split"] == split])


def by_body(findings: Findings, name: str, split: str, key: str = "tool_mm") -> Array:
    """Error after all transitions, mean over anchors and seeds, (bodies,)."""
    seeds = [tests for (row, _), tests in findings.predictions.items() if row == name]
    errors = [errors_of(tests, split, key)[:, -1].mean(axis=-1) for tests in seeds]
    return np.asarray(np.mean(errors, axis=0))


def by_count(findings: Findings, name: str, split: str, key: str) -> Array:
    """Error after each number of transitions, mean over bodies, anchors and seeds, (N,)."""
    seeds = [tests for (row, _), tests in findings.predictions.items() if row == name]
    return np.asarray(
        np.mean([errors_of(tests, split, key).mean(axis=(0, 2)) for tests in seeds], axis=0)
    )


def shuffled_ratio(findings: Findings, name: str, split: str) -> float:
    """Tool error with another body's transitions over that with the body's own, mean of both."""
    seeds = [tests for (row, _), tests in findings.predictions.items() if row == name]
    wrong = np.mean([errors_of(tests, split, "shuffled_tool_mm").mean() for tests in seeds])
    return float(wrong / by_body(findings, name, split).mean())


def held_scenes(findings: Findings) -> set[tuple[str, str, int]]:
    """Scenes in which the guard holds the arm whoever drives it; see arm-payload."""
    shares: dict[tuple[str, str, int], list[float]] = {}
    for (_, *scene), figures in findings.tracks.items():
        split, kind, seed = scene
        shares.setdefault((str(split), str(kind), int(seed)), []).append(figures["altered_share"])
    return {scene for scene, all_ in shares.items() if min(all_) >= HELD}


def scenes_in(findings: Findings, split: str) -> list[tuple[str, str, int]]:
    """Scenes of a split that count."""
    all_ = dict.fromkeys((s, k, seed) for _, s, k, seed in findings.tracks if s == split)
    held = held_scenes(findings)
    return [scene for scene in all_ if scene not in held]


def tracked(findings: Findings, name: str, split: str, key: str = "after_mm") -> Array:
    """A figure of every scene of a split, (scenes,)."""
    scenes = scenes_in(findings, split)
    return np.array([findings.tracks[(name, *scene)][key] for scene in scenes])


def tracking_score(findings: Findings, name: str) -> float:
    """Tool error after the change, [mm]: geometric mean over scenes, then over splits."""
    means = [np.log(tracked(findings, name, split)).mean() for split in _tracked_splits(findings)]
    return float(np.exp(np.mean(means)))


def winner(findings: Findings) -> str:
    """The contender that drives best; shipped weights, which had more of everything, stand out."""
    return min(CONTENDERS, key=lambda name: tracking_score(findings, name))


def against_default(findings: Findings, name: str) -> Interval:
    """Tracking score of a contender over that of the default; below 1 it drives better."""
    parts = [
        np.log(tracked(findings, name, split)) - np.log(tracked(findings, DEFAULT, split))
        for split in _tracked_splits(findings)
    ]
    return _ratio(parts, lambda means: sum(means) / len(means))


def prediction_gap(
    findings: Findings, split: str, pair: tuple[tuple[str, ...], tuple[str, ...]] | None = None
) -> Interval:
    """By how much more black boxes lose than gradient-type adapters from interpolation to `split`.

    (black box over gradient type in `split`) over (the same in interpolation), of the tool error
    after all transitions; geometric means over adapters and bodies.
    """
    return _gap(lambda name, s: by_body(findings, name, s), split, pair or families())


def tracking_gap(
    findings: Findings, split: str, pair: tuple[tuple[str, ...], tuple[str, ...]] | None = None
) -> Interval:
    """The same of the tool error in closed loop."""
    return _gap(lambda name, s: tracked(findings, name, s), split, pair or families())


def curve_error(findings: Findings, name: str, bodies: int, split: str) -> float:
    """Tool error after all transitions, of a contender trained on so many bodies, [mm]."""
    return float(errors_of(findings.curve[name, bodies], split, "tool_mm")[:, -1].mean())


def weighting_error(findings: Findings, name: str, weighting: str, split: str) -> Array:
    """The same by body, mean over seeds, (bodies,), of a way to weigh bodies in training."""
    seeds = [t for (n, w, _), t in findings.weighting.items() if (n, w) == (name, weighting)]
    errors = [errors_of(tests, split, "tool_mm")[:, -1].mean(axis=-1) for tests in seeds]
    return np.asarray(np.mean(errors, axis=0))


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
    splits = _tracked_splits(findings)
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


def _tracked_splits(findings: Findings) -> list[str]:
    return [split for split in SPLITS if scenes_in(findings, split)]


def _gap(
    errors: Callable[[str, str], Array],
    split: str,
    pair: tuple[tuple[str, ...], tuple[str, ...]],
) -> Interval:
    def apart(of: str) -> Array:
        """Mean log error of the first group minus that of the second, by body."""
        first, second = (
            np.mean([np.log(errors(name, of)) for name in names], axis=0) for names in pair
        )
        return np.asarray(first - second)

    return _ratio([apart(split), apart(SPLITS[0])], lambda means: means[0] - means[1])


def _ratio(parts: list[Array], combine: Callable[[list[float]], float]) -> Interval:
    """What means of log ratios combine to, as a ratio; each part's members are drawn anew."""
    rng = np.random.default_rng(0)
    draws = [
        np.exp(combine([rng.choice(part, len(part)).mean() for part in parts]))
        for _ in range(_DRAWS)
    ]
    low, high = np.percentile(draws, [5, 95])
    value = np.exp(combine([float(part.mean()) for part in parts]))
    return Interval(float(value), float(low), float(high))


def _named(key: str, interval: Interval) -> dict[str, float]:
    return {key: interval.value, f"{key}_low": interval.low, f"{key}_high": interval.high}
