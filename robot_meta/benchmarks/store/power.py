"""Power cuts: the log of what was written, cut anywhere, with unsynced writes dropped at random.

What was synced stays. Of every file, what was written since is kept or zeroed sector by sector,
and the file ends anywhere beyond what was synced; of names, what changed since their folder was
synced is kept or undone one by one.

Source: the fault model of Pillai et al. 2014 (ALICE).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
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
from robot_meta.replay.files import Files
from robot_meta.replay.segments import FOLDER
from robot_meta.replay.store import ReplayStore

SECTOR = 512
_ROUNDS = 10  # power cuts of one store


@dataclass
class Inode:
    """Bytes of a file, and how many of them are on the disk for sure."""

    data: bytearray = field(default_factory=bytearray)
    synced: int = 0

    def after_cut(self, rng: np.random.Generator) -> bytes:
        """What a power cut may leave of it."""
        end = int(rng.integers(self.synced, len(self.data) + 1))
        left = self.data[:end]
        for begin in range(self.synced // SECTOR * SECTOR, end, SECTOR):
            if rng.random() < 0.3:
                first, last = max(begin, self.synced), min(begin + SECTOR, end)
                left[first:last] = bytes(last - first)
        return bytes(left)


@dataclass
class Disk:
    """Files by name as a program sees them, and as the disk holds them for sure."""

    seen: dict[str, Inode] = field(default_factory=dict)
    sure: dict[str, Inode] = field(default_factory=dict)
    pending: list[tuple[str, str, str]] = field(default_factory=list)  # operation, name, source

    @classmethod
    def of(cls, root: Path) -> Disk:
        """All that lies in `root`, on the disk for sure."""
        disk = cls()
        for path in root.rglob("*"):
            if path.is_file():
                data = bytearray(path.read_bytes())
                disk.seen[str(path.relative_to(root))] = Inode(data, len(data))
        disk.sure = dict(disk.seen)
        return disk

    def rename(self, operation: str, name: str, source: str = "") -> None:
        """Note a change of names that is not synced yet."""
        self.pending.append((operation, name, source))
        _change(self.seen, operation, name, self.seen.get(source or name))

    def sync_folder(self, folder: str) -> None:
        """Make changes of names in `folder` sure."""
        for name in {n for n in {*self.seen, *self.sure} if os.path.dirname(n) == folder}:
            _change(self.sure, "set" if name in self.seen else "remove", name, self.seen.get(name))
        self.pending = [p for p in self.pending if os.path.dirname(p[1]) != folder]

    def after_cut(self, rng: np.random.Generator, root: Path) -> None:
        """Put what a power cut may leave into the new folder `root`."""
        names = dict(self.sure)
        inodes = {**self.sure, **self.seen}
        for operation, name, source in self.pending:
            if rng.random() < 0.5:
                _change(names, operation, name, names.get(source) or inodes.get(source or name))
                if operation == "replace":
                    names.pop(source, None)
        (root / FOLDER).mkdir(parents=True)
        for name, inode in names.items():
            (root / name).write_bytes(inode.after_cut(rng))


def _change(names: dict[str, Inode], operation: str, name: str, inode: Inode | None) -> None:
    if operation == "remove":
        names.pop(name, None)
    elif inode is not None:
        names[name] = inode


class RecordingFiles(Files):
    """Does everything, and keeps what a disk would look like if power failed at operation `cut`.

    Args:
        root: Folder of the store.
        cut: Number of the operation before which the power fails.
        honest: Whether syncs reach the disk; False is the control.
    """

    def __init__(self, root: Path, cut: int, *, honest: bool = True) -> None:
        self._root, self._cut, self._honest = root, cut, honest
        self._disk, self._names = Disk.of(root), dict[int, str]()
        self.operations = 0

    @property
    def off(self) -> bool:
        """Whether the power has failed: nothing after that is kept."""
        return self.operations > self._cut

    def after_cut(self, rng: np.random.Generator, root: Path) -> None:
        """Put what the power cut may leave into the new folder `root`."""
        self._disk.after_cut(rng, root)

    def _kept(self) -> bool:
        self.operations += 1
        return not self.off

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._root))

    def create(self, path: Path) -> int:
        """Create and keep."""
        file = super().create(path)
        self._names[file] = self._name(path)
        if self._kept():
            self._disk.seen[self._name(path)] = Inode()
            self._disk.rename("set", self._name(path))
        return file

    def append(self, file: int, data: bytes | memoryview) -> None:
        """Append and keep."""
        super().append(file, data)
        if self._kept():
            self._disk.seen[self._names[file]].data += data

    def sync(self, file: int) -> None:
        """Keep that it is synced."""
        if self._kept() and self._honest:
            inode = self._disk.seen[self._names[file]]
            inode.synced = len(inode.data)

    def cut(self, path: Path, size: int) -> None:
        """Cut and keep."""
        os.truncate(path, size)
        if self._kept():
            inode = self._disk.seen[self._name(path)]
            del inode.data[size:]
            inode.synced = size

    def replace(self, source: Path, target: Path) -> None:
        """Replace and keep."""
        super().replace(source, target)
        if self._kept():
            self._disk.rename("replace", self._name(target), self._name(source))
            self._disk.seen.pop(self._name(source), None)

    def remove(self, path: Path) -> None:
        """Remove and keep."""
        super().remove(path)
        if self._kept():
            self._disk.rename("remove", self._name(path))

    def sync_folder(self, folder: Path) -> None:
        """Keep that names are synced."""
        if self._kept() and self._honest:
            name = self._name(folder)
            self._disk.sync_folder("" if name == "." else name)


def power_cuts(
    folder: Path, cuts: int, seed: int, *, honest: bool = True
) -> tuple[Verdict, Verdict, int]:
    """What went wrong; what a reader without checksums returns; how much was acknowledged.

    Each store goes through a chain of power cuts: what one leaves is opened and written to until
    the next, which may come while it is being put right.
    """
    rng = np.random.default_rng(seed)
    wrong, unchecked, promised = Verdict(), Verdict(), 0
    promises, path = Promises(), folder
    usable = False
    for number in range(cuts):
        if number % _ROUNDS == 0 or not usable:
            promised += promises.total
            promises, path = Promises(), folder / f"cut-{number}"
            path.mkdir(parents=True)
        files = RecordingFiles(path, int(rng.integers(1, 150)), honest=honest)
        try:
            _session(path, files, rng, promises)
        except StoreDamaged:  # beyond what an honest disk can do
            if honest:
                raise
            usable = False
            continue
        path = folder / f"cut-{number}-after"
        files.after_cut(rng, path)
        found = judged(path, promises)
        unchecked += judged_without_checks(path, promises)
        wrong += found
        usable = found.lost == 0
    return wrong, unchecked, promised + promises.total


def _session(
    path: Path, files: RecordingFiles, rng: np.random.Generator, promises: Promises
) -> None:
    """A writer that works on until after the cut; what is acknowledged before the cut counts."""

    def acknowledged(episode: int, steps: int) -> None:
        if not files.off:
            promises.note(episode, steps)

    with ReplayStore(path, fields=FIELDS, config=SMALL, files=files) as store:
        while not files.off:
            produce(store, rng, acknowledged, 1, wait=True)
