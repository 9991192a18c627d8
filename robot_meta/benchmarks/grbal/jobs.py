"""The steps of the benchmark, each one a job that is done once and then read from disk.

    random      episodes under random actions
    show        episodes of one who plans on the simulator itself
    round       train on all that was collected, then collect with what was learned
    evaluate    one episode in which the body changes
    return      one episode in which the body changes to and fro: A-B-A-B
    predict     how well the trained model follows episodes that others ran

Random and shown episodes, and those that the plain model collects in the first rounds, are there
for all rivals and seeds; in the other rounds each rival collects for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from robot_meta.benchmarks.grbal.agent import RandomRunner, Runner, run_episode
from robot_meta.benchmarks.grbal.job import COMMON, ORACLE, RANDOM, Job, trained
from robot_meta.benchmarks.grbal.learning import (
    learning_round,
    planning,
    random_episodes,
    shown_episodes,
)
from robot_meta.benchmarks.grbal.methods import REQUIRED
from robot_meta.benchmarks.grbal.prediction import Prediction, predict_episode, scale_of
from robot_meta.benchmarks.grbal.scenarios import Changes
from robot_meta.collection.episode_files import save_episode
from robot_meta.dynamics.adapter import Adapter
from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.types import Array

_SPLIT_SEEDS = {"validation": 1_000_000, "test": 2_000_000}


def work(job: Job) -> dict[str, Any]:
    """Do a job; figures as JSON can hold them."""
    torch.set_num_threads(1)  # more of them make runs differ in the last bit
    job.files().mkdir(parents=True, exist_ok=True)
    return WORK[job.kind](job)


def evaluated(job: Job, players: tuple[str, ...]) -> Iterator[EpisodeData]:
    """Test episodes of `players`, as many of each as predictions are made of."""
    for player in players:
        for episode in range(job.budget.predicted):
            yield from job.other(kind="evaluate", player=player, episode=episode).episodes(1)


def returning(job: Job) -> list[EpisodeData]:
    """The episodes in which the body changes to and fro."""
    runs = (
        job.other(kind="return", player=COMMON, episode=episode)
        for episode in range(job.budget.returns if job.scene.returns else 0)
    )
    return [run.episodes(1)[0] for run in runs]


def _evaluate(job: Job) -> dict[str, Any]:
    scene, environment = job.scene, job.scene.make()
    seed = _SPLIT_SEEDS[job.split] + 1000 * job.seed + job.episode
    runner: Runner
    if job.player == RANDOM:
        runner = RandomRunner(environment.action_size, seed)
    else:
        runner = planning(job, environment, trained(job)[0], seed)
    begin = scene.before
    changes: Changes = {scene.change: scene.after}
    if job.kind == "return":
        changes = dict(scene.to_and_fro())
    elif job.player == ORACLE:  # it knows the body after the change, and has it
        environment.reset(seed=seed)
        begin, changes = scene.after(environment), {}
    data, rewards = run_episode(
        environment, runner, task=begin, steps=scene.steps, seed=seed, changes=changes
    )
    save_episode(job.episode_file(), data, {"scenario": job.scenario, "player": job.player})
    seconds = np.array(getattr(runner, "seconds", [(np.nan, np.nan)]))
    return {
        "return_before": float(rewards[: scene.change].sum()),
        "return_after": float(rewards[scene.change :].sum()),
        "adapt_ms": _percentiles(1e3 * seconds[:, 0]),
        "tick_ms": _percentiles(1e3 * seconds.sum(axis=1)),
    }


def _predict(job: Job) -> dict[str, Any]:
    training, scene = job.budget.training, job.scene
    return prediction_figures(
        *trained(job),
        list(evaluated(job, REQUIRED)),
        returning(job),
        first_window=scene.change + training.support,
        query=training.query,
    )


def prediction_figures(
    model: NeuralDynamics,
    adapter: Adapter,
    episodes: list[EpisodeData],
    returning: list[EpisodeData],
    *,
    first_window: int,
    query: int,
) -> dict[str, Any]:
    """Errors around the change, on windows of the body after it, and as bodies come back."""
    scale = scale_of(episodes)

    def followed(recorded: list[EpisodeData]) -> list[Prediction]:
        return [
            predict_episode(model, adapter, e, scale, first_window=first_window, query=query)
            for e in recorded
        ]

    done = followed(episodes)
    return {
        "one_step": [_rounded(prediction.one_step) for prediction in done],
        "many_steps": [_rounded(prediction.many_steps) for prediction in done],
        "before": _rounded(np.concatenate([prediction.before for prediction in done])),
        "after": _rounded(np.concatenate([prediction.after for prediction in done])),
        "returning": [_rounded(prediction.one_step) for prediction in followed(returning)],
    }


WORK = {
    "random": random_episodes,
    "show": shown_episodes,
    "round": learning_round,
    "evaluate": _evaluate,
    "return": _evaluate,
    "predict": _predict,
}


def _percentiles(values: Array) -> list[float]:
    return [float(np.percentile(values, share)) for share in (50, 99)]


def _rounded(values: Array) -> list[float]:
    """As JSON keeps them: five digits."""
    return [float(f"{value:.5g}") for value in values]
