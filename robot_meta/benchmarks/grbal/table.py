"""The table that a person reads, in the terminal and in Markdown alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from robot_meta.benchmarks.grbal.job import ORACLE, RANDOM
from robot_meta.benchmarks.grbal.metrics import (
    Outcomes,
    best_meta_learned,
    error_rise,
    mean_of,
    normalized,
    recovery_of,
    rivals,
    second_visit_ratio,
)
from robot_meta.benchmarks.markdown import table

# Key, whether more or less is wanted, bar; keys of returns only where something changes at once.
_BARS = (
    ("static_error_rise", ">=", 2.0),
    ("error_recovery_steps", "<=", 36.0),
    ("return_adapted", ">=", 0.8),
    ("gain_static", ">=", 0.15),
    ("gain_mbde", ">=", 0.15),
    ("nominal_loss", "<=", 0.03),
    ("post_vs_static", "<=", 0.85),
    ("post_better_share", ">=", 0.9),
    ("second_visit_ratio", "<=", 0.5),
    ("plain_second_visit_ratio", ">=", 0.5),
    ("grbal_gain_static", ">=", 0.0),
    ("grbal_gain_mbde", ">=", 0.0),
)
VOID_BELOW = 2.0  # a scenario whose static error rises less says nothing about adaptation


def rows_of(scenario: str, outcomes: Outcomes, change: int) -> list[dict[str, Any]]:
    """One flat row per player, means over seeds."""
    seeds = sorted({seed for _, seed in outcomes})
    best = best_meta_learned(outcomes)
    rows = []
    for player in (*rivals(outcomes), ORACLE, RANDOM):
        mine = [outcomes[player, seed] for seed in seeds]
        row: dict[str, Any] = {
            "scenario": scenario,
            "row": player,
            "best": player == best,
            "seeds": len(seeds),
            "return_before": mean_of(np.mean(o.before) for o in mine),
            "return_after": mean_of(np.mean(o.after) for o in mine),
            "normalized_after": mean_of(normalized(outcomes, player, s, "after") for s in seeds),
            "tick_p50_ms": mean_of(o.tick_ms[0] for o in mine),
            "tick_p99_ms": mean_of(o.tick_ms[1] for o in mine),
            "adapt_p50_ms": mean_of(o.adapt_ms[0] for o in mine),
        }
        row["regret"] = 1.0 - row["normalized_after"]
        if player in rivals(outcomes):
            predictions = [o.prediction for o in mine]
            row |= {
                "error_rise": mean_of(error_rise(p["one_step"], change) for p in predictions),
                "error_rise_10": mean_of(
                    _rise_of_sparse(p["many_steps"], change) for p in predictions
                ),
                "recovery_steps": recovery_of(predictions, change),
                "loss_before": mean_of(np.mean(p["before"]) for p in predictions),
                "loss_after": mean_of(np.mean(p["after"]) for p in predictions),
            }
            if predictions[0]["returning"]:
                row["second_visit"] = second_visit_ratio(predictions)
        rows.append(row)
    return rows


def markdown(
    metrics: dict[str, float], rows: list[dict[str, Any]], scenarios: Sequence[str]
) -> str:
    """A table per scenario, and the bars."""
    columns = {
        "normalized_after": "return after (oracle 1)",
        "return_before": "before",
        "return_after": "after",
        "error_rise": "error rises",
        "error_rise_10": "over 10 steps",
        "recovery_steps": "recovers in",
        "loss_after": "query loss",
        "second_visit": "second visit",
        "tick_p99_ms": "tick p99 [ms]",
    }
    lines = []
    for scenario in scenarios:
        body = [
            [row["row"] + (" *" if row["best"] else ""), *(_number(row.get(c)) for c in columns)]
            for row in rows
            if row["scenario"] == scenario
        ]
        void = metrics[f"static_error_rise_{scenario}"] < VOID_BELOW
        title = f"{scenario}{' (void: the static model hardly fails here)' if void else ''}"
        lines += [title, "", *table(["row", *columns.values()], body), ""]
        lines += [*_bar_lines(metrics, scenario), ""]
    return "\n".join([*lines, "* the best meta-learned one in validation episodes"])


def predictions(metrics: dict[str, float], rows: list[dict[str, Any]]) -> str:
    """What the shipped weights predict."""
    columns = ("scenario", "row", "loss_before", "loss_after")
    body = [[_number(row[column]) for column in columns] for row in rows]
    lines = table(list(columns), body)
    for scenario in dict.fromkeys(row["scenario"] for row in rows):
        lines += ["", scenario, *_bar_lines(metrics, scenario)]
    return "\n".join(lines)


def _rise_of_sparse(episodes: Sequence[Sequence[float]], change: int) -> float:
    """Like `error_rise`, of errors that are not known at every step."""
    errors = np.array(episodes)
    near = min(100, change)
    before = np.nanmean(errors[:, change - near : change])
    return float(np.nanmean(errors[:, change : change + near]) / before)


def _bar_lines(metrics: dict[str, float], scenario: str) -> list[str]:
    lines = []
    for key, sign, bar in _BARS:
        value = metrics.get(f"{key}_{scenario}")
        if value is None:
            continue
        met = value >= bar if sign == ">=" else value <= bar
        low, high = (metrics.get(f"{key}_{end}_{scenario}") for end in ("low", "high"))
        spread = "" if low is None else f" [{_number(low)}, {_number(high)}]"
        verdict = "met   " if met else "MISSED"
        lines.append(f"{verdict}  {key} {_number(value)}{spread} (bar {sign} {bar:g})")
    return lines


def _number(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.0f}"
