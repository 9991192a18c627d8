"""Torn tails and flipped bits: what a disk or a copy does to files behind the store's back."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import numpy as np

from robot_meta.benchmarks.store.kills import SMALL
from robot_meta.benchmarks.store.workload import (
    FIELDS,
    Promises,
    Verdict,
    judged,
    judged_without_checks,
    produce,
)
from robot_meta.errors import StoreDamaged
from robot_meta.replay.inspection import verify
from robot_meta.replay.manifest import read_manifest
from robot_meta.replay.records import Layout
from robot_meta.replay.segments import HEADER_BYTES, ROWS, segment_path
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.store import ReplayStore

_BLOCKS = 60


def make_store(path: Path, seed: int, *, ended: bool) -> Promises:
    """A store with a few segments; one that is not ended is as a killed writer leaves it."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            store = ReplayStore(path, fields=FIELDS, config=SMALL)
            produce(store, np.random.default_rng(seed), lambda episode, steps: None, _BLOCKS)
            if ended:
                store.close()
        os._exit(0)
    os.waitpid(child, 0)
    promises = Promises()
    for run in Snapshot(path).runs:  # all of it was acknowledged: `produce` waits at its end
        promises.note(int(run["episode"]), int(run["step"]) + int(run["count"]))
    return promises


def torn_tails(folder: Path, trials: int, seed: int) -> tuple[Verdict, Verdict]:
    """What goes wrong when something is left after the last acknowledged row of a killed writer.

    That is part of a row, zeros, noise, or rows that were written elsewhere in the store before.

    Returns:
        Of the store, read as it lies and after it was put right; of a reader without checksums.
    """
    rng = np.random.default_rng(seed)
    made = folder / "torn"
    promises = make_store(made, seed, ended=False)
    active = read_manifest(made).active
    assert active is not None
    size = Layout.of(FIELDS).row_bytes
    wrong, unchecked = Verdict(), Verdict()
    for trial in range(trials):
        path = _copy(made, folder / f"torn-{trial}")
        file = segment_path(path, active.name)
        rows = file.read_bytes()[HEADER_BYTES:]
        length = int(rng.integers(1, 4 * size))
        begin = int(rng.integers(len(rows) // size)) * size
        tails = (rows[begin : begin + length], bytes(length), rng.bytes(length))
        with file.open("ab") as end:
            end.write(tails[trial % len(tails)])
        wrong += judged(path, promises)
        unchecked += judged_without_checks(path, promises)
        more = Promises(dict(promises.steps))
        with ReplayStore(path) as store:
            produce(store, rng, more.note, 1)
        wrong += judged(path, more)
        shutil.rmtree(path)
    return wrong, unchecked


def flipped_bits(folder: Path, trials: int, seed: int) -> tuple[Verdict, Verdict, int]:
    """What goes wrong when one bit of one file of a store flips.

    Half of the flips hit rows, the others the small files. A row that is hit is gone: it counts as
    lost only where more than it is lost.

    Returns:
        Of the store; of a reader without checksums; how many flips `verify` found.
    """
    rng = np.random.default_rng(seed)
    made = folder / "flipped"
    promises = make_store(made, seed, ended=True)
    wrong, unchecked, noticed = Verdict(), Verdict(), 0
    for trial in range(trials):
        path = _copy(made, folder / f"flipped-{trial}")
        in_rows = trial % 2 == 0
        files = [f for f in sorted(path.rglob("*.*")) if f.is_file() and f.stat().st_size]
        chosen = [f for f in files if (f.suffix == ROWS) == in_rows]
        file = chosen[int(rng.integers(len(chosen)))]
        data = bytearray(file.read_bytes())
        place = int(rng.integers(HEADER_BYTES if in_rows else 0, len(data)))
        data[place] ^= 1 << int(rng.integers(8))
        file.write_bytes(data)
        noticed += _noticed(path)
        found = judged(path, promises)
        wrong += Verdict(max(0, found.lost - int(in_rows)), found.duplicated, found.corrupt)
        unchecked += judged_without_checks(path, promises)
        shutil.rmtree(path)
    return wrong, unchecked, noticed


def _noticed(path: Path) -> bool:
    try:
        read_manifest(path)
    except StoreDamaged:
        return True
    return not all(report.sound for report in verify(path))


def _copy(made: Path, path: Path) -> Path:
    shutil.copytree(made, path)
    return path
