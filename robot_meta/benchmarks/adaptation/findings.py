"""Everything that was measured, and the errors that tables and pictures are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from robot_meta.benchmarks.adaptation.budget import SPLITS
from robot_meta.benchmarks.adaptation.contenders import Settings
from robot_meta.benchmarks.arm_payload.metrics import HELD
from robot_meta.types import Array

MEAN, WORST = "mean", "worst"  # what training minimises over bodies
Tests = list[dict[str, Any]]
"""What one player predicted, test by test."""


@dataclass
class Findings:
    """Everything that was measured.

    Attributes:
        trained: Processor time and losses, by method and seed.
        settings: That validation chose, by contender.
        predictions: By row and seed.
        tracks: Figures, by row, split, kind and seed.
        update_ms: Median and 99th percentile, by row.
        curve: Predictions by contender and number of training bodies.
        weighting: Predictions by contender, `MEAN` or `WORST`, and seed.
    """

    trained: dict[tuple[str, int], dict[str, float]] = field(default_factory=dict)
    settings: dict[str, Settings] = field(default_factory=dict)
    predictions: dict[tuple[str, int], Tests] = field(default_factory=dict)
    tracks: dict[tuple[str, str, str, int], dict[str, float]] = field(default_factory=dict)
    update_ms: dict[str, list[float]] = field(default_factory=dict)
    curve: dict[tuple[str, int], Tests] = field(default_factory=dict)
    weighting: dict[tuple[str, str, int], Tests] = field(default_factory=dict)


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
    for (_, split, kind, seed), figures in findings.tracks.items():
        shares.setdefault((split, kind, seed), []).append(figures["altered_share"])
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


def curve_error(findings: Findings, name: str, bodies: int, split: str) -> float:
    """Tool error after all transitions, of a contender trained on so many bodies, [mm]."""
    return float(errors_of(findings.curve[name, bodies], split, "tool_mm")[:, -1].mean())


def weighting_error(findings: Findings, name: str, weighting: str, split: str) -> Array:
    """The same by body, mean over seeds, (bodies,), of a way to weigh bodies in training."""
    seeds = [t for (n, w, _), t in findings.weighting.items() if (n, w) == (name, weighting)]
    errors = [errors_of(tests, split, "tool_mm")[:, -1].mean(axis=-1) for tests in seeds]
    return np.asarray(np.mean(errors, axis=0))


def tracked_splits(findings: Findings) -> list[str]:
    """Splits with scenes that count."""
    return [split for split in SPLITS if scenes_in(findings, split)]
