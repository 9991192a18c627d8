"""`robot-meta bench guard`: trouble of every kind, how fast the arm stops, and the way back.

Real processes over the twin that enforces the limits of the arm, in real time. A block of trials
has its own robot node; a run that was stopped goes on at the block where it was.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.benchmarks.guard.fuzz import violations
from robot_meta.benchmarks.guard.rig import Rig
from robot_meta.benchmarks.guard.trials import KINDS, run_trial
from robot_meta.benchmarks.markdown import table
from robot_meta.benchmarks.results import Results
from robot_meta.benchmarks.shards import run_shards, source_hash
from robot_meta.safety.reasons import Reason

STRICT: dict[str, Any] = {
    "limits": "enforce",
    "heartbeat_required": True,
    "recovery.reflex_limit": 0,
}
LOOSE: dict[str, Any] = {  # the rules that notice silence and stalls are switched off
    "limits": "ignore",
    "guard.max_silence": 60.0,
    "guard.coast_periods": 3000,
    "guard.max_gap": 60.0,
    "guard.max_repeats": 3000,
}
SILENCES = ("controller killed", "robot silent")


@dataclass(frozen=True, kw_only=True)
class Block:
    """Trials on one robot node.

    Attributes:
        trials: Of each kind.
        seed: Of the moments.
        parameters: Of the robot node.
        simulated_clock: Whether its clock can be made to jump.
        control: Whether nothing should stop.
        source: Hash of the code that is judged.
    """

    trials: Mapping[str, int]
    seed: int
    parameters: Mapping[str, Any]
    simulated_clock: bool = False
    control: bool = False
    source: str = ""


@dataclass(frozen=True)
class Size:
    """How much of everything: blocks, trials of a kind in each, streams of the fuzz."""

    blocks: int
    trials: Mapping[str, int]
    jumps: int
    controls: int
    streams: int


_FULL = dict.fromkeys((kind for kind in KINDS if kind != "clock jump"), 5)
SIZES = {
    "quick": Size(
        blocks=1,
        trials={**dict.fromkeys(_FULL, 1), "reflex": 6, "e-stop": 10, "robot silent": 3},
        jumps=2,
        controls=1,
        streams=50,
    ),
    "full": Size(blocks=20, trials={**_FULL, "reflex": 6}, jumps=5, controls=10, streams=2000),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options beyond the common ones."""


