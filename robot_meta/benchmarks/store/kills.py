"""kill -9 at random moments: while a store is opened, written, merged and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from robot_meta.benchmarks.store.workload import (
    FIELDS,
    Promises,
    Verdict,
    judged,
    produce,
)
from robot_meta.replay.config import StoreConfig
from robot_meta.replay.files import Files
from robot_meta.replay.store import ReplayStore

SMALL = StoreConfig(segment_bytes=1 << 15, commit_period=0.001)  # 448 rows: many ends and merges
_ROUNDS = 25  # kills of one store
_WHILE_WRITING = 0.8  # share of kills after some acknowledgements; the others come at any time
_MOST_ACKS = 150  # before a kill
_DELAY = 0.01  # mean time from there to the kill, [s]
_ACK = struct.Struct("<II")


class BufferedFiles(Files):
    """Control: what is written stays in the process for a while, and syncs do nothing."""

    def __init__(self, hold: int = 1 << 16) -> None:
        self._held: dict[int, bytearray] = {}
        self._hold = hold

    def append(self, file: int, data: bytes | memoryview) -> None:
        """Keep it."""
        held = self._held.setdefault(file, bytearray())
        held += data
        if len(held) >= self._hold:
            self._release(file)

    def sync(self, file: int) -> None:
        """Claim that it is done."""

    def close(self, file: int) -> None:
        """Write what is left."""
        try:
            self._release(file)
        finally:
            super().close(file)

    def _release(self, file: int) -> None:
        held = self._held.pop(file, bytearray())
        super().append(file, bytes(held))


def kill_rounds(
    folder: Path, kills: int, seed: int, make_files: Callable[[], Files] = Files
) -> tuple[Verdict, int]:
    """What went wrong over all kills, and how many transitions had been acknowledged.

    After every kill the store is read in full as it lies there; the next writer then opens it, and
    may be killed while it does.
    """
    rng = np.random.default_rng(seed)
    wrong, promised = Verdict(), 0
    promises, path = Promises(), folder
    usable = False
    for number in range(kills):
        if number % _ROUNDS == 0 or not usable:
            promised += promises.total
            promises, path = Promises(), folder / f"killed-{number}"
        _killed_session(path, rng, promises, make_files)
        found = judged(path, promises)
        wrong += found
        usable = found.lost == 0
    return wrong, promised + promises.total


def _killed_session(
    path: Path, rng: np.random.Generator, promises: Promises, make_files: Callable[[], Files]
) -> None:
    """One writer from its start to its kill."""
    reading, writing = os.pipe()
    seed = int(rng.integers(2**31))
    records, delay = int(rng.integers(_MOST_ACKS)), float(rng.exponential(_DELAY))
    child = os.fork()
    if child == 0:
        os.close(reading)
        _write_until_killed(path, seed, writing, make_files())
    os.close(writing)
    told = b""
    with os.fdopen(reading, "rb") as pipe:
        try:
            if rng.random() < _WHILE_WRITING:
                told = pipe.read(records * _ACK.size)
            time.sleep(delay)
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        told += pipe.read()
    for episode, steps in _ACK.iter_unpack(told[: len(told) // _ACK.size * _ACK.size]):
        promises.note(episode, steps)


def _write_until_killed(path: Path, seed: int, pipe: int, files: Files) -> None:
    def acknowledged(episode: int, steps: int) -> None:
        os.write(pipe, _ACK.pack(episode, steps))

    with contextlib.suppress(BaseException):
        store = ReplayStore(path, fields=FIELDS, config=SMALL, files=files)
        produce(store, np.random.default_rng(seed), acknowledged)
    os._exit(1)
