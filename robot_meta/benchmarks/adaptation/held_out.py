"""Episodes of bodies that nobody trained on, from the test plant: what predictions are judged on.

The motion is that of the training data (random, smooth, behind the guard) and the same for all
contenders; a planner would give each its own, and errors on different motions do not compare.
"""

from __future__ import annotations

import dataclasses
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.benchmarks.arm_payload.scenes import TEST_PLANT
from robot_meta.benchmarks.shards import config_key
from robot_meta.collection.episode_files import load_episode, save_episode
from robot_meta.collection.excitation import ExcitationConfig
from robot_meta.collection.twin_data import excited_episode
from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.robots.description import arm_description
from robot_meta.twin.mujoco_robot import TwinConfig
from robot_meta.twin.plant import PlantConfig
from robot_meta.twin.splits import draw, kinds, splits_version

SET = 1  # number of the set; another one has other bodies and motions


@dataclass(frozen=True, kw_only=True)
class HeldOutEpisode:
    """One episode; equal ones hold the same data, bit for bit.

    Attributes:
        split: Of `twin/perturbation_splits.json`.
        kind: Kind of body in it.
        index: Number of the body.
        folder: Where episodes are kept.
        ticks: Control periods.
        robot: Robot type.
        number: Of the set.
        splits_version: Of the file that bodies are drawn by.
        plant: How bodies are simulated.
        version: Hash of the code.
    """

    split: str
    kind: str
    index: int
    folder: str
    ticks: int = 160
    robot: str = "fr3"
    number: int = SET
    splits_version: int = dataclasses.field(default_factory=splits_version)
    plant: PlantConfig = TEST_PLANT
    version: str = ""

    @property
    def path(self) -> Path:
        """Its file."""
        return Path(self.folder) / f"{config_key(self)}.npz"

    def load(self) -> EpisodeData:
        """What `collect` has written."""
        return load_episode(self.path)[0]


def collect(episode: HeldOutEpisode) -> dict[str, Any]:
    """Run the twin and keep what it did."""
    words = (episode.number, episode.split, episode.kind, episode.index)
    rng = np.random.default_rng(zlib.crc32(repr(words).encode()))
    body = draw(episode.split, rng, kind=episode.kind)
    twin = TwinConfig(seed=int(rng.integers(2**31)), perturbations=body, plant=episode.plant)
    description = arm_description(episode.robot)
    data = excited_episode(description, twin, ExcitationConfig(), episode.ticks, rng)
    episode.path.parent.mkdir(parents=True, exist_ok=True)
    differences = body.differences()
    save_episode(episode.path, data, {"body": differences, "split": episode.split})
    return {"body": differences}


def held_out_episodes(
    split: str, bodies: int, folder: Path, version: str = ""
) -> list[HeldOutEpisode]:
    """About `bodies` of a split, every kind alike; neighbours differ in kind."""
    names = kinds(split)
    each = -(-bodies // len(names))
    return [
        HeldOutEpisode(split=split, kind=kind, index=index, folder=str(folder), version=version)
        for index in range(each)
        for kind in names
    ]
