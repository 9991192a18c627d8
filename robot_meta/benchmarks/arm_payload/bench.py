"""`robot-meta bench arm-payload`: every row through every scene, and what came of it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import robot_meta
from robot_meta.benchmarks.arm_payload import plots, table, tuning
from robot_meta.benchmarks.arm_payload.metrics import Outcome, metrics_of, without_held
from robot_meta.benchmarks.arm_payload.rows import ROWS, row_version
from robot_meta.benchmarks.arm_payload.run import RunConfig, run_shard
from robot_meta.benchmarks.arm_payload.scenes import NOMINAL, TEST_SCENES, Timing
from robot_meta.benchmarks.results import Results
from robot_meta.benchmarks.shards import run_shards, source_hash
from robot_meta.resources import resource
from robot_meta.robots.description import arm_description

# What a run's result depends on, inside the package.
_SOURCES = (
    *(
        f"benchmarks/arm_payload/{name}"
        for name in ("baselines", "judge.py", "rows.py", "run.py", "scenes.py")
    ),
    "collection/lockstep.py",
    "controller.py",
    "dynamics",
    "kinematics.py",
    "planning",
    "reference.py",
    "robots",
    "safety",
    "twin",
    "types.py",
)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How much is run.

    Attributes:
        scenes: Scenes of each row.
        seeds: Number of seeds.
        timing: Of every run.
        realtime: Whether the default adapter also runs in real time.
    """

    scenes: dict[str, tuple[str, ...]]
    seeds: int
    timing: Timing
    realtime: bool


_MAIN_SCENES = (NOMINAL, "payload", "weak", "dead")
PROFILES = {
    "quick": Profile(
        scenes={row: _MAIN_SCENES if row in ("static", "adapted") else ("weak",) for row in ROWS},
        seeds=1,
        timing=Timing(period=3.0, change=5.5),
        realtime=False,
    ),
    "full": Profile(
        scenes=dict.fromkeys(ROWS, TEST_SCENES), seeds=5, timing=Timing(), realtime=True
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument("--models", type=Path, help="folder of the weights (default: shipped)")
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), help="only these rows")
    parser.add_argument("--scenes", nargs="+", choices=TEST_SCENES, help="only these scenes")
    parser.add_argument("--seeds", type=int, help="number of seeds (default: by profile)")
    parser.add_argument(
        "--tune", action="store_true", help="choose hyper-parameters on validation draws instead"
    )
    parser.add_argument(
        "--via",
        choices=["process", "launch"],
        default="process",
        help="launch: also run each scene through the real nodes and compare the commands",
    )
    parser.add_argument(
        "--backend",
        choices=["twin", "franka"],
        default="twin",
        help="franka: a server of the robot's protocol, in real time (make setup-franka-sim)",
    )


def run(args: argparse.Namespace) -> Results | None:
    """Run what `args` ask for, print the table, write plots and table into `args.out`."""
    models = args.models or resource("models")
    version = code_version()
    if args.tune:
        tuning.tune(models, version, args.out, jobs=args.jobs, rows=args.rows, seeds=args.seeds)
        return None
    if args.via == "launch":
        from robot_meta.benchmarks.arm_payload import via_launch

        return via_launch.run(args, models)
    if args.backend == "franka":
        from robot_meta.benchmarks.arm_payload import via_franka

        return via_franka.run(args, models, version)
    profile = PROFILES[args.profile]
    configs = configs_of(
        profile,
        models,
        version,
        seeds=range(args.seed, args.seed + (args.seeds or profile.seeds)),
        rows=args.rows,
        scenes=args.scenes,
    )
    results = run_shards(configs, run_shard, args.out / "shards", jobs=args.jobs)
    outcomes = [
        Outcome.from_result(config.row, config.scene, config.seed, result)
        for config, result in zip(configs, results, strict=True)
    ]
    outcomes, held = without_held(outcomes)
    metrics = metrics_of(outcomes)
    metrics["held_runs"] = float(len(held))
    metrics["period_ms"] = 1e3 * arm_description("fr3").spec.control_dt
    if profile.realtime and args.rows is None and args.scenes is None:
        from robot_meta.benchmarks.arm_payload import real_time

        changed = [c for c in configs if c.row == "adapted" and c.scene != NOMINAL]
        metrics |= real_time.metrics(changed[0])
    rows = table.rows_of(outcomes)
    text = table.markdown(rows, metrics, profile.timing, held)
    print(text)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "table.md").write_text(text + "\n")
    plots.write_all(outcomes, profile.timing, args.out)
    return Results(
        name="arm-payload", profile=args.profile, seed=args.seed, metrics=metrics, rows=rows
    )


def configs_of(
    profile: Profile,
    models: Path,
    version: str,
    *,
    seeds: Sequence[int],
    rows: Sequence[str] | None = None,
    scenes: Sequence[str] | None = None,
) -> list[RunConfig]:
    """The runs of a profile, or the part of them in `rows` and `scenes`."""
    chosen = tuning.chosen_settings()
    return [
        RunConfig(
            row=row,
            settings=chosen[row],
            split="test",
            scene=scene,
            seed=seed,
            models=str(models),
            timing=profile.timing,
            version=row_version(row, models, version),
        )
        for row in ROWS
        if rows is None or row in rows
        for scene in (profile.scenes[row] if scenes is None else scenes)
        for seed in seeds
    ]


def code_version() -> str:
    """Hash of the code that results depend on."""
    package = Path(robot_meta.__file__).parent
    return source_hash([package / name for name in _SOURCES])
