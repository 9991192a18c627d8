"""Ten million transitions: how long opening takes, how fast they are drawn, in how much memory."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.replay.sampling import Sampler, by_task, by_transition, uniform
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.store import ReplayStore
from robot_meta.replay.transitions import Transitions

FIELDS = {"state": 26, "action": 7, "next_state": 26, "torque": 5}  # 64 floats
BATCH = 256
_EPISODE, _TASKS = 1000, 10
_WARM_UP = 100  # batches


def fill(path: Path, rows: int, seed: int) -> float:
    """Write `rows` transitions, then kill the writer; transitions a second while it wrote."""

    def work() -> float:
        rng = np.random.default_rng(seed)
        values = {
            name: rng.normal(size=(_EPISODE, width)).astype(np.float32)
            for name, width in FIELDS.items()
        }
        begin = time.perf_counter()
        store = ReplayStore(path, fields=FIELDS)
        for number in range(rows // _EPISODE):
            episode = store.begin_episode(f"episode {number}", f"task {number % _TASKS}")
            store.append(episode, Transitions(values, 0.05 * np.arange(_EPISODE)))
        store.flush()
        return rows / (time.perf_counter() - begin)

    return float(in_child(work, then_kill=True))


def opening(path: Path, *, cold: bool) -> tuple[float, float]:
    """Seconds until a reader, and until a writer, may begin.

    Args:
        path: A store; where its writer was killed, both look through the newest segment, and the
            new writer ends it.
        cold: Whether its files have to come from the disk.
    """

    def read() -> float:
        begin = time.perf_counter()
        Snapshot(path)
        return time.perf_counter() - begin

    def write() -> float:
        begin = time.perf_counter()
        store = ReplayStore(path)
        seconds = time.perf_counter() - begin
        store.close()
        return seconds

    if cold:
        forget(path)
    reading = float(in_child(read))
    if cold:
        forget(path)
    return reading, float(in_child(write))


def forget(path: Path) -> None:
    """Drop the files in `path` from the page cache."""
    for file in path.rglob("*"):
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def drawing(path: Path, batches: int, seed: int) -> dict[str, Any]:
    """Batches a second, from warm pages, and anonymous memory, in a process of its own."""

    def work() -> dict[str, Any]:
        before = anonymous_bytes()
        rng = np.random.default_rng(seed)
        snapshot = Snapshot(path)
        tasks = {f"task {number}": 1.0 + number for number in range(_TASKS)}
        weights = rng.random(len(snapshot), np.float32)
        held = anonymous_bytes() - before - weights.nbytes
        samplers = {
            "uniform": uniform(snapshot),
            "by task": by_task(snapshot, tasks),
            "by transition": by_transition(snapshot, weights),
        }
        index = snapshot.index_bytes + sum(s.index_bytes for s in samplers.values())
        _touch(snapshot)
        for sampler in samplers.values():
            _rate(sampler, rng, _WARM_UP)
        start, highest, rates = anonymous_bytes(), 0, {}
        for name, sampler in samplers.items():
            parts = [_rate(sampler, rng, batches // 10) for _ in range(10)]
            highest = max(highest, anonymous_bytes())
            rates[name] = {
                "batches_per_s": 10.0 / sum(1.0 / wall for wall, _ in parts),
                "batches_per_cpu_s": 10.0 / sum(1.0 / cpu for _, cpu in parts),
            }
        return {
            "rates": rates,
            "growth_mb": (highest - start) / 1e6,
            "index_bytes_per_row": index / len(snapshot),
            "anonymous_bytes_per_row": (held + index) / len(snapshot),
        }

    return dict(in_child(work))


def _touch(snapshot: Snapshot) -> None:
    """Bring every page into the process once: warm is what a long run is."""
    for segment in snapshot.segments:
        segment.rows["sequence"].sum()


def _rate(sampler: Sampler, rng: np.random.Generator, batches: int) -> tuple[float, float]:
    """Batches per second of wall time, and of processor time."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(batches):
        sampler.sample(BATCH, rng)
    return batches / (time.perf_counter() - wall), batches / (time.process_time() - cpu)


def anonymous_bytes() -> int:
    """Memory of this process that no file backs (RssAnon)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status tells no RssAnon")


def in_child(work: Callable[[], Any], *, then_kill: bool = False) -> Any:
    """What `work` gives in a forked process, which can be killed right after."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            os.write(writing, json.dumps(work()).encode())
            if then_kill:
                os.kill(os.getpid(), signal.SIGKILL)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    if not told:
        raise ChildProcessError("the measuring process failed")
    return json.loads(told)
