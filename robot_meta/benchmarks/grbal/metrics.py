"""From the figures of all jobs to those that bars are held against.

Returns are normalized with the two ends of the scale, R̂ = (R − random) / (oracle − random), over
the steps after the change, and compared in pairs of seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from robot_meta.benchmarks.grbal.job import ORACLE, RANDOM
from robot_meta.benchmarks.grbal.methods import METHODS
from robot_meta.types import Array

SMOOTHED = 20  # steps that the error is averaged over before it counts as recovered
RECOVERED = 1.5  # times the error before the change
NEAR = 100  # steps before and after the change that the rise of the error is taken from
CONFIDENCE = 0.9
VISITORS = ("mixture", "last_layer")  # one remembers bodies, the other is reset at every tick


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one player made of one scenario under one seed.

    Attributes:
        validation: Return after the change of each validation episode.
        after: Of each test episode, after the change.
        before: Of each test episode, before it.
        prediction: From `jobs.prediction_figures`; empty for those who do not predict.
        tick_ms: Median and 99th percentile of adapting and planning.
        adapt_ms: Of adapting alone.
    """

    validation: tuple[float, ...] = ()
    after: tuple[float, ...] = ()
    before: tuple[float, ...] = ()
    prediction: Mapping[str, Any]
    tick_ms: tuple[float, float] = (np.nan, np.nan)
    adapt_ms: tuple[float, float] = (np.nan, np.nan)


Outcomes = Mapping[tuple[str, int], Outcome]
"""Player and seed to outcome, of one scenario."""


def rivals(outcomes: Outcomes) -> tuple[str, ...]:
    """The rows that took part."""
    players = {player for player, _ in outcomes}
    return tuple(name for name in METHODS if name in players)


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean of paired differences with its `CONFIDENCE` interval (Student's t)."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    half = float(stats.t.ppf(0.5 + CONFIDENCE / 2.0, len(values) - 1) * stats.sem(values))
    return mean, mean - half, mean + half


def best_meta_learned(outcomes: Outcomes) -> str:
    """The meta-learned adapter with the highest return in the validation episodes."""
    scores = {
        name: np.mean([np.mean(o.validation) for (p, _), o in outcomes.items() if p == name])
        for name in rivals(outcomes)
        if METHODS[name].meta_learned
    }
    return max(scores, key=lambda name: scores[name])


def scenario_metrics(outcomes: Outcomes, change: int) -> dict[str, float]:
    """Every key of one scenario, without its suffix."""
    seeds = sorted({seed for _, seed in outcomes})
    best = best_meta_learned(outcomes)
    names = rivals(outcomes)
    metrics = {f"best_is_{name}": float(name == best) for name in names}
    metrics |= prediction_metrics(
        {(p, s): o.prediction for (p, s), o in outcomes.items() if p in names}, best, change
    )
    returns = {
        name: np.array([normalized(outcomes, name, seed, "after") for seed in seeds])
        for name in names
    }
    nominal = {
        name: np.array([normalized(outcomes, name, seed, "before") for seed in seeds])
        for name in names
    }
    metrics["return_adapted"] = float(returns[best].mean())
    for key, better, worse in (
        ("gain_static", returns[best], returns["static"]),
        ("gain_mbde", returns[best], returns["mbde"]),
        ("grbal_gain_static", returns["grbal"], returns["static"]),
        ("grbal_gain_mbde", returns["grbal"], returns["mbde"]),
        ("nominal_loss", nominal["static"], nominal[best]),
    ):
        mean, low, high = interval(better - worse)
        metrics |= {key: mean, f"{key}_low": low, f"{key}_high": high}
    return metrics


def prediction_metrics(
    predictions: Mapping[tuple[str, int], Mapping[str, Any]], best: str, change: int
) -> dict[str, float]:
    """The keys that need no robot: error around the change, losses of query windows."""

    def of(name: str) -> list[Mapping[str, Any]]:
        return [p for (player, _), p in sorted(predictions.items()) if player == name]

    losses = {name: [np.mean(p["after"]) for p in of(name)] for name in ("static", best)}
    better = [np.less(p["after"], p["before"]) for p in of(best)]
    visits = {
        f"{key}second_visit_ratio": second_visit_ratio(of(name))
        for key, name in zip(("", "plain_"), VISITORS, strict=True)
        if of(name) and of(name)[0]["returning"]
    }
    return visits | {
        "static_error_rise": mean_of(error_rise(p["one_step"], change) for p in of("static")),
        "error_recovery_steps": recovery_of(of(best), change),
        "mbde_recovery_steps": recovery_of(of("mbde"), change),
        "post_vs_static": float(np.mean(np.divide(losses[best], losses["static"]))),
        "post_better_share": float(np.mean(np.concatenate(better))),
    }


def normalized(outcomes: Outcomes, player: str, seed: int, part: str) -> float:
    """R̂ of a player, mean over its test episodes, "after" the change or "before" it.

    Before it, while the body is as it should be, the static model is the upper end of the scale.
    """
    top = ORACLE if part == "after" else "static"
    values = {name: np.mean(getattr(outcomes[name, seed], part)) for name in (player, top, RANDOM)}
    return float((values[player] - values[RANDOM]) / (values[top] - values[RANDOM]))


def error_rise(episodes: Sequence[Sequence[float]], change: int) -> float:
    """Error in the steps after the change over that in the steps before it."""
    near = min(NEAR, change)
    errors = np.array(episodes)
    before = errors[:, change - near : change].mean()
    return float(errors[:, change : change + near].mean() / before)


def recovery_steps(errors: Sequence[float], change: int) -> int:
    """Steps after the change until the error of the newest `SMOOTHED` steps is small again.

    An error that never is counts as all the steps that were left.
    """
    array = np.asarray(errors)
    before = array[change - min(NEAR, change) : change].mean()
    after = array[change:]
    width = min(SMOOTHED, len(after))
    smooth: Array = np.convolve(after, np.full(width, 1.0 / width), mode="valid")
    recovered = np.flatnonzero(smooth <= RECOVERED * before)
    return int(recovered[0]) + width if len(recovered) else len(after)


def second_visit_ratio(predictions: Sequence[Mapping[str, Any]]) -> float:
    """Excess error of the second visit to a body over that of the first, in A-B-A-B episodes.

    The excess is summed over the first half of a visit and counted from the mean of its second
    half; 1 is no memory, 0 a body that is recognised at once.
    """
    errors = np.concatenate([np.array(p["returning"]) for p in predictions])
    length = errors.shape[1] // 4
    first, second = (excess_area(errors[:, i * length : (i + 1) * length]) for i in (1, 3))
    return second / first


def excess_area(visits: Array) -> float:
    """Mean over visits (V, T) of the error above the settled one, summed over their first half."""
    half = visits.shape[1] // 2
    settled = visits[:, half:].mean()
    return float((visits[:, :half] - settled).sum(axis=1).mean())


def recovery_of(predictions: Sequence[Mapping[str, Any]], change: int) -> float:
    """Mean of `recovery_steps` over all episodes of all seeds."""
    return mean_of(recovery_steps(e, change) for p in predictions for e in p["one_step"])


def mean_of(values: Any) -> float:
    """Mean of an iterable."""
    return float(np.mean(list(values)))
