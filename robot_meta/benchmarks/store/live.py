"""A writer at 1 kHz with a reader beside it: how long writing takes, and what the reader sees."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from robot_meta.benchmarks.store.workload import (
    EPISODE_STEPS,
    FIELDS,
    Promises,
    transitions,
    verdict,
)
from robot_meta.errors import StoreMissing
from robot_meta.replay.config import StoreConfig
from robot_meta.replay.sampling import uniform
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.store import Receipt, ReplayStore

_PERIOD = 1e-3  # [s]
_CONFIG = StoreConfig(segment_bytes=1 << 18)  # a new segment every 4 s


@dataclass(frozen=True)
class Live:
    """Figures of one such stretch.

    Attributes:
        append_p99_ms: Time in `append`.
        acknowledge_p50_ms: Time until a transition is durable.
        acknowledge_p99_ms: The same.
        rows_read: How many the reader drew meanwhile.
        corrupt: How many of those were never written.
        rate: Transitions a second.
    """

    append_p99_ms: float
    acknowledge_p50_ms: float
    acknowledge_p99_ms: float
    rows_read: int
    corrupt: int
    rate: float


def live(path: Path, seconds: float, seed: int) -> Live:
    """Write for `seconds` in another process, and draw batches in this one."""
    here, there = get_context("fork").Pipe(duplex=False)
    writer = get_context("fork").Process(target=_write, args=(path, seconds, there), daemon=True)
    writer.start()
    there.close()
    rng = np.random.default_rng(seed)
    snapshot: Snapshot | None = None
    read = corrupt = 0
    while not here.poll(0.02):
        try:
            snapshot = snapshot.newer() if snapshot is not None else Snapshot(path)
        except StoreMissing:
            continue
        if len(snapshot):
            batch = uniform(snapshot).sample(256, rng)
            values = np.concatenate([batch.values[name] for name in FIELDS], axis=1)
            found = verdict(batch.episode, batch.step, batch.stamp, values, Promises())
            read, corrupt = read + len(batch), corrupt + found.corrupt
    append, acknowledge, rate = here.recv()
    writer.join()
    return Live(
        float(np.percentile(append, 99) * 1e3),
        float(np.percentile(acknowledge, 50) * 1e3),
        float(np.percentile(acknowledge, 99) * 1e3),
        read,
        corrupt,
        rate,
    )


def _write(path: Path, seconds: float, pipe: Connection) -> None:
    append, acknowledge = [], []
    waiting: deque[tuple[Receipt, float]] = deque()
    with ReplayStore(path, fields=FIELDS, config=_CONFIG) as store:
        episode, begin = 0, time.perf_counter()
        count = round(seconds / _PERIOD)
        for number in range(count):
            step = number % EPISODE_STEPS
            if step == 0:
                episode = store.begin_episode(f"episode {number}")
            part = transitions(episode, step, 1)
            while (now := time.perf_counter()) < begin + number * _PERIOD:
                time.sleep(max(0.0, begin + number * _PERIOD - now))
            receipt = store.append(episode, part)
            after = time.perf_counter()
            append.append(after - now)
            waiting.append((receipt, now))
            while waiting and waiting[0][0].acknowledged:
                acknowledge.append(after - waiting.popleft()[1])
        store.flush()
        rate = count / (time.perf_counter() - begin)
    pipe.send((append, acknowledge, rate))
