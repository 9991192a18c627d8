"""`robot-meta bench grbal`: bodies that change as they run, all adapters with equal means.

The full profile collects, trains, evaluates and compares; stopped, it goes on where it was, and
seeds that are done are kept in a small file beside the results, so that they can be added to on
another machine. The quick one predicts held-out episodes with weights that come with the package.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import robot_meta
from robot_meta.benchmarks.grbal import plots, table
from robot_meta.benchmarks.grbal.archive import ARCHIVE, pack, unpack
from robot_meta.benchmarks.grbal.budget import Budget
from robot_meta.benchmarks.grbal.job import COMMON, ORACLE, RANDOM, Job
from robot_meta.benchmarks.grbal.methods import METHODS, REQUIRED
from robot_meta.benchmarks.grbal.metrics import (
    Outcome,
    Outcomes,
    best_meta_learned,
    scenario_metrics,
)
from robot_meta.benchmarks.grbal.scenarios import SCENARIOS
from robot_meta.benchmarks.grbal.shipped import ship, shipped_predictions
from robot_meta.benchmarks.grbal.stages import evaluations, finals_of, run_jobs
from robot_meta.benchmarks.results import Results
from robot_meta.benchmarks.shards import source_hash
from robot_meta.resources import resource

SEEDS = 5
_MODULES = (
    "agent", "demonstrator", "job", "jobs", "learning", "methods", "prediction", "scenarios",
)  # fmt: skip
_SOURCES = (
    *(f"benchmarks/grbal/{name}.py" for name in _MODULES),
    "benchmarks/environments",
    "dynamics",
    "planning",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument(
        "--scenarios",
        nargs="+",
        choices=list(SCENARIOS),
        default=list(SCENARIOS),
        help="only these",
    )
    others = [name for name in METHODS if name not in REQUIRED]
    parser.add_argument(
        "--rows", nargs="+", choices=others, default=others, help=f"only these, and {REQUIRED}"
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, help="number of seeds")
    parser.add_argument(
        "--version",
        help="go on with what was done under this name, although code has changed since "
        "(default: a hash of the code)",
    )
    parser.add_argument("--models", type=Path, help="folder of shipped weights (quick profile)")
    parser.add_argument(
        "--ship", type=Path, help="write weights and episodes for the quick profile (full profile)"
    )


def run(args: argparse.Namespace) -> Results:
    """Run what `args` ask for, print the table, write plots and table into `args.out`."""
    if args.profile == "quick":
        metrics, rows = shipped_predictions(args.models or resource("models") / "grbal")
        print(table.predictions(metrics, rows))
        return Results(name="grbal", profile="quick", seed=args.seed, metrics=metrics, rows=rows)
    return run_full(args, Budget())


def run_full(args: argparse.Namespace, budget: Budget) -> Results:
    """All jobs of the scenarios and seeds that `args` ask for, with `budget` for each rival."""
    seeds = range(args.seed, args.seed + args.seeds)
    starts = {
        (scenario, seed): Job(
            kind="random",
            scenario=scenario,
            seed=seed,
            player=COMMON,
            budget=budget,
            folder=str(args.out / "shards" / "files"),
            version=args.version or code_version(),
        )
        for scenario in args.scenarios
        for seed in seeds
    }
    rows = tuple(name for name in METHODS if name in REQUIRED or name in args.rows)
    shards, archive = args.out / "shards", args.out / ARCHIVE
    finals = [finals_of(start, rows) for start in starts.values()]
    unpack(archive, finals, shards)
    done = run_jobs(list(starts.values()), rows, shards, args.jobs)
    pack(archive, finals, shards)
    metrics: dict[str, float] = {}
    lines: list[dict[str, Any]] = []
    for scenario in args.scenarios:
        outcomes = outcomes_of([starts[scenario, seed] for seed in seeds], rows, done)
        change = starts[scenario, seeds[0]].scene.change
        found = scenario_metrics(outcomes, change)
        steps = min(budget.training_steps, starts[scenario, seeds[0]].scene.steps)
        found["training_steps"] = float(budget.training_episodes * steps)
        metrics |= {f"{key}_{scenario}": value for key, value in found.items()}
        lines += table.rows_of(scenario, outcomes, change)
        plots.recovery(scenario, outcomes, change, args.out)
        if args.ship is not None:
            ship(starts[scenario, seeds[0]], best_meta_learned(outcomes), rows, args.ship)
    for key in ("grbal_gain_static", "grbal_gain_mbde"):
        metrics[key] = sum(metrics[f"{key}_{s}"] for s in args.scenarios) / len(args.scenarios)
    text = table.markdown(metrics, lines, args.scenarios)
    print(text)
    (args.out / "table.md").write_text(text + "\n")
    return Results(name="grbal", profile=args.profile, seed=args.seed, metrics=metrics, rows=lines)


def outcomes_of(
    starts: Sequence[Job], rows: tuple[str, ...], done: dict[Job, dict[str, Any]]
) -> Outcomes:
    """What every player made of the scenario, per seed."""
    outcomes = {}
    for start in starts:
        jobs = evaluations(start, rows)
        for player in (*rows, ORACLE, RANDOM):
            mine = [job for job in jobs if job.player == player]
            tests = [done[j] for j in mine if j.split == "test"]
            outcomes[player, start.seed] = Outcome(
                validation=tuple(done[j]["return_after"] for j in mine if j.split != "test"),
                after=tuple(result["return_after"] for result in tests),
                before=tuple(result["return_before"] for result in tests),
                prediction=done.get(start.other(kind="predict", player=player), {}),
                tick_ms=tests[0]["tick_ms"],
                adapt_ms=tests[0]["adapt_ms"],
            )
    return outcomes


def code_version() -> str:
    """Hash of the code that results depend on."""
    package = Path(robot_meta.__file__).parent
    return source_hash([package / name for name in _SOURCES])
