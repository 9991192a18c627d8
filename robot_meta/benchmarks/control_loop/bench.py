"""`robot-meta bench control-loop`: how often a tick that adapts and plans comes too late.

No tick is cut short: each rolls out all candidates, and counts as missed when that took too long.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from robot_meta.benchmarks.control_loop import plots
from robot_meta.benchmarks.control_loop.loop import ADAPTERS, Loop, LoopConfig, recorded
from robot_meta.benchmarks.markdown import table
from robot_meta.benchmarks.results import Results
from robot_meta.dynamics.files import load_model
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.window import Transition
from robot_meta.resources import resource
from robot_meta.robots.description import ArmDescription, arm_description
from robot_meta.types import Array

CONFIGS = {
    "500x15": LoopConfig(),
    "1000x20": LoopConfig(candidates=1000, horizon=20),
    "ens5_1000x20": LoopConfig(candidates=1000, horizon=20, members=5),
}
DEADLINES_MS = (20, 50)
MOTION_TICKS = 200  # recorded once, then taken in over and over


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Ticks of each configuration, and of each point of the table of costs."""

    ticks: int
    cost_ticks: int


PROFILES = {"quick": Profile(ticks=100, cost_ticks=0), "full": Profile(ticks=2000, cost_ticks=100)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument("--ticks", type=int, help="of each configuration (default: by profile)")


def run(args: argparse.Namespace) -> Results:
    """Measure, print the table, write it and a picture into `args.out`."""
    torch.set_num_threads(1)  # the plan's threads are its own
    profile = PROFILES[args.profile]
    ticks = args.ticks or profile.ticks
    description = arm_description("fr3")
    model, _ = load_model(resource("models/fr3_last_layer.safetensors"))
    motion = recorded(description, MOTION_TICKS, args.seed)
    bench = _Bench(description, model, motion, args.jobs, args.seed)
    metrics: dict[str, float] = {"threads": args.jobs, "ticks": ticks}
    rows: list[dict[str, Any]] = []
    keys = ("p50_ms", "p99_ms", *(f"miss_{ms}ms" for ms in DEADLINES_MS))
    for suffix, load in (("", _nothing), ("_loaded", _busy_core)):
        with load():
            for name, config in CONFIGS.items():
                figures = bench.figures(config, ticks)
                rows.append({"run": name + suffix, **figures})
                metrics |= {f"{key}_{name}{suffix}": figures[key] for key in keys}
    if profile.cost_ticks:
        for name, config in cost_configs().items():
            rows.append({"run": name, **bench.figures(config, profile.cost_ticks)})
    text = report(rows)
    print(text)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "table.md").write_text(text + "\n")
    plots.write(rows, args.out / "control_loop.png")
    return Results(
        name="control-loop", profile=args.profile, seed=args.seed, metrics=metrics, rows=rows
    )


def cost_configs() -> dict[str, LoopConfig]:
    """Configurations that differ from 500x15 in one way each."""
    base = CONFIGS["500x15"]
    changes: list[dict[str, Any]] = [
        *({"candidates": n} for n in (125, 250, 1000, 2000)),
        *({"horizon": h} for h in (10, 20, 30)),
        *({"hidden": widths} for widths in ((128, 128), (512, 512), (512, 512, 512))),
        *({"adapter": kind} for kind in ADAPTERS if kind != base.adapter),
        *({"members": e} for e in (2, 5)),
    ]
    return {
        " ".join(f"{k} {v}" for k, v in change.items()): dataclasses.replace(base, **change)
        for change in changes
    }


@dataclass(frozen=True)
class _Bench:
    """What all runs share."""

    description: ArmDescription
    model: NeuralDynamics
    motion: list[Transition]
    threads: int
    seed: int

    def figures(self, config: LoopConfig, ticks: int) -> dict[str, float]:
        """Of that many ticks, after a few that fill the window and warm the caches."""
        config = dataclasses.replace(config, threads=self.threads)
        loop = Loop(config, self.description, self.model, self.seed)
        for transition in self.motion[: config.window]:
            loop.tick(transition)
        seconds = np.empty(ticks)
        for number in range(ticks):
            begin = time.perf_counter()
            loop.tick(self.motion[number % len(self.motion)])
            seconds[number] = time.perf_counter() - begin
        return figures_of(1e3 * seconds)


def figures_of(tick_ms: Array) -> dict[str, float]:
    """Median, 99th percentile and longest [ms], and the share of ticks beyond each deadline."""
    missed = {f"miss_{ms}ms": float((tick_ms > ms).mean()) for ms in DEADLINES_MS}
    p50, p99 = np.percentile(tick_ms, [50, 99])
    return {"p50_ms": float(p50), "p99_ms": float(p99), "max_ms": float(tick_ms.max()), **missed}


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _busy_core() -> Iterator[None]:
    """A process that keeps the last of our cores busy."""
    core = max(os.sched_getaffinity(0))
    code = f"import os; os.sched_setaffinity(0, [{core}])\nwhile True: pass"
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def report(rows: list[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    body = [
        [
            r["run"],
            f"{r['p50_ms']:.1f}",
            f"{r['p99_ms']:.1f}",
            f"{r['max_ms']:.1f}",
            *(f"{100 * r[f'miss_{ms}ms']:.2f} %" for ms in DEADLINES_MS),
        ]
        for r in rows
    ]
    missed = [f"missed {ms} ms" for ms in DEADLINES_MS]
    return "\n".join(table(["run", "p50 ms", "p99 ms", "longest ms", *missed], body))
