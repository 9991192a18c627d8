"""Choosing each row's own hyper-parameters on validation draws, with the same number of trials.

A trial is judged by its worst validation scene; a trial that harms the nominal arm is out. The
choice and every trial are written to `tuned.json` beside this module.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.benchmarks.arm_payload.rows import ROWS, Settings, row_version
from robot_meta.benchmarks.arm_payload.run import RunConfig, run_shard
from robot_meta.benchmarks.arm_payload.scenes import NOMINAL, VALIDATION_SCENES, Timing
from robot_meta.benchmarks.shards import run_shards

HARM = 1.03  # nominal error over the static row's that a trial may have
VALIDATION_SEED = 1000
_FILE = "tuned.json"


def chosen_settings() -> dict[str, Settings]:
    """The settings of every row: what validation chose, else the row's first trial."""
    chosen: dict[str, Settings] = {name: row.trials[0] for name, row in ROWS.items()}
    for name, entry in _read().items():
        if name in chosen:
            chosen[name] = entry["settings"]
    return chosen


def tune(
    models: Path,
    version: str,
    out: Path,
    *,
    jobs: int,
    rows: Sequence[str] | None = None,
    seeds: int | None = None,
) -> None:
    """Run all trials of `rows` (default: all), choose, and write `tuned.json`."""
    names = [name for name in ROWS if rows is None or name in rows or name == "static"]
    configs = [
        RunConfig(
            row=name,
            settings=settings,
            split="validation",
            scene=scene,
            seed=seed,
            models=str(models),
            timing=Timing(period=4.0, change=6.5),
            version=row_version(name, models, version),
        )
        for name in names
        for settings in ROWS[name].trials
        for scene in VALIDATION_SCENES
        for seed in range(VALIDATION_SEED, VALIDATION_SEED + (seeds or 1))
    ]
    results = run_shards(configs, run_shard, out / "shards", jobs=jobs, label="trials")
    figures = [result["figures"] for result in results]
    table = {
        name: [trial_figures(settings, name, configs, figures) for settings in ROWS[name].trials]
        for name in names
    }
    static_nominal = table["static"][0]["nominal_mm"]
    content = _read()
    for name, trials in table.items():
        best = choose(trials, static_nominal)
        content[name] = {"settings": best["settings"], "trials": trials}
        print(f"{name:<11}{best['settings']}")
        for trial in trials:
            print(
                f"    worst ratio {trial['worst_ratio']:7.2f}  nominal "
                f"{trial['nominal_mm']:6.2f} mm  {trial['settings']}"
            )
    path = Path(str(resources.files(__package__).joinpath(_FILE)))
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"wrote {path.name}")


def trial_figures(
    settings: Settings,
    name: str,
    configs: Sequence[RunConfig],
    figures: Sequence[dict[str, float]],
) -> dict[str, Any]:
    """Nominal error and ratio per validation scene, the mean over seeds."""
    by_scene: dict[str, list[float]] = {}
    for config, run in zip(configs, figures, strict=True):
        if config.row == name and config.settings == settings:
            value = run["overall_mm"] if config.scene == NOMINAL else run["ratio"]
            by_scene.setdefault(config.scene, []).append(value)
    means = {scene: float(np.mean(values)) for scene, values in by_scene.items()}
    nominal = means.pop(NOMINAL)
    return {
        "settings": dict(settings),
        "nominal_mm": round(nominal, 4),
        "worst_ratio": round(max(means.values()), 4),
        "ratios": {scene: round(value, 4) for scene, value in means.items()},
    }


def choose(trials: Sequence[dict[str, Any]], static_nominal: float) -> dict[str, Any]:
    """The trial with the best worst scene among those that do no harm, else the least harmful."""
    harmless = [t for t in trials if t["nominal_mm"] <= HARM * static_nominal]
    if harmless:
        return min(harmless, key=lambda trial: trial["worst_ratio"])
    return min(trials, key=lambda trial: trial["nominal_mm"])


def _read() -> dict[str, Any]:
    file = resources.files(__package__).joinpath(_FILE)
    if not file.is_file():
        return {}
    content: dict[str, Any] = json.loads(file.read_text())
    return content
