"""How long one planning step of every contestant takes, and how long it would take at best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from robot_meta.benchmarks.planner.contestants import STOCK, TUNED, Step, ours, peers
from robot_meta.benchmarks.planner.problem import Problem
from robot_meta.benchmarks.timing import interleaved, ratio_of_medians
from robot_meta.dynamics.hidden_layer import PRECISIONS, fastest_precision
from robot_meta.types import Array


def timed(
    problem: Problem, net: str, *, threads: int, rounds: int, per_round: int, seed: int
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Rows of all contestants with one network, and the figures that bars are held against."""
    steps = {
        f"ours {precision}": _with_threads(ours(problem, precision, threads), 1)
        for precision in PRECISIONS
    }
    steps |= {name: _with_threads(step, threads) for name, step in peers(problem).items()}
    products = {
        f"peak {kind}": _with_threads(_product(dtype), threads) for kind, dtype in _PEAKS.items()
    }
    seconds = interleaved({**steps, **products}, rounds=rounds, per_round=per_round, seed=seed)
    peak = {kind: 2.0 * _PEAK_SIZE**3 / float(seconds[f"peak {kind}"].min()) for kind in _PEAKS}
    bound = {kind: problem.operations / rate for kind, rate in peak.items()}  # [s]
    rows: list[dict[str, Any]] = [
        {"net": net, "threads": threads, "planner": name, **_figures(name, seconds, bound, seed)}
        for name in steps
    ]
    metrics: dict[str, float] = {f"ms_{net}_{r['planner']}": r["median_ms"] for r in rows}
    metrics |= {f"gflops_{net}_{kind}": 1e-9 * rate for kind, rate in peak.items()}
    return rows, metrics | _bars(net, rows, seconds, seed)


def _figures(
    name: str, seconds: Mapping[str, Array], bound: dict[str, float], seed: int
) -> dict[str, float]:
    mine, stock = seconds[name], seconds.get(STOCK)
    least = bound["bf16" if "bf16" in name else "fp32"]
    median = float(np.median(mine))
    figures = {
        "median_ms": 1e3 * median,
        "p99_ms": 1e3 * float(np.percentile(mine, 99)),
        "limit_pct": 100.0 * least / median,
    }
    if stock is not None:
        times, low, high = ratio_of_medians(stock, mine, seed)
        ceiling = float(stock.min()) / least  # both undisturbed
        figures |= {"times_stock": times, "low": low, "high": high, "ceiling": ceiling}
    return figures


def _bars(
    net: str, rows: list[dict[str, Any]], seconds: Mapping[str, Array], seed: int
) -> dict[str, float]:
    """Of our fastest: its share of the limit, its ratio to the stock peer and the best tuned."""
    precision = fastest_precision()
    fastest = f"ours {precision}"
    row = next(r for r in rows if r["planner"] == fastest)
    metrics = {f"limit_pct_{net}_{precision}": row["limit_pct"]}
    if STOCK not in seconds:
        return metrics
    metrics[f"ceiling_stock_{net}"] = row["ceiling"]
    tuned = min((seconds[name] for name in TUNED), key=lambda s: float(np.median(s)))
    for key, other in (("stock", seconds[STOCK]), ("tuned", tuned)):
        ratio, low, high = ratio_of_medians(other, seconds[fastest], seed)
        metrics |= {
            f"ratio_{key}_{net}": ratio,
            f"ratio_{key}_{net}_low": low,
            f"ratio_{key}_{net}_high": high,
        }
    return metrics


def _with_threads(step: Step, threads: int) -> Step:
    """With so many threads in each operation."""

    def limited(k: int) -> object:
        torch.set_num_threads(threads)
        return step(k)

    return limited


_PEAK_SIZE = 1024
_PEAKS = {"fp32": torch.float32, "bf16": torch.bfloat16}


def _product(dtype: torch.dtype) -> Callable[[int], object]:
    """A square product, whose rate is what the processor's GEMM reaches at best."""
    left, right = (torch.randn(_PEAK_SIZE, _PEAK_SIZE).to(dtype) for _ in range(2))
    if dtype == torch.float32:  # through the library that is fast on every processor
        return lambda k: torch.ops.mkldnn._linear_pointwise(left, right, None, "none", [], "")
    return lambda k: left @ right
