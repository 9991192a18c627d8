"""One job of the benchmark: what it depends on, and where it keeps its files."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robot_meta.benchmarks.grbal.budget import Budget
from robot_meta.benchmarks.grbal.methods import METHODS, Method
from robot_meta.benchmarks.grbal.scenarios import SCENARIOS, Scenario
from robot_meta.benchmarks.shards import config_key
from robot_meta.collection.episode_files import load_episode
from robot_meta.dynamics.adapter import Adapter, NoAdapter
from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.dynamics.files import load_model
from robot_meta.dynamics.model import NeuralDynamics

ORACLE, RANDOM = "oracle", "random"  # players that are no rivals, but the ends of the scale
COMMON = "static"  # the rival whose first rounds all rivals learn from
COMMON_SEED = 500  # of what is done once for all seeds


@dataclass(frozen=True, kw_only=True)
class Job:
    """Everything that a job depends on; it keeps its files in a folder named by all of that.

    Attributes:
        kind: Key of `jobs.WORK`.
        scenario: Key of `SCENARIOS`.
        seed: Of the run.
        player: A rival, "oracle" or "random".
        budget: The same for all rivals.
        folder: Where jobs keep their files.
        version: Hash of the code.
        round: Of "round": 0 knows only random episodes, the last one only trains.
        split: Of "evaluate": "validation" or "test".
        episode: Of "evaluate" and "return": which one.
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
    episode: int = 0

    def files(self) -> Path:
        """Folder of its files."""
        return Path(self.folder) / config_key(self)

    def episode_file(self, index: int = 0) -> Path:
        """Where it keeps the episode number `index`."""
        return self.files() / f"{index:03d}.npz"

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

    @property
    def method(self) -> Method:
        """How the player's model is trained."""
        return METHODS[COMMON if self.player == ORACLE else self.player]

    def adapter(self, model: NeuralDynamics) -> Adapter:
        """The player's adapter of a model of its own."""
        window = self.budget.training.support
        return (
            NoAdapter(model, window)
            if self.player == ORACLE
            else self.method.adapter(model, window)
        )

    def episodes(self, count: int) -> list[EpisodeData]:
        """The first `count` episodes of the job, once it is done."""
        return [load_episode(self.episode_file(index))[0] for index in range(count)]


def owner(job: Job) -> Job:
    """The job that does what `job` stands for, which others may share.

    One set of random and shown episodes and first rounds serves all rivals and seeds, and so does
    one oracle.
    """
    if job.player == ORACLE:
        return dataclasses.replace(job, seed=COMMON_SEED)
    if job.kind in ("random", "show") or (
        job.kind == "round" and job.round < job.budget.common_rounds
    ):
        return dataclasses.replace(job, player=COMMON, seed=COMMON_SEED)
    return job


def last_round(job: Job) -> Job:
    """The job that made the final model of the player."""
    return owner(job.other(kind="round", round=job.budget.rounds))


def trained(job: Job) -> tuple[NeuralDynamics, Adapter]:
    """The player's final model and its adapter."""
    model, _ = load_model(last_round(job).weights)
    return model, job.adapter(model)
