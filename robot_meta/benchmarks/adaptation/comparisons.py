"""Ratios between contenders with their uncertainty: the hypothesis, and who drives best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from robot_meta.benchmarks.adaptation.budget import SPLITS
from robot_meta.benchmarks.adaptation.contenders import (
    BLACK_BOX,
    CONTENDERS,
    DEFAULT,
    GRADIENT_TYPE,
)
from robot_meta.benchmarks.adaptation.findings import Findings, by_body, tracked, tracked_splits
from robot_meta.types import Array

LITERAL = (("recurrent",), ("gradient",))  # the pair that the hypothesis was first put for
_DRAWS = 2000  # of the bootstrap
_LEAST = 4  # bodies or scenes of each kind that an interval takes


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


def tracking_score(findings: Findings, name: str) -> float:
    """Tool error after the change, [mm]: geometric mean over scenes, then over splits."""
    means = [np.log(tracked(findings, name, split)).mean() for split in tracked_splits(findings)]
    return float(np.exp(np.mean(means)))


def winner(findings: Findings) -> str:
    """The contender that drives best; shipped weights, which had more of everything, stand out."""
    return min(CONTENDERS, key=lambda name: tracking_score(findings, name))


def against_default(findings: Findings, name: str) -> Interval:
    """Tracking score of a contender over that of the default; below 1 it drives better."""
    parts = [
        np.log(tracked(findings, name, split)) - np.log(tracked(findings, DEFAULT, split))
        for split in tracked_splits(findings)
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
    value = float(np.exp(combine([float(part.mean()) for part in parts])))
    if min(len(part) for part in parts) < _LEAST:
        return Interval(value, 0.0, float("inf"))  # too few to tell
    rng = np.random.default_rng(0)
    draws = [
        np.exp(combine([rng.choice(part, len(part)).mean() for part in parts]))
        for _ in range(_DRAWS)
    ]
    low, high = np.percentile(draws, [5, 95])
    return Interval(value, float(low), float(high))
