"""`robot-meta bench grbal`: bodies that change as they run, all adapters with equal means.

The full profile collects, trains, evaluates and compares; stopped, it goes on where it was. The
quick one predicts held-out episodes with the weights that come with the package.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import robot_meta
from robot_meta.benchmarks.grbal import plots, table
from robot_meta.benchmarks.grbal.budget import Budget
from robot_meta.benchmarks.grbal.jobs import ORACLE, RANDOM, Job, work
from robot_meta.benchmarks.grbal.methods import METHODS, REQUIRED
from robot_meta.benchmarks.grbal.metrics import (
    Outcome,
    Outcomes,
    best_meta_learned,
    scenario_metrics,
)
from robot_meta.benchmarks.grbal.scenarios import SCENARIOS
from robot_meta.benchmarks.grbal.shipped import ship, shipped_predictions
from robot_meta.benchmarks.results import Results
from robot_meta.benchmarks.shards import run_shards, source_hash
from robot_meta.resources import resource

SEEDS = 5
_SOURCES = (
    *(f"benchmarks/grbal/{name}.py" for name in ("agent", "jobs", "methods", "scenarios")),
    "benchmarks/grbal/prediction.py",
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
            player="",
            budget=budget,
            folder=str(args.out / "shards" / "files"),
            version=args.version or code_version(),
        )
        for scenario in args.scenarios
        for seed in seeds
    }
    rows = tuple(name for name in METHODS if name in REQUIRED or name in args.rows)
    done = run_jobs(list(starts.values()), rows, args.out / "shards", args.jobs)
    metrics: dict[str, float] = {}
    lines: list[dict[str, Any]] = []
    args.out.mkdir(parents=True, exist_ok=True)
    for scenario in args.scenarios:
        outcomes = outcomes_of([starts[scenario, seed] for seed in seeds], rows, done)
        change = starts[scenario, seeds[0]].scene.change
        found = scenario_metrics(outcomes, change)
        found["training_steps"] = float(
            budget.training_episodes * starts[scenario, seeds[0]].scene.steps
        )
        metrics |= {f"{key}_{scenario}": value for key, value in found.items()}
        lines += table.rows_of(scenario, outcomes, change)
        plots.recovery(scenario, outcomes, change, args.out)
        if args.ship is not None:
            ship(starts[scenario, seeds[0]], best_meta_learned(outcomes), args.ship)
    for key in ("grbal_gain_static", "grbal_gain_mbde"):
        metrics[key] = sum(metrics[f"{key}_{s}"] for s in args.scenarios) / len(args.scenarios)
    text = table.markdown(metrics, lines, args.scenarios)
    print(text)
    (args.out / "table.md").write_text(text + "\n")
    return Results(name="grbal", profile=args.profile, seed=args.seed, metrics=metrics, rows=lines)


def run_jobs(
    starts: Sequence[Job], rows: tuple[str, ...], folder: Path, jobs: int
) -> dict[Job, dict[str, Any]]:
    """Every job of every stage, the stages one after the other; the result of each."""
    done: dict[Job, dict[str, Any]] = {}
    for label, stage in stages(starts, rows):
        results = run_shards(stage, work, folder, jobs=jobs, label=label)
        done |= dict(zip(stage, results, strict=True))
    return done


def stages(starts: Sequence[Job], rows: tuple[str, ...]) -> list[tuple[str, list[Job]]]:
    """What can run side by side, in the order in which one needs the other."""
    rounds, learners = starts[0].budget.rounds, (*rows, ORACLE)
    return [
        ("random", [*starts, *(s.other(kind="random", player=ORACLE) for s in starts)]),
        *(
            (
                f"round {r} of {rounds}",
                [s.other(kind="round", player=p, round=r) for s in starts for p in learners],
            )
            for r in range(rounds + 1)
        ),
        ("evaluate", [job for s in starts for job in evaluations(s, rows)]),
        ("predict", [s.other(kind="predict", player=p) for s in starts for p in rows]),
    ]


def evaluations(start: Job, rows: tuple[str, ...]) -> list[Job]:
    """The evaluated episodes of one scenario and seed."""
    budget = start.budget
    learned = tuple(name for name in rows if METHODS[name].meta_learned)
    wanted = (
        (learned, "validation", True, budget.validations),
        ((*rows, ORACLE, RANDOM), "test", True, budget.tests),
        ((*rows, RANDOM), "test", False, budget.tests),
    )
    return [
        start.other(kind="evaluate", player=p, split=split, changes=changes, episode=episode)
        for players, split, changes, count in wanted
        for p in players
        for episode in range(count)
    ]


def outcomes_of(
    starts: Sequence[Job], rows: tuple[str, ...], done: dict[Job, dict[str, Any]]
) -> Outcomes:
    """What every player made of the scenario, per seed."""
    outcomes = {}
    for start in starts:
        jobs = evaluations(start, rows)
        for player in (*rows, ORACLE, RANDOM):
            mine = [job for job in jobs if job.player == player]
            changing = [done[j] for j in mine if j.split == "test" and j.changes]
            calm = [done[j] for j in mine if not j.changes]
            outcomes[player, start.seed] = Outcome(
                validation=tuple(done[j]["return_after"] for j in mine if j.split != "test"),
                after=tuple(result["return_after"] for result in changing),
                before=tuple(result["return_before"] for result in changing),
                nominal=tuple(r["return_before"] + r["return_after"] for r in calm),
                prediction=done.get(start.other(kind="predict", player=player), {}),
                tick_ms=changing[0]["tick_ms"],
                adapt_ms=changing[0]["adapt_ms"],
            )
    return outcomes


def code_version() -> str:
    """Hash of the code that results depend on."""
    package = Path(robot_meta.__file__).parent
    return source_hash([package / name for name in _SOURCES])
