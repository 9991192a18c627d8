"""The steps of the benchmark, each one a job that is done once and then read from disk.

    random      episodes under random actions, the same for all rivals of a seed
    round       train on all that was collected, then collect with what was learned
    evaluate    one episode in which the body changes, or does not
    predict     how well the trained model follows the episodes that were evaluated

A job keeps its files in a folder of its own, named by all that it depends on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from robot_meta.benchmarks.environments.locomotion import Locomotion
from robot_meta.benchmarks.grbal.agent import PlanningRunner, RandomRunner, Runner, run_episode
from robot_meta.benchmarks.grbal.budget import Budget
from robot_meta.benchmarks.grbal.methods import METHODS, REQUIRED, Method
from robot_meta.benchmarks.grbal.prediction import predict_episode, scale_of
from robot_meta.benchmarks.grbal.scenarios import SCENARIOS, Scenario
from robot_meta.benchmarks.shards import config_key
from robot_meta.collection.episode_files import load_episode, save_episode
from robot_meta.dynamics.adapter import Adapter, NoAdapter
from robot_meta.dynamics.dataset import EpisodeData, WindowDataset, fit_normalizers, split
from robot_meta.dynamics.files import ModelCard, load_model, save_model
from robot_meta.dynamics.meta_training import MetaTrainer
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.rollout import RolloutConfig, make_rollout
from robot_meta.planning.mppi import MPPI
from robot_meta.types import Array

ORACLE, RANDOM = "oracle", "random"  # players that are no rivals, but the ends of the scale
VALIDATE_EVERY = 100  # training steps
_SPLIT_SEEDS = {"validation": 1_000_000, "test": 2_000_000}


@dataclass(frozen=True, kw_only=True)
class Job:
    """Everything that a job depends on.

    Attributes:
        kind: Key of `WORK`.
        scenario: Key of `SCENARIOS`.
        seed: Of the run.
        player: A rival, "oracle" or "random"; "" for random episodes that rivals share.
        budget: The same for all rivals.
        folder: Where jobs keep their files.
        version: Hash of the code.
        round: Of "round": 0 knows only random episodes, the last one only trains.
        split: Of "evaluate": "validation" or "test".
        changes: Of "evaluate": whether the body changes on the way.
        episode: Of "evaluate": which one.
    """

    kind: str
    scenario: str
    seed: int
    player: str
    budget: Budget
    folder: str
    version: str = ""
    round: int = 0
    split: str = "test"
    changes: bool = True
    episode: int = 0

    def files(self) -> Path:
        """Folder of its files."""
        return Path(self.folder) / config_key(self)

    def other(self, **changes: Any) -> Job:
        """Another job of the same run."""
        same = {"scenario", "seed", "player", "budget", "folder", "version"}
        kept = {name: getattr(self, name) for name in same}
        return Job(**{**kept, **changes})

    @property
    def scene(self) -> Scenario:
        """Its scenario, as long as the budget lets episodes be."""
        scenario, shorten = SCENARIOS[self.scenario], self.budget.shorten
        return dataclasses.replace(
            scenario, steps=scenario.steps // shorten, change=scenario.change // shorten
        )

    @property
    def weights(self) -> Path:
        """What a round has learned."""
        return self.files() / "model.safetensors"


def work(job: Job) -> dict[str, Any]:
    """Do a job; figures as JSON can hold them."""
    torch.set_num_threads(1)  # more of them make runs differ in the last bit
    job.files().mkdir(parents=True, exist_ok=True)
    return WORK[job.kind](job)


def last_round(job: Job) -> Job:
    """The job that made the final model of the player."""
    return job.other(kind="round", round=job.budget.rounds)


def trained(job: Job) -> tuple[NeuralDynamics, Adapter]:
    """The player's final model and its adapter."""
    model, _ = load_model(last_round(job).weights)
    return model, _adapter(job, model)


def evaluated(job: Job, players: tuple[str, ...]) -> Iterator[EpisodeData]:
    """The test episodes of `players` in which the body changes."""
    for player in players:
        for episode in range(job.budget.tests):
            run = job.other(kind="evaluate", player=player, episode=episode)
            yield load_episode(run.files() / _name(0))[0]


def _random(job: Job) -> dict[str, Any]:
    scene, environment = job.scene, job.scene.make()
    size = environment.action_size
    for episode in range(job.budget.random_episodes):
        runner = RandomRunner(size, seed=_episode_seed(job, episode))
        _collect(job, environment, runner, scene, episode, episode)
    return {"steps": job.budget.random_episodes * scene.steps}


def _round(job: Job) -> dict[str, Any]:
    scene, environment = job.scene, job.scene.make()
    model, figures = _train(job, environment, _data(job))
    save_model(job.weights, model, _card(job, environment, figures))
    if job.round < job.budget.rounds:
        first = job.budget.random_episodes + job.round * _episodes_per_round(job)
        for index in range(_episodes_per_round(job)):
            seed = _episode_seed(job, first + index)
            runner = _planning(job, environment, model, seed)
            _collect(job, environment, runner, scene, index, first + index)
    return figures


