"""Collecting episodes into a folder, in parallel processes; what is there is not done again."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, ClassVar, Protocol

from robot_meta.collection.episode_files import save_episode
from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.errors import BadConfig


class EpisodeSource(Protocol):
    """A frozen dataclass that says which data to collect; the same one gives the same data."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def episodes(self) -> int:
        """How many."""

    @property
    def splits_version(self) -> int:
        """Of the file that its bodies are drawn from."""

    def episode(self, index: int) -> tuple[EpisodeData, dict[str, Any]]:
        """One episode, and what is known about it."""


def collect(
    config: EpisodeSource,
    folder: Path,
    *,
    jobs: int = 1,
    progress: Callable[[], object] = lambda: None,
) -> list[Path]:
    """Episode files of `config` in `folder`; those already there are kept, the rest is collected.

    Args:
        config: What to collect.
        folder: Where to; made if need be.
        jobs: Processes to use.
        progress: Called once per episode, found or collected.

    Raises:
        BadConfig: The folder holds data of another config.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.json"
    about = {**dataclasses.asdict(config), "splits_version": config.splits_version}
    about.pop("episodes")  # more episodes of the same kind may be added later
    text = json.dumps(about, indent=1)
    if manifest.exists() and manifest.read_text() != text:
        raise BadConfig(
            f"{folder} holds data of another configuration (see {manifest.name} there). "
            "Choose another --data folder or delete this one."
        )
    manifest.write_text(text)
    paths = [folder / f"episode_{index:05d}.npz" for index in range(config.episodes)]
    missing = []
    for index, path in enumerate(paths):
        if path.exists():
            progress()
        else:
            missing.append((config, index, path))
    if jobs == 1 or len(missing) <= 1:
        for work in missing:
            _collect_one(work)
            progress()
    else:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(jobs, mp_context=context) as pool:
            try:
                for future in as_completed([pool.submit(_collect_one, work) for work in missing]):
                    future.result()  # a killed process is an error, not a wait
                    progress()
            finally:
                pool.shutdown(cancel_futures=True)
    return paths


def _collect_one(work: tuple[EpisodeSource, int, Path]) -> None:
    config, index, path = work
    save_episode(path, *config.episode(index))
