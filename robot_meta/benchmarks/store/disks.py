"""A disk that fills up while a store is written, and one that turns read-only."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from robot_meta.benchmarks.store.kills import SMALL
from robot_meta.benchmarks.store.workload import FIELDS, Promises, Verdict, judged, produce
from robot_meta.errors import RobotMetaError, StoreFull, StoreRefused
from robot_meta.replay.files import Files
from robot_meta.replay.store import ReplayStore

_SMALL_DISK = 512 << 10  # [bytes]


class NoDisk(Exception):
    """A small disk of our own cannot be mounted here."""


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of half a megabyte.

    Raises:
        NoDisk: Mounting is not allowed here.
    """
    if os.geteuid() != 0:
        raise NoDisk("mounting a small disk takes root")
    folder.mkdir(parents=True)
    done = _run("mount", "-t", "tmpfs", "-o", f"size={_SMALL_DISK}", "tmpfs", str(folder))
    if done.returncode:
        raise NoDisk(f"mounting a small disk failed: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        _run("umount", str(folder))


def full_disk(disk: Path, seed: int, make_files: Callable[[], Files] = Files) -> Verdict:
    """What goes wrong when a disk fills up, is cleared a little, and fills up again."""
    rng = np.random.default_rng(seed)
    wrong, promises = Verdict(), Promises()
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(_SMALL_DISK // 3))
    for _ in range(2):
        with (
            suppress(StoreFull),
            ReplayStore(disk / "store", fields=FIELDS, config=SMALL, files=make_files()) as store,
        ):
            produce(store, rng, promises.note)
        found = judged(disk / "store", promises)
        wrong += found
        if found.lost:
            break
        ballast.unlink(missing_ok=True)
    return wrong


def read_only(disk: Path, seed: int) -> tuple[Verdict, bool]:
    """What goes wrong on a disk that turned read-only, and whether a writer is told so."""
    promises = Promises()
    with ReplayStore(disk / "store", fields=FIELDS, config=SMALL) as store:
        produce(store, np.random.default_rng(seed), promises.note, 20)
    _run("mount", "-o", "remount,ro", str(disk))
    try:
        with ReplayStore(disk / "store"):
            told = False
    except RobotMetaError as error:
        told = isinstance(error, StoreRefused)
    return judged(disk / "store", promises), told


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)
