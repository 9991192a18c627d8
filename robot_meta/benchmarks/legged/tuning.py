"""Hyper-parameters of every row, chosen on validation walks and kept in `tuned.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.benchmarks.legged.rows import ROWS, Settings
from robot_meta.benchmarks.legged.run import RunConfig, run_shard
from robot_meta.benchmarks.legged.scenes import NOMINAL, Timing
from robot_meta.benchmarks.shards import run_shards

VALIDATION_SEED = 1000
SCENES = (
    NOMINAL,
    "weak_leg",
    "imu_yaw",
    "response",
)  # the kinds that a static model suffers most from
TIMING = Timing(begin=3.0, change=6.0, settle=2.5, end=18.0)
_FILE = "tuned.json"


def chosen_settings() -> dict[str, Settings]:
    """The settings of every row: what validation chose, else the row's first trial."""
    chosen: dict[str, Settings] = {name: row.trials[0] for name, row in ROWS.items()}
    for name, entry in _read().items():
        chosen[name] = entry["settings"]
    chosen["odometry"] = chosen["adapted"]  # the same but for where positions come from
    return chosen


def tune(models: Path, versions: dict[str, str], out: Path, *, jobs: int, seeds: int) -> None:
    """Run all trials of the rows that have any, choose, and write `tuned.json`."""
    content = _read()
    for name, row in ROWS.items():
        if len(row.trials) == 1:
            continue
        configs = [
            RunConfig(
                row=name,
                settings=settings,
                split="validation",
                scene=scene,
                seed=seed,
                models=str(models),
                timing=TIMING,
                version=versions[name],
            )
            for settings in row.trials
            for scene in SCENES
            for seed in range(VALIDATION_SEED, VALIDATION_SEED + seeds)
        ]
        results = run_shards(configs, run_shard, out / "shards", jobs=jobs, label=name)
        trials = [_figures(settings, configs, results) for settings in row.trials]
        best = choose(trials)
        content[name] = {"settings": best["settings"], "trials": trials}
        for trial in trials:
            print(f"{name:<9}{trial}")
        print(f"{name:<9}chosen: {best['settings']}")
    path = Path(str(resources.files(__package__).joinpath(_FILE)))
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"wrote {path.name}")


def choose(trials: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The trial with the least mean error, walks where nothing changes included."""
    return min(trials, key=lambda trial: trial["mean_m"])


def _figures(
    settings: Settings, configs: Sequence[RunConfig], results: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Error after the change per scene, the mean over seeds; and the mean over scenes."""
    errors: dict[str, list[float]] = {}
    for config, result in zip(configs, results, strict=True):
        if config.settings == settings:
            errors.setdefault(config.scene, []).append(result["figures"]["after_m"])
    means = {scene: round(float(np.mean(values)), 4) for scene, values in errors.items()}
    mean = round(float(np.mean(list(means.values()))), 4)
    return {"settings": dict(settings), "mean_m": mean, "errors_m": means}


def _read() -> dict[str, Any]:
    file = resources.files(__package__).joinpath(_FILE)
    content: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    return content
