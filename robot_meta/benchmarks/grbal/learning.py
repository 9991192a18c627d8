"""Collecting episodes and training on them: the jobs that a player's model comes from."""

from __future__ import annotations

import dataclasses
from typing import Any

from robot_meta.benchmarks.environments.locomotion import Locomotion
from robot_meta.benchmarks.grbal.agent import PlanningRunner, RandomRunner, Runner, run_episode
from robot_meta.benchmarks.grbal.demonstrator import Demonstrator
from robot_meta.benchmarks.grbal.job import ORACLE, Job, owner
from robot_meta.benchmarks.grbal.scenarios import SCENARIOS
from robot_meta.collection.episode_files import save_episode
from robot_meta.dynamics.dataset import EpisodeData, WindowDataset, fit_normalizers, split
from robot_meta.dynamics.files import ModelCard, save_model
from robot_meta.dynamics.meta_training import MetaTrainer
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.rollout import RolloutConfig, make_rollout
from robot_meta.planning.mppi import MPPI

VALIDATE_EVERY = 100  # training steps


def random_episodes(job: Job) -> dict[str, Any]:
    """Collect under random actions."""
    environment = job.scene.make()
    for episode in range(job.budget.random_episodes):
        runner = RandomRunner(environment.action_size, seed=_seed(job, episode))
        _collect(job, environment, runner, episode, episode)
    return {"episodes": job.budget.random_episodes}


def shown_episodes(job: Job) -> dict[str, Any]:
    """Collect from one who knows the body."""
    environment = job.scene.make()
    for index in range(job.budget.shown_episodes):
        episode = job.budget.random_episodes + index
        planner = MPPI(job.budget.demonstrator, environment.action_size)
        runner = Demonstrator(environment, planner, _seed(job, episode))
        _collect(job, environment, runner, index, episode)
    return {"episodes": job.budget.shown_episodes}


def learning_round(job: Job) -> dict[str, Any]:
    """Train on all that is there; collect, unless it is the last round."""
    budget, environment = job.budget, job.scene.make()
    model, figures = train(job, environment, known_episodes(job))
    save_model(job.weights, model, _card(job, environment, figures))
    if job.round < budget.rounds:
        first = budget.shared_episodes + job.round * budget.episodes
        for index in range(budget.episodes):
            runner = planning(job, environment, model, _seed(job, first + index))
            _collect(job, environment, runner, index, first + index)
    return figures


def known_episodes(job: Job) -> list[EpisodeData]:
    """All that a player has learned from when the job's round begins."""
    budget = job.budget
    episodes = owner(job.other(kind="random")).episodes(budget.random_episodes)
    episodes += owner(job.other(kind="show")).episodes(budget.shown_episodes)
    for past in range(job.round):
        collected = owner(job.other(kind="round", round=past))
        episodes += collected.episodes(budget.episodes)
    return episodes


def train(
    job: Job, environment: Locomotion, episodes: list[EpisodeData]
) -> tuple[NeuralDynamics, dict[str, Any]]:
    """The player's model of these episodes, and the losses of its training."""
    config = job.method.training(job.budget.training, job.seed)
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


def planning(
    job: Job, environment: Locomotion, model: NeuralDynamics, seed: int
) -> PlanningRunner:
    """The player with a model of its own."""
    rollout = make_rollout(model, RolloutConfig())
    planner = MPPI(job.budget.planner, environment.action_size)
    return PlanningRunner(rollout, job.adapter(model), environment.reward, planner, seed)


def _collect(job: Job, environment: Locomotion, runner: Runner, index: int, episode: int) -> None:
    """Run the training episode number `episode` and keep it as the job's number `index`."""
    seed, scene = _seed(job, episode), job.scene
    if job.player == ORACLE:
        environment.reset(seed=seed)
        task = scene.after(environment)
    else:
        task = scene.training_task(environment, episode, job.seed)
    steps = min(scene.steps, job.budget.training_steps)
    data, _ = run_episode(environment, runner, task=task, steps=steps, seed=seed)
    about = {"scenario": job.scenario, "player": job.player, "task": dataclasses.asdict(task)}
    save_episode(job.episode_file(index), data, about)


def _card(job: Job, environment: Locomotion, figures: dict[str, Any]) -> ModelCard:
    return ModelCard(
        robot=SCENARIOS[job.scenario].environment,
        control_dt=environment.control_dt,
        stiffness=(),
        damping=(),
        tool_mass=0.0,
        position_range=((), ()),
        method=job.method.method,
        training={
            "player": job.player,
            "seed": job.seed,
            "budget": dataclasses.asdict(job.budget),
            **figures,
        },
    )


def _seed(job: Job, episode: int) -> int:
    return 1000 * job.seed + episode
