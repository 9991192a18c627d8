"""`robot-meta bench adaptation`: all adapters, equal means, bodies that nobody trained on."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from robot_meta.benchmarks.adaptation import plots, table
from robot_meta.benchmarks.adaptation.budget import PROFILES
from robot_meta.benchmarks.adaptation.metrics import metrics_of, rows_of
from robot_meta.benchmarks.adaptation.suite import Suite
from robot_meta.benchmarks.results import Results

PARTS = ("weighting", "bodies")  # beside the table itself


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument(
        "--data",
        type=Path,
        default=Path("out/data/fr3"),
        help="training episodes; missing ones are collected (default: %(default)s)",
    )
    parser.add_argument("--seeds", type=int, help="number of seeds (default: by profile)")
    parser.add_argument(
        "--parts",
        nargs="*",
        choices=PARTS,
        default=list(PARTS),
        help="beside the table: training on the worst bodies, error against number of bodies",
    )


def run(args: argparse.Namespace) -> Results:
    """Run what `args` ask for, print the table, write plots and table into `args.out`."""
    budget = PROFILES[args.profile]
    suite = Suite(
        replace(budget, seeds=args.seeds or budget.seeds),
        data=args.data,
        out=args.out,
        first_seed=args.seed,
        jobs=args.jobs,
    )
    suite.run_table()
    if "weighting" in args.parts:
        suite.run_weighting()
    if "bodies" in args.parts:
        suite.run_curve()
    metrics, rows = metrics_of(suite.findings), rows_of(suite.findings)
    text = table.markdown(suite.findings, metrics)
    print(text)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "table.md").write_text(text + "\n")
    plots.write_all(suite.findings, args.out)
    return Results(
        name="adaptation", profile=args.profile, seed=args.seed, metrics=metrics, rows=rows
    )
