"""Many episodes of generated play, in parallel, into one store; the same seed, the same bytes."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.collection.desk_state import state_names
from robot_meta.collection.play.episode import ACTION, PlayConfig, Stage
from robot_meta.collection.provenance import git_commit
from robot_meta.collection.recorder import Recorder
from robot_meta.collection.steps import fields, transitions
from robot_meta.errors import BadConfig, StoreMissing
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.transitions import TRUNCATED, Transitions
from robot_meta.robots.description import arm_description
from robot_meta.twin.desk import predicates

ABOUT = "play.json"
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Played = tuple[str, dict[str, Any], Transitions]  # task, about, what happened


def generate(
    config: PlayConfig,
    folder: Path,
    episodes: int,
    *,
    workers: int = 1,
    progress: Callable[[], object] = lambda: None,
) -> int:
    """Episodes 0 to `episodes` − 1 in the store in `folder`; those that are there are kept.

    Args:
        config: What to play.
        folder: Of the store; made if need be.
        episodes: How many there shall be.
        workers: Processes that play; this one writes.
        progress: Called once per episode, found or played.

    Returns:
        How many were played now.

    Raises:
        BadConfig: The folder holds something else than play of this config.
        StoreBusy: Another process writes to it.
        StoreFull: The disk is full; the same call goes on from there.
    """
    if episodes < 1 or workers < 1:
        raise ValueError(f"want episodes and workers >= 1, got {episodes} and {workers}")
    _declare(config, folder)
    complete = _complete(config, folder)
    missing = [number for number in range(episodes) if number not in complete]
    for _ in range(episodes - len(missing)):
        progress()
    joints = arm_description(config.robot).spec.num_joints
    widths = fields(len(state_names(joints)), len(ACTION), joints)
    with Recorder(folder, widths, config.control_dt, who="scripted operator") as recorder:
        with contextlib.closing(_played(config, missing, workers)) as played:
            for number, (task, about, whole) in zip(missing, played, strict=True):
                recorder.start(_key(config, number), task, about)
                recorder.extend(whole)
                recorder.stop()
                progress()
    return len(missing)


def _key(config: PlayConfig, number: int) -> str:
    return f"play {config.seed} {number}"


def _declare(config: PlayConfig, folder: Path) -> None:
    """Write down what the folder holds, or check it."""
    joints = arm_description(config.robot).spec.num_joints
    about = {
        "config": dataclasses.asdict(config),
        "state": state_names(joints),
        "action": ACTION,
        "predicates": predicates.VERSION,
    }
    path = folder / ABOUT
    wanted = json.loads(json.dumps(about))
    if path.exists():
        found = json.loads(path.read_text())
        found.pop("commit", None)
        if found != wanted:
            raise BadConfig(
                f"{folder} holds play of another configuration (see {ABOUT} there). "
                "Choose another folder or the same settings."
            )
        return
    if folder.exists() and any(folder.iterdir()):
        raise BadConfig(
            f"{folder} holds something else than generated play; choose another folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({**wanted, "commit": git_commit()}, indent=1) + "\n")
    partial.replace(path)


def _complete(config: PlayConfig, folder: Path) -> set[int]:
    """Numbers of the episodes of which every transition is in the store."""
    try:
        snapshot = Snapshot(folder)
    except StoreMissing:
        return set()
    steps: Counter[int] = Counter()
    for run in snapshot.runs:
        steps[int(run["episode"])] += int(run["count"])
    prefix = _key(config, 0).removesuffix("0")
    return {
        int(episode.key.removeprefix(prefix))
        for episode in snapshot.episodes.values()
        if episode.key.startswith(prefix) and steps[episode.number] >= config.ticks
    }


def _played(config: PlayConfig, numbers: list[int], workers: int) -> Generator[Played, None, None]:
    """The episodes with these numbers, in this order."""
    if workers == 1 or len(numbers) < 2:
        stage = Stage(config)
        for number in numbers:
            yield _play(stage, number)
        stage.close()
        return
    for name in _THREAD_VARIABLES:  # read by the libraries of each new process
        os.environ.setdefault(name, "1")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_open_stage, initargs=(config,)
    ) as pool:
        try:
            yield from pool.map(_play_here, numbers)  # a killed process is an error, not a wait
        finally:
            pool.shutdown(cancel_futures=True)


_stage: Stage | None = None  # of a worker process


def _open_stage(config: PlayConfig) -> None:
    global _stage
    _stage = Stage(config)


def _play_here(number: int) -> Played:
    assert _stage is not None
    return _play(_stage, number)


def _play(stage: Stage, number: int) -> Played:
    episode = stage.play(number)
    whole = transitions(episode.steps, TRUNCATED)
    kept = {name: values.astype(np.float32) for name, values in whole.values.items()}
    return episode.task, episode.about, dataclasses.replace(whole, values=kept)
