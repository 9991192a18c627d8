"""Many independent runs in parallel processes; what is done stays done when one is stopped."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from tqdm import tqdm

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run_shards(
    configs: Sequence[Any],
    work: Callable[[Any], dict[str, Any]],
    folder: Path,
    *,
    jobs: int,
    label: str = "runs",
) -> list[dict[str, Any]]:
    """The result of `work` for every config, in their order.

    Each result is a JSON file in `folder`, named by a hash of its config; those already there
    are not run again.

    Args:
        configs: Frozen dataclasses that say everything a run depends on.
        work: Importable function from a config to a result that JSON can hold.
        folder: Where results are kept; made if need be.
        jobs: Processes; each computes with one thread.
        label: What the progress bar says.
    """
    if jobs < 1:
        raise ValueError(f"jobs must be >= 1, got {jobs}")
    folder.mkdir(parents=True, exist_ok=True)
    paths = [shard_path(folder, config) for config in configs]
    missing = {path: config for path, config in zip(paths, configs, strict=True)}
    missing = {path: config for path, config in missing.items() if not path.exists()}
    tasks = [(work, config, path) for path, config in missing.items()]
    done = len(configs) - len(tasks)
    with tqdm(total=len(configs), initial=done, desc=label, unit="run") as bar:
        for _ in _finished(tasks, jobs):
            bar.update()
    return [json.loads(path.read_text())["result"] for path in paths]


def shard_path(folder: Path, config: Any) -> Path:
    """Where `run_shards` keeps the result for a config."""
    return folder / f"{config_key(config)}.json"


def config_key(config: Any) -> str:
    """Name of a config: equal configs have equal names."""
    text = json.dumps(dataclasses.asdict(config), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def source_hash(paths: Iterable[Path]) -> str:
    """Hash of files, and of the Python and JSON files in folders, wherever they lie."""
    digest = hashlib.sha256()
    for path in paths:
        inside = [file for file in sorted(path.rglob("*")) if file.suffix in (".py", ".json")]
        for file in inside if path.is_dir() else [path]:
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _finished(tasks: list[tuple[Any, Any, Path]], jobs: int) -> Iterable[None]:
    if jobs == 1 or len(tasks) <= 1:
        yield from map(_run, tasks)
        return
    for name in _THREAD_VARIABLES:  # read by the libraries of each new process
        os.environ.setdefault(name, "1")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=context) as pool:
        futures = [pool.submit(_run, task) for task in tasks]
        try:
            for future in as_completed(futures):  # a killed process is an error, not a wait
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _run(task: tuple[Callable[[Any], dict[str, Any]], Any, Path]) -> None:
    work, config, path = task
    content = {"config": dataclasses.asdict(config), "result": work(config)}
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps(content, allow_nan=True))
    partial.replace(path)
