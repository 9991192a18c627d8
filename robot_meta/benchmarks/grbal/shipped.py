"""Weights and held-out episodes that come with the package, to predict again within a minute."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.benchmarks.grbal.job import COMMON, Job, last_round
from robot_meta.benchmarks.grbal.jobs import evaluated, prediction_figures, returning
from robot_meta.benchmarks.grbal.methods import METHODS, REQUIRED
from robot_meta.benchmarks.grbal.metrics import VISITORS, prediction_metrics
from robot_meta.collection.episode_files import load_episode, save_episode
from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.dynamics.files import load_model
from robot_meta.errors import MissingAsset

MANIFEST = "manifest.json"


def ship(job: Job, best: str, rows: Sequence[str], folder: Path) -> None:
    """Copy what predictions of the job's scenario and seed need into `folder`.

    Args:
        job: Any of that scenario and seed.
        best: The best meta-learned row.
        rows: That took part; those that a figure is made of are shipped.
        folder: Where to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    players = [name for name in rows if name in (*REQUIRED, *VISITORS, best)]
    for player in players:
        source = last_round(job.other(kind="round", player=player)).weights
        shutil.copy2(source, folder / f"{job.scenario}_{player}.safetensors")
    episodes = [
        _save(job, next(evaluated(job, (player,))), player, f"{player}.npz", folder)
        for player in REQUIRED
    ]
    visits = [_save(job, e, COMMON, "returning.npz", folder) for e in returning(job)[:1]]
    path = folder / MANIFEST
    manifest: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    manifest[job.scenario] = {
        "best": best,
        "change": job.scene.change,
        "support": job.budget.training.support,
        "query": job.budget.training.query,
        "players": players,
        "episodes": episodes,
        "returning": visits,
    }
    path.write_text(json.dumps(manifest, indent=1) + "\n")


def _save(job: Job, episode: EpisodeData, player: str, name: str, folder: Path) -> str:
    """Keep an episode in single precision; the name of its file."""
    name = f"{job.scenario}_{name}"
    small = EpisodeData(episode.state.astype(np.float32), episode.action.astype(np.float32))
    save_episode(folder / name, small, {"scenario": job.scenario, "player": player})
    return name


def shipped_predictions(folder: Path) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Metrics, with the scenario behind their names, and one row per scenario and player.

    Raises:
        MissingAsset: Nothing was shipped there.
    """
    if not (folder / MANIFEST).exists():
        raise MissingAsset(
            f"{folder / MANIFEST}, which says what to predict,",
            f"robot-meta bench grbal --profile full --ship {folder}",
        )
    metrics: dict[str, float] = {}
    rows = []
    for scenario, entry in json.loads((folder / MANIFEST).read_text()).items():
        episodes, returning = (
            [_double(load_episode(folder / name)[0]) for name in entry[part]]
            for part in ("episodes", "returning")
        )
        first_window, figures = entry["change"] + entry["support"], {}
        for player in entry["players"]:
            model, _ = load_model(folder / f"{scenario}_{player}.safetensors")
            adapter = METHODS[player].adapter(model, entry["support"])
            figures[player, 0] = prediction_figures(
                model,
                adapter,
                episodes,
                returning,
                first_window=first_window,
                query=entry["query"],
            )
        found = prediction_metrics(figures, entry["best"], entry["change"])
        metrics |= {f"{key}_{scenario}": value for key, value in found.items()}
        rows += [
            {
                "scenario": scenario,
                "row": player,
                "loss_before": float(np.mean(f["before"])),
                "loss_after": float(np.mean(f["after"])),
                "best": player == entry["best"],
            }
            for (player, _), f in figures.items()
        ]
    return metrics, rows


def _double(episode: EpisodeData) -> EpisodeData:
    return EpisodeData(episode.state.astype(np.float64), episode.action.astype(np.float64))
