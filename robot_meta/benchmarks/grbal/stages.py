"""Which jobs there are, in the order in which one needs the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from robot_meta.benchmarks.grbal.job import COMMON, ORACLE, RANDOM, Job, owner
from robot_meta.benchmarks.grbal.jobs import work
from robot_meta.benchmarks.grbal.methods import METHODS
from robot_meta.benchmarks.shards import run_shards, shard_path


def run_jobs(
    starts: Sequence[Job], rows: tuple[str, ...], folder: Path, jobs: int
) -> dict[Job, dict[str, Any]]:
    """The results of all jobs that figures are made of; seeds that have them all do nothing."""
    todo = [
        start
        for start in starts
        if not all(shard_path(folder, job).exists() for job in finals_of(start, rows))
    ]
    for label, stage in stages(todo, rows) if todo else ():
        run_shards(stage, work, folder, jobs=jobs, label=label)
    finals = [job for start in starts for job in finals_of(start, rows)]
    results = run_shards(finals, work, folder, jobs=jobs, label="read")
    return dict(zip(finals, results, strict=True))


def stages(starts: Sequence[Job], rows: tuple[str, ...]) -> list[tuple[str, list[Job]]]:
    """What can run side by side, in the order in which one needs the other."""
    rounds, players = starts[0].budget.rounds, (*rows, ORACLE)

    def shared(kind: str, number: int = 0) -> list[Job]:
        wanted = (s.other(kind=kind, player=p, round=number) for s in starts for p in players)
        return list(dict.fromkeys(map(owner, wanted)))

    return [
        ("random", shared("random")),
        ("show", shared("show")),
        *(
            (f"round {number} of {rounds}", shared("round", number))
            for number in range(rounds + 1)
        ),
        ("evaluate", [job for s in starts for job in (*evaluations(s, rows), *_returns(s))]),
        ("predict", [s.other(kind="predict", player=p) for s in starts for p in rows]),
    ]


def finals_of(start: Job, rows: tuple[str, ...]) -> list[Job]:
    """The jobs of one scenario and seed that figures are made of."""
    predictions = (start.other(kind="predict", player=player) for player in rows)
    return [*evaluations(start, rows), *predictions]


def evaluations(start: Job, rows: tuple[str, ...]) -> list[Job]:
    """The evaluated episodes of one scenario and seed."""
    budget = start.budget
    learned = tuple(name for name in rows if METHODS[name].meta_learned)
    wanted = (
        (learned, "validation", budget.validations),
        ((*rows, ORACLE, RANDOM), "test", budget.tests),
    )
    return [
        start.other(kind="evaluate", player=p, split=split, episode=episode)
        for players, split, count in wanted
        for p in players
        for episode in range(count)
    ]


def _returns(start: Job) -> list[Job]:
    """The episodes of one scenario and seed in which the body changes to and fro."""
    count = start.budget.returns if start.scene.returns else 0
    return [start.other(kind="return", player=COMMON, episode=e) for e in range(count)]