def run(args: argparse.Namespace) -> Results:
    """Measure and print the table; one block at a time, whatever `args.jobs` says."""
    size, seed = SIZES[args.profile], args.seed
    blocks = blocks_of(size, seed)
    results = run_shards(blocks, run_block, args.out / "shards", jobs=1, label="blocks")
    rows = [
        {**trial, "control": block.control}
        for block, result in zip(blocks, results, strict=True)
        for trial in result["trials"]
    ]
    fuzz = {
        "fuzz_violations": violations(size.streams, seed),
        "fuzz_violations_without_jerk": violations(size.streams // 5, seed, {Reason.JERK}),
    }
    metrics = {**figures(rows), **fuzz}
    text = report(rows, metrics)
    print(text)
    (args.out / "table.md").write_text(text + "\n")
    return Results(name=args.name, profile=args.profile, seed=seed, metrics=metrics, rows=rows)


def blocks_of(size: Size, seed: int) -> list[Block]:
    """All blocks: the trials, those that need a clock that jumps, and the controls."""
    package = Path(__file__).resolve().parents[2]
    rooms = ("safety", "robots", "twin", "nodes", "benchmarks/guard")
    source = source_hash(package / room for room in rooms)
    kinds = [kind for kind in KINDS if kind not in ("reflex", "user stop", "clock jump")]
    controls = dict.fromkeys(kinds, size.controls)
    usual = Block(trials=size.trials, seed=seed, parameters=STRICT, source=source)
    jumping = dataclasses.replace(usual, trials={"clock jump": size.jumps}, simulated_clock=True)
    loose = dataclasses.replace(usual, trials=controls, parameters=LOOSE, control=True)
    small = dataclasses.replace(loose, trials={"clock jump": size.controls}, simulated_clock=True)
    seeds = range(seed, seed + size.blocks)
    return [
        *(dataclasses.replace(block, seed=s) for s in seeds for block in (usual, jumping)),
        loose,
        small,
    ]


def run_block(block: Block) -> dict[str, Any]:
    """The trials of one block, kind after kind in random order."""
    rng = np.random.default_rng(block.seed)
    plan = [(kind, number) for kind, count in block.trials.items() for number in range(count)]
    with (
        tempfile.TemporaryDirectory(prefix="guard-") as folder,
        Rig(Path(folder), block.parameters, simulated_clock=block.simulated_clock) as rig,
    ):
        trials = [
            run_trial(rig, kind, number, rng, control=block.control)
            for kind, number in (plan[index] for index in rng.permutation(len(plan)))
        ]
    return {"trials": [dataclasses.asdict(trial) for trial in trials]}


def figures(rows: list[dict[str, Any]]) -> dict[str, float]:
    """The keys that a bar is held against, and what they are read with."""
    judged = [row for row in rows if not row["control"]]
    reflexes = [row for row in judged if row["kind"] == "reflex"]
    metrics = {
        "trials": len(judged),
        "stopped_share": _mean(row["stopped"] for row in judged),
        "control_stopped_share": _mean(row["stopped"] for row in rows if row["control"]),
        "recovery_share": _mean(row["recovered"] for row in reflexes),
        "recovery_mean_s": _mean(row["recovery"] for row in reflexes if row["recovered"]),
        "cleared_while_pressed": sum(row["cleared_early"] for row in judged),
        "repeated": sum(row["disturbed"] for row in judged),
    }
    for name, kinds in (("estop", ("e-stop",)), ("silence", SILENCES)):
        metrics |= {f"{name}_{k}": v for k, v in _latency(judged, kinds).items()}
    return metrics


def _latency(rows: list[dict[str, Any]], kinds: tuple[str, ...]) -> dict[str, float]:
    """Median, 95th percentile and longest latency of stops, [ms]; nan where there was none."""
    seconds = [row["latency"] for row in rows if row["kind"] in kinds and row["stopped"]]
    if not seconds:
        return dict.fromkeys(("p50_ms", "p95_ms", "max_ms"), float("nan"))
    p50, p95 = np.percentile(seconds, [50, 95])
    return {"p50_ms": 1e3 * p50, "p95_ms": 1e3 * p95, "max_ms": 1e3 * max(seconds)}


def _mean(values: Any) -> float:
    taken = list(values)
    return float(np.mean(taken)) if taken else float("nan")


def report(rows: list[dict[str, Any]], metrics: Mapping[str, float]) -> str:
    """The trials by kind, then the figures, as Markdown."""
    body = []
    for kind in KINDS:
        judged = [row for row in rows if row["kind"] == kind and not row["control"]]
        controls = [row for row in rows if row["kind"] == kind and row["control"]]
        latency = _latency(judged, (kind,))
        body.append(
            [
                kind,
                str(len(judged)),
                f"{100 * _mean(row['stopped'] for row in judged):.0f} %",
                *(f"{value:.1f}" for value in latency.values()),
                f"{100 * _mean(row['recovered'] for row in judged):.0f} %",
                f"{_mean(row['recovery'] for row in judged if row['recovered']):.2f}",
                f"{sum(row['stopped'] for row in controls)} of {len(controls)}"
                if controls
                else "",
            ]
        )
    heads = ["trouble", "trials", "stopped", "p50 ms", "p95 ms", "longest ms", "runs again"]
    heads += ["after s", "stopped without the rule"]
    lines = [*table(heads, body), ""]
    return "\n".join(
        lines + table(["figure", ""], [[key, f"{value:.4g}"] for key, value in metrics.items()])
    )
