"""`robot-meta bench legged`: every row through every scene, and what came of it."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import robot_meta
from robot_meta.benchmarks.legged import plots, reach, table, tuning
from robot_meta.benchmarks.legged.metrics import Outcome, metrics_of
from robot_meta.benchmarks.legged.rows import ROWS, weights_path
from robot_meta.benchmarks.legged.run import RunConfig, run_shard
from robot_meta.benchmarks.legged.scenes import NOMINAL, TEST_SCENES, Timing
from robot_meta.benchmarks.results import Results
from robot_meta.benchmarks.shards import run_shards, source_hash
from robot_meta.resources import resource
from robot_meta.twin.splits import LEGGED

ROBOT = "go2"
# What a run's result depends on, inside the package.
_SOURCES = (
    *(f"benchmarks/legged/{name}.py" for name in ("judge", "pi", "rows", "run", "scenes")),
    "collection/lockstep.py",
    "controller.py",
    "dynamics",
    "embodiments",
    "planning",
    "robots",
    "safety",
    "twin",
    "legged_types.py",
    "types.py",
)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How much is run.

    Attributes:
        scenes: Scenes of each row that runs.
        seeds: Number of seeds.
        timing: Of every run.
    """

    scenes: dict[str, tuple[str, ...]]
    seeds: int
    timing: Timing


_MAIN = ("static", "adapted", "mbde", "pi")
PROFILES = {
    "quick": Profile(
        scenes=dict.fromkeys(_MAIN, (NOMINAL, "weak_front", "imu_yaw")),
        seeds=1,
        timing=Timing(begin=3.0, change=7.0, settle=3.0, end=18.0),
    ),
    "full": Profile(
        scenes={
            **dict.fromkeys((*_MAIN, "subspace"), TEST_SCENES),
            "odometry": (NOMINAL, "weak_front", "imu_yaw"),
        },
        seeds=5,
        timing=Timing(),
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument("--models", type=Path, help="folder of the weights (default: shipped)")
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), help="only these rows")
    parser.add_argument("--scenes", nargs="+", choices=TEST_SCENES, help="only these scenes")
    parser.add_argument("--seeds", type=int, help="number of seeds (default: by profile)")
    parser.add_argument(
        "--tune", action="store_true", help="choose hyper-parameters on validation walks instead"
    )
    parser.add_argument(
        "--reach", action="store_true", help="see which velocities a changed robot can walk at all"
    )


def run(args: argparse.Namespace) -> Results | None:
    """Run what `args` ask for, print the table, write plots and table into `args.out`."""
    models = args.models or resource("models")
    versions = {row: row_version(row, models) for row in ROWS}
    if args.tune:
        tuning.tune(models, versions, args.out, jobs=args.jobs, seeds=args.seeds or 1)
        return None
    if args.reach:
        scenes = args.scenes or list(LEGGED.held_out_bodies())
        version = row_version("pi", models)  # of the code alone
        args.out.mkdir(parents=True, exist_ok=True)
        print(reach.measure(scenes, args.out, version=version, jobs=args.jobs, first=args.seed))
        return None
    profile = PROFILES[args.profile]
    configs = configs_of(
        profile,
        models,
        versions,
        seeds=range(args.seed, args.seed + (args.seeds or profile.seeds)),
        rows=args.rows,
        scenes=args.scenes,
    )
    results = run_shards(configs, run_shard, args.out / "shards", jobs=args.jobs)
    outcomes = [
        Outcome.from_result(config.row, config.scene, config.seed, result)
        for config, result in zip(configs, results, strict=True)
    ]
    metrics = metrics_of(outcomes)
    text = table.markdown(outcomes, metrics, profile.timing)
    print(text)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "table.md").write_text(text + "\n")
    plots.write_all(outcomes, profile.timing, args.out)
    return Results(
        name="legged",
        profile=args.profile,
        seed=args.seed,
        metrics=metrics,
        rows=table.rows_of(outcomes),
    )


def configs_of(
    profile: Profile,
    models: Path,
    versions: dict[str, str],
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
            version=versions[row],
        )
        for row in profile.scenes
        if rows is None or row in rows
        for scene in profile.scenes[row]
        if scenes is None or scene in scenes
        for seed in seeds
    ]


def row_version(row: str, models: Path) -> str:
    """Hash of the code and the weights that a row's results depend on."""
    package = Path(robot_meta.__file__).parent
    digest = hashlib.sha256(source_hash([package / name for name in _SOURCES]).encode())
    file = weights_path(ROWS[row], ROBOT, models)
    if file is not None and file.is_file():
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