def _evaluate(job: Job) -> dict[str, Any]:
    scene, environment = job.scene, job.scene.make()
    seed = _SPLIT_SEEDS[job.split] + 1000 * job.seed + job.episode
    runner: Runner
    if job.player == RANDOM:
        runner = RandomRunner(environment.action_size, seed)
    else:
        runner = _planning(job, environment, trained(job)[0], seed)
    change = scene.change if job.changes else None
    task = scene.before
    if job.player == ORACLE and job.changes:  # it knows the body after the change, and has it
        environment.reset(seed=seed)
        task, change = scene.after(environment), None
    data, rewards = run_episode(
        environment, runner, task=task, steps=scene.steps, seed=seed,
        change=change, after=scene.after,
    )  # fmt: skip
    save_episode(job.files() / _name(0), data, {"scenario": job.scenario, "player": job.player})
    seconds = np.array(getattr(runner, "seconds", [(np.nan, np.nan)]))
    return {
        "return_before": float(rewards[: scene.change].sum()),
        "return_after": float(rewards[scene.change :].sum()),
        "adapt_ms": _percentiles(1e3 * seconds[:, 0]),
        "tick_ms": _percentiles(1e3 * seconds.sum(axis=1)),
    }


def _predict(job: Job) -> dict[str, Any]:
    model, adapter = trained(job)
    episodes = list(evaluated(job, REQUIRED))
    training, change = job.budget.training, job.scene.change
    return prediction_figures(
        model, adapter, episodes, first_window=change + training.support, query=training.query
    )


def prediction_figures(
    model: NeuralDynamics,
    adapter: Adapter,
    episodes: list[EpisodeData],
    *,
    first_window: int,
    query: int,
) -> dict[str, Any]:
    """Errors around the change, and on windows of the body after it."""
    scale = scale_of(episodes)
    done = [
        predict_episode(model, adapter, e, scale, first_window=first_window, query=query)
        for e in episodes
    ]
    return {
        "one_step": [prediction.one_step.tolist() for prediction in done],
        "many_steps": [prediction.many_steps.tolist() for prediction in done],
        "before": np.concatenate([prediction.before for prediction in done]).tolist(),
        "after": np.concatenate([prediction.after for prediction in done]).tolist(),
    }


WORK = {"random": _random, "round": _round, "evaluate": _evaluate, "predict": _predict}


def _train(
    job: Job, environment: Locomotion, episodes: list[EpisodeData]
) -> tuple[NeuralDynamics, dict[str, Any]]:
    config = _method(job).training(job.budget.training, job.seed)
    space = job.scene.space(environment)
    inputs, deltas = fit_normalizers(space, episodes)
    empty = NeuralDynamics(space=space, params={}, inputs=inputs, deltas=deltas)
    train, validation = (
        WindowDataset(empty, part, config.support, config.query)
        for part in split(episodes, config.support + config.query)
    )
    trainer = MetaTrainer(empty, train, validation, config)
    losses: dict[str, float] = {}
    for step in range(1, config.steps + 1):
        trainer.step()
        if step % VALIDATE_EVERY == 0 or step == config.steps:
            losses = trainer.validate()
    return trainer.result(), {"episodes": len(episodes), **losses}


def _data(job: Job) -> list[EpisodeData]:
    """All that a player has seen before this round."""
    shared = job.other(kind="random", player=ORACLE if job.player == ORACLE else "")
    episodes = [
        load_episode(shared.files() / _name(index))[0]
        for index in range(job.budget.random_episodes)
    ]
    for past in range(job.round):
        folder = job.other(kind="round", round=past).files()
        episodes += [
            load_episode(folder / _name(index))[0] for index in range(_episodes_per_round(job))
        ]
    return episodes


def _collect(
    job: Job, environment: Locomotion, runner: Runner, scene: Scenario, index: int, episode: int
) -> None:
    """Run the training episode number `episode` and keep it as the job's number `index`."""
    seed = _episode_seed(job, episode)
    if job.player == ORACLE:
        environment.reset(seed=seed)
        task = scene.after(environment)
    else:
        task = scene.training_task(environment, episode, job.seed)
    data, _ = run_episode(environment, runner, task=task, steps=scene.steps, seed=seed)
    about = {"scenario": job.scenario, "player": job.player, "task": dataclasses.asdict(task)}
    save_episode(job.files() / _name(index), data, about)


def _planning(job: Job, environment: Locomotion, model: NeuralDynamics, seed: int) -> Runner:
    rollout = make_rollout(model, RolloutConfig())
    planner = MPPI(job.budget.planner, environment.action_size)
    return PlanningRunner(rollout, _adapter(job, model), environment.reward, planner, seed)


def _adapter(job: Job, model: NeuralDynamics) -> Adapter:
    if job.player == ORACLE:
        return NoAdapter(model, job.budget.training.support)
    return METHODS[job.player].adapter(model, job.budget.training.support)


def _method(job: Job) -> Method:
    return METHODS["static" if job.player == ORACLE else job.player]


def _card(job: Job, environment: Locomotion, figures: dict[str, Any]) -> ModelCard:
    return ModelCard(
        robot=SCENARIOS[job.scenario].environment,
        control_dt=environment.control_dt,
        stiffness=(),
        damping=(),
        tool_mass=0.0,
        position_range=((), ()),
        method=_method(job).method,
        training={
            "player": job.player,
            "seed": job.seed,
            "budget": dataclasses.asdict(job.budget),
            **figures,
        },
    )


def _episodes_per_round(job: Job) -> int:
    factor = job.budget.oracle_factor if job.player == ORACLE else 1
    return factor * job.budget.episodes


def _episode_seed(job: Job, episode: int) -> int:
    return 1000 * job.seed + episode


def _name(index: int) -> str:
    return f"{index:03d}.npz"


def _percentiles(values: Array) -> list[float]:
    return [float(np.percentile(values, share)) for share in (50, 99)]
