"""One training run: so many bodies, one method, one seed."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from robot_meta.benchmarks.shards import config_key
from robot_meta.collection.episode_files import load_episode
from robot_meta.dynamics.dataset import EpisodeData, WindowDataset, fit_normalizers, split
from robot_meta.dynamics.files import ModelCard, save_model
from robot_meta.dynamics.meta_training import MetaTrainer, MetaTrainingConfig
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.robots.description import arm_description
from robot_meta.types import RobotSpec


@dataclass(frozen=True, kw_only=True)
class Training:
    """Everything that trained weights depend on.

    Attributes:
        config: Method, steps, seed.
        bodies: The first so many training episodes, one body each.
        validations: How often it is validated.
        data: Folder of the training episodes.
        folder: Where weights are kept.
        robot: Robot type.
        version: Hash of code and data.
    """

    config: MetaTrainingConfig
    bodies: int
    validations: int
    data: str
    folder: str
    robot: str = "fr3"
    version: str = ""

    @property
    def weights(self) -> str:
        """What it writes."""
        return str(Path(self.folder) / f"{config_key(self)}.safetensors")


def train(job: Training) -> dict[str, Any]:
    """Train and keep the weights; processor time of the steps alone, and losses."""
    torch.set_num_threads(1)  # more of them make runs differ in the last bit
    config, spec = job.config, arm_description(job.robot).spec
    episodes = [load_episode(path)[0] for path in episode_paths(job.data, job.bodies)]
    space = JointReferenceSpace(num_joints=spec.num_joints, control_dt=spec.control_dt)
    learned, apart = split(episodes, config.support + config.query)
    inputs, deltas = fit_normalizers(space, learned)
    empty = NeuralDynamics(space=space, params={}, inputs=inputs, deltas=deltas)
    windows, validation = (
        WindowDataset(empty, part, config.support, config.query) for part in (learned, apart)
    )
    trainer = MetaTrainer(empty, windows, validation, config)
    every, seconds = max(1, config.steps // job.validations), 0.0
    losses: dict[str, float] = {}
    for step in range(1, config.steps + 1):
        begin = time.process_time()
        trainer.step()
        seconds += time.process_time() - begin
        if step % every == 0 or step == config.steps:
            losses = trainer.validate()
    path = Path(job.weights)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_model(path, trainer.result(), _card(spec, episodes, config))
    return {"seconds": seconds, **losses}


def episode_paths(data: str, bodies: int) -> list[Path]:
    """Files of the first `bodies` training episodes, as the collector names them."""
    return [Path(data) / f"episode_{index:05d}.npz" for index in range(bodies)]


def _card(spec: RobotSpec, episodes: list[EpisodeData], config: MetaTrainingConfig) -> ModelCard:
    positions = np.concatenate([episode.state[:, : spec.num_joints] for episode in episodes])
    low, high = (tuple(map(float, edge(positions, axis=0))) for edge in (np.min, np.max))
    return ModelCard(
        robot=spec.name,
        control_dt=spec.control_dt,
        stiffness=tuple(map(float, spec.stiffness)),
        damping=tuple(map(float, spec.damping)),
        tool_mass=spec.tool_load.mass,
        position_range=(low, high),
        method=config.method,
        training={"config": dataclasses.asdict(config), "episodes": len(episodes)},
    )
