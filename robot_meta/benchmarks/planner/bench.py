"""`robot-meta bench planner`: how long one planning step takes, beside other libraries."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from robot_meta.benchmarks.planner import reach
from robot_meta.benchmarks.planner.contestants import STOCK, TUNED, ours, peers
from robot_meta.benchmarks.planner.problem import HIDDEN, Problem, cost, make_problem
from robot_meta.benchmarks.results import Results
from robot_meta.benchmarks.timing import interleaved, ratio_of_medians
from robot_meta.dynamics.hidden_layer import PRECISIONS, fastest_precision
from robot_meta.dynamics.model import Context, NeuralDynamics
from robot_meta.dynamics.normalizer import Normalizer
from robot_meta.dynamics.rollout import Rollout, RolloutConfig, StepwiseRollout, make_rollout
from robot_meta.types import Array


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How much is run."""

    rounds: int
    per_round: int
    reach_seeds: int


PROFILES = {
    "quick": Profile(rounds=4, per_round=1, reach_seeds=3),
    "full": Profile(rounds=40, per_round=3, reach_seeds=20),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument("--candidates", type=int, default=1000, help="N (default: %(default)s)")
    parser.add_argument("--horizon", type=int, default=20, help="H (default: %(default)s)")


def run(args: argparse.Namespace) -> Results:
    """Measure, print the table."""
    torch.set_num_threads(args.jobs)
    profile = PROFILES[args.profile]
    metrics: dict[str, float] = {"threads": args.jobs}
    rows: list[dict[str, Any]] = []
    for net in HIDDEN:
        problem = make_problem(
            net, candidates=args.candidates, horizon=args.horizon, seed=args.seed
        )
        metrics |= {f"{k}_{net}": v for k, v in correctness(problem).items()}
        net_rows, net_metrics = _timed(problem, net, profile, args.seed)
        rows += net_rows
        metrics |= net_metrics
    makers = {"icem32": reach.icem, "shooting350": reach.random_shooting}
    seeds = range(args.seed, args.seed + profile.reach_seeds)
    for name, reached in reach.compare(makers, seeds).items():
        metrics[f"reach_cm_{name}"] = 100.0 * reached.distance
        metrics[f"reach_candidates_{name}"] = reached.candidates
    print(table(rows, metrics))
    return Results(
        name="planner", profile=args.profile, seed=args.seed, metrics=metrics, rows=rows
    )


def correctness(problem: Problem) -> dict[str, float]:
    """How near float32 is to float64, and how alike bfloat16 ranks the candidates."""
    generator = torch.Generator().manual_seed(0)
    size = (problem.candidates, problem.horizon, problem.model.space.action_size)
    actions = 0.3 * torch.randn(size, generator=generator)
    model, wide = problem.model, _float64(problem.model)
    exact = _costs(StepwiseRollout(wide), wide, problem, actions.double())
    single, half = (
        _costs(make_rollout(model, RolloutConfig(precision=precision)), model, problem, actions)
        for precision in ("fp32", "bf16")
    )
    ranks = torch.stack([c.argsort().argsort().double() for c in (single, half)])
    return {
        "fp32_error": float(((single - exact) / exact).abs().max()),
        "bf16_rank": float(torch.corrcoef(ranks)[0, 1]),
    }


def _costs(
    rollout: Rollout, model: NeuralDynamics, problem: Problem, actions: torch.Tensor
) -> torch.Tensor:
    start = problem.start.to(actions.dtype)
    states = rollout.begin(Context(model.params), start)(actions)
    return cost(states.to(torch.float64), actions.to(torch.float64)).sum(dim=1)


def _float64(model: NeuralDynamics) -> NeuralDynamics:
    def double(normalizer: Normalizer) -> Normalizer:
        return Normalizer(normalizer.mean.double(), normalizer.std.double())

    return NeuralDynamics(
        space=model.space,
        params={name: value.double() for name, value in model.params.items()},
        inputs=double(model.inputs),
        deltas=double(model.deltas),
    )


def _timed(
    problem: Problem, net: str, profile: Profile, seed: int
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Rows of all contestants with one network, and the figures that bars are held against."""
    fastest = f"ours {fastest_precision()}"
    steps = {f"ours {precision}": ours(problem, precision) for precision in PRECISIONS}
    steps |= peers(problem)
    products = {f"peak {kind}": _product(dtype) for kind, dtype in _PEAKS.items()}
    seconds = interleaved(
        {**steps, **products}, rounds=profile.rounds, per_round=profile.per_round, seed=seed
    )
    peak = {kind: 2.0 * _PEAK_SIZE**3 / float(np.min(seconds[f"peak {kind}"])) for kind in _PEAKS}
    rows = [
        _row(name, net, problem, seconds[name], seconds.get(STOCK), peak, seed) for name in steps
    ]
    metrics = {f"ms_{net}_{r['planner']}": r["median_ms"] for r in rows}
    metrics |= {f"gflops_{net}_{kind}": 1e-9 * value for kind, value in peak.items()}
    for row in rows:
        if row["planner"] == fastest:
            metrics[f"limit_pct_{net}_{fastest_precision()}"] = row["limit_pct"]
    if STOCK in steps:
        mine = seconds[fastest]
        tuned = min((seconds[name] for name in TUNED), key=lambda s: float(np.median(s)))
        for key, other in (("stock", seconds[STOCK]), ("tuned", tuned)):
            ratio, low, high = ratio_of_medians(other, mine, seed)
            metrics |= {
                f"ratio_{key}_{net}": ratio,
                f"ratio_{key}_{net}_low": low,
                f"ratio_{key}_{net}_high": high,
            }
    return rows, metrics


def _row(
    name: str,
    net: str,
    problem: Problem,
    seconds: Array,
    stock: Array | None,
    peak: dict[str, float],
    seed: int,
) -> dict[str, Any]:
    kind = "bf16" if "bf16" in name else "fp32"
    median = float(np.median(seconds))
    row: dict[str, Any] = {
        "net": net,
        "planner": name,
        "median_ms": 1e3 * median,
        "p99_ms": 1e3 * float(np.percentile(seconds, 99)),
        "limit_pct": 100.0 * problem.operations / median / peak[kind],
    }
    if stock is not None:
        row["times_stock"], row["low"], row["high"] = ratio_of_medians(stock, seconds, seed)
    return row


_PEAK_SIZE = 1024
_PEAKS = {"fp32": torch.float32, "bf16": torch.bfloat16}


def _product(dtype: torch.dtype) -> Any:
    """A square product, whose rate is what the processor's GEMM reaches at best."""
    left, right = (torch.randn(_PEAK_SIZE, _PEAK_SIZE).to(dtype) for _ in range(2))
    if dtype == torch.float32:  # through the library that is fast on every processor
        return lambda k: torch.ops.mkldnn._linear_pointwise(left, right, None, "none", [], "")
    return lambda k: left @ right


def table(rows: list[dict[str, Any]], metrics: dict[str, float]) -> str:
    """The rows as Markdown, and what else there is to say."""
    lines = [
        "| net | planner | median ms | p99 ms | x pytorch-mppi (90 %) | % of GEMM peak |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for r in rows:
        times = f"{r['times_stock']:.2f} ({r['low']:.2f} to {r['high']:.2f})" if "low" in r else ""
        lines.append(
            f"| {r['net']} | {r['planner']} | {r['median_ms']:.1f} | {r['p99_ms']:.1f} | {times} "
            f"| {r['limit_pct']:.0f} |"
        )
    if not any("low" in r for r in rows):
        lines.append("\nOther libraries are not installed: pip install 'robot_meta[bench]'")
    lines.append(
        f"\nReach task: iCEM with 32 samples {metrics['reach_cm_icem32']:.1f} cm from its target, "
        f"random shooting with 350 {metrics['reach_cm_shooting350']:.1f} cm."
    )
    return "\n".join(lines)
