"""`robot-meta bench robustness`: what late laws, lost samples and late samples cost."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta import build
from robot_meta.benchmarks.arm_payload.bench import code_version
from robot_meta.benchmarks.arm_payload.scenes import Timing
from robot_meta.benchmarks.markdown import table
from robot_meta.benchmarks.results import Results
from robot_meta.benchmarks.robustness.conditions import CONDITIONS, UNDISTURBED
from robot_meta.benchmarks.robustness.run import ROWS, RunConfig, run_shard
from robot_meta.benchmarks.shards import run_shards, source_hash
from robot_meta.resources import resource

PRODUCT = "history"  # the row whose figures the bars are held against
BAR = 0.1  # share of the return that a disturbance may cost
TIMING = Timing(period=4.0, change=6.0)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How many seeds of which rows."""

    rows: tuple[str, ...]
    seeds: int


PROFILES = {
    "quick": Profile(rows=(PRODUCT,), seeds=1),
    "full": Profile(rows=tuple(ROWS), seeds=5),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument("--models", type=Path, help="folder of the weights (default: shipped)")
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), help="only these rows")
    parser.add_argument("--seeds", type=int, help="number of seeds (default: by profile)")


def run(args: argparse.Namespace) -> Results:
    """Run what `args` ask for and print the table."""
    profile, models = PROFILES[args.profile], args.models or resource("models")
    configs = [
        RunConfig(
            row=row,
            condition=condition,
            seed=seed,
            models=str(models),
            timing=TIMING,
            version=version(row, models),
        )
        for row in args.rows or profile.rows
        for condition in CONDITIONS
        for seed in range(args.seed, args.seed + (args.seeds or profile.seeds))
    ]
    results = run_shards(configs, run_shard, args.out / "shards", jobs=args.jobs)
    rows = rows_of(configs, results)
    metrics = metrics_of(rows)
    text = markdown(rows, metrics)
    print(text)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "table.md").write_text(text + "\n")
    return Results(
        name="robustness", profile=args.profile, seed=args.seed, metrics=metrics, rows=rows
    )


def version(row: str, models: Path) -> str:
    """What a result of `row` depends on beside its config: code and weights."""
    weights = models / f"{ROWS[row].weights}.safetensors"
    return (
        f"{code_version()}-{source_hash([Path(__file__).parent, Path(build.__file__), weights])}"
    )


def rows_of(configs: list[RunConfig], results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One flat row per row and condition: means over seeds, losses in pairs of seeds.

    loss = (R₀ − R) / |R₀| with R₀ the return of the same row and seed, undisturbed.
    """
    runs = {
        (config.row, config.condition, config.seed): result
        for config, result in zip(configs, results, strict=True)
    }
    rows = []
    for name in dict.fromkeys(config.row for config in configs):
        seeds = sorted({seed for row, _, seed in runs if row == name})
        calm = [runs[name, UNDISTURBED, seed] for seed in seeds]
        for condition in CONDITIONS:
            disturbed = [runs[name, condition, seed] for seed in seeds]
            losses = [
                (c["return"] - d["return"]) / abs(c["return"])
                for c, d in zip(calm, disturbed, strict=True)
            ]
            ratios = [d["rms_mm"] / c["rms_mm"] for c, d in zip(calm, disturbed, strict=True)]
            means = {key: float(np.mean([d[key] for d in disturbed])) for key in disturbed[0]}
            rows.append(
                {
                    "row": name,
                    "condition": condition,
                    "seeds": len(seeds),
                    "loss": float(np.mean(losses)),
                    "loss_highest": max(losses),
                    "rms_ratio": float(np.mean(ratios)),
                    **means,
                }
            )
    return rows


def metrics_of(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Flat figures: the losses of the product's row, then those of every row by its name."""
    metrics: dict[str, float] = {}
    for row in rows:
        name, condition = row["row"], row["condition"]
        own = {f"{condition}_loss": row["loss"], f"{condition}_rms_ratio": row["rms_ratio"]}
        if condition == UNDISTURBED:
            own = {"undisturbed_mm": row["rms_mm"], "undisturbed_return": row["return"]}
        if name == PRODUCT:
            metrics |= own
        metrics |= {f"{key}_{name}": value for key, value in own.items()}
    return metrics


def markdown(rows: list[dict[str, Any]], metrics: dict[str, float]) -> str:
    """Losses and tool errors by row and condition, and the bars."""
    names = list(dict.fromkeys(row["row"] for row in rows))
    by_key = {(row["row"], row["condition"]): row for row in rows}

    def cell(name: str, condition: str) -> str:
        row = by_key[name, condition]
        if condition == UNDISTURBED:
            return f"{row['settled_mm']:.2f} mm"
        return f"{100 * row['loss']:.1f} % ({row['settled_mm']:.2f} mm)"

    lines = [
        f"Return lost from {TIMING.change:g} s on, in parentheses the tool RMS error from "
        f"{TIMING.settle:g} s later on (mean over seeds):",
        "",
    ]
    lines += table(
        ["condition", *names],
        [[condition, *(cell(name, condition) for name in names)] for condition in CONDITIONS],
    )
    lines += ["", *(f"- {name}: {ROWS[name].about}" for name in names), ""]
    for condition in CONDITIONS:
        loss = metrics.get(f"{condition}_loss")
        if loss is not None:
            word = "met   " if loss <= BAR else "MISSED"
            lines.append(f"{word}  {condition}_loss {loss:.3f} (bar <= {BAR:g})")
    return "\n".join(lines)
