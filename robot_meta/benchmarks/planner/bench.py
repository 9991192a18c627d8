"""`robot-meta bench planner`: how long one planning step takes, beside other libraries."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from robot_meta.benchmarks.markdown import table
from robot_meta.benchmarks.planner import plots, reach
from robot_meta.benchmarks.planner.precision import correctness
from robot_meta.benchmarks.planner.problem import HIDDEN, make_problem
from robot_meta.benchmarks.planner.timed import timed
from robot_meta.benchmarks.results import Results


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How much is run."""

    rounds: int
    per_round: int
    reach_seeds: int


PROFILES = {
    "quick": Profile(rounds=4, per_round=1, reach_seeds=3),
    "full": Profile(rounds=16, per_round=3, reach_seeds=20),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument("--candidates", type=int, default=1000, help="N (default: %(default)s)")
    parser.add_argument("--horizon", type=int, default=20, help="H (default: %(default)s)")


def run(args: argparse.Namespace) -> Results:
    """Measure, print the table, write it and a picture into `args.out`."""
    profile = PROFILES[args.profile]
    metrics: dict[str, float] = {"threads": args.jobs}
    rows: list[dict[str, Any]] = []
    for net in HIDDEN:
        problem = make_problem(
            net, candidates=args.candidates, horizon=args.horizon, seed=args.seed
        )
        metrics |= {f"{k}_{net}": v for k, v in correctness(problem).items()}
        for threads in sorted({1, args.jobs}):
            net_rows, net_metrics = timed(
                problem,
                net,
                threads=threads,
                rounds=profile.rounds,
                per_round=profile.per_round,
                seed=args.seed,
            )
            rows += net_rows
            suffix = "" if threads == args.jobs else "_1thread"
            metrics |= {key + suffix: value for key, value in net_metrics.items()}
    torch.set_num_threads(1)
    points = reach.points(range(args.seed, args.seed + profile.reach_seeds))
    rows += points
    metrics |= reach.metrics(points)
    text = report(rows, metrics)
    print(text)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "table.md").write_text(text + "\n")
    plots.write(rows, args.out / "planner.png")
    return Results(
        name="planner", profile=args.profile, seed=args.seed, metrics=metrics, rows=rows
    )


def report(rows: Sequence[dict[str, Any]], metrics: dict[str, float]) -> str:
    """The rows as Markdown, and what else there is to say."""
    lines = table(
        [
            "net",
            "threads",
            "planner",
            "median ms",
            "p99 ms",
            "x pytorch-mppi (90 %)",
            "x if nothing but GEMMs",
            "% of GEMM peak",
        ],
        [_cells(r) for r in rows if "net" in r],
    )
    if not any("low" in r for r in rows):
        lines += ["", "Other libraries are not installed: pip install 'robot_meta[bench]'"]
    for net in HIDDEN:
        lines += [
            "",
            f"{net}: float32 costs within {metrics[f'fp32_error_{net}']:.1e} of float64; rank "
            f"correlation of bf16 and float32 costs {metrics[f'bf16_rank_{net}']:.5f}; best GEMM "
            f"{metrics[f'gflops_{net}_fp32']:.0f} (fp32) and {metrics[f'gflops_{net}_bf16']:.0f} "
            f"(bf16) GFLOP/s with {metrics['threads']:.0f} threads.",
        ]
    lines += ["", "Arm reach task:", ""]
    lines += table(
        ["planner", "samples", "candidates a tick", "ms a tick", "mean distance cm"],
        [
            [
                r["planner"],
                r["samples"],
                f"{r['candidates']:.0f}",
                f"{r['tick_ms']:.2f}",
                f"{r['distance_cm']:.1f}",
            ]
            for r in rows
            if "samples" in r
        ],
    )
    return "\n".join(lines)


def _cells(row: dict[str, Any]) -> list[str]:
    times, ceiling = "", ""
    if "low" in row:
        times = f"{row['times_stock']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
        ceiling = f"{row['ceiling']:.2f}"
    return [
        row["net"],
        str(row["threads"]),
        row["planner"],
        f"{row['median_ms']:.1f}",
        f"{row['p99_ms']:.1f}",
        times,
        ceiling,
        f"{row['limit_pct']:.0f}",
    ]
