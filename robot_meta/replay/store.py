"""The lifelong store: what it acknowledged is not lost, and only what was put in comes out.

Transitions are appended to segments, many at a time: one write and one sync for all that came
meanwhile (group commit), and only then are they acknowledged. One process writes, any number read
(`Snapshot`). Opening puts right whatever a kill, a power cut or a full disk left behind.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.errors import RobotMetaError, StoreFull, StoreRefused
from robot_meta.replay.config import StoreConfig
from robot_meta.replay.files import Files
from robot_meta.replay.locking import lock
from robot_meta.replay.records import Layout, Rows
from robot_meta.replay.recovery import recover
from robot_meta.replay.segment_writer import SegmentWriter
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.transitions import Episode, Transitions


@dataclass(frozen=True)
class Receipt:
    """A claim on transitions that were handed over; redeemed when they are durable."""

    store: ReplayStore = field(repr=False)
    count: int

    @property
    def acknowledged(self) -> bool:
        """Whether they outlast a power cut."""
        return self.store.acknowledged >= self.count

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until they outlast a power cut; False if that took longer than `timeout` [s].

        Raises:
            StoreFull: The disk is full, and they are not safe.
            StoreRefused: The disk failed, and they are not safe.
        """
        return self.store.wait_for(self.count, timeout)


class ReplayStore:
    """Writes to the store in a folder; made there if there is none. Use as a context manager.

    Args:
        path: The folder.
        fields: Name and width of every field of a transition; None takes those of the store.
        config: How to write.
        files: What to write with.

    Attributes:
        recovery: What opening it had to put right.

    Raises:
        StoreBusy: Another process writes to it.
        StoreMissing: There is none, and `fields` does not say what a new one holds.
        StoreDamaged: A finished segment is cut or missing, which no crash does.
        StoreVersion: A newer version wrote it.
        StoreRefused: The folder cannot be written.
        StoreFull: There is no space to put it right; nothing was lost.
    """

    def __init__(
        self,
        path: Path,
        *,
        fields: Mapping[str, int] | None = None,
        config: StoreConfig | None = None,
        files: Files | None = None,
    ) -> None:
        self.path, self._config = path, config or StoreConfig()
        files = files or Files()
        self.acknowledged = self._appended = 0
        with self._trouble():
            self._lock = lock(path, create=fields is not None)
            try:
                manifest, self.recovery = recover(files, path, fields)
                self._layout = Layout.of(manifest.fields)
                self._writer = SegmentWriter(files, path, manifest, self._config)
                self._remember(Snapshot(path))
            except BaseException:
                os.close(self._lock)
                raise
        self._pending: deque[Rows] = deque()
        self._failure: RobotMetaError | None = None
        self._closing = self._closed = False
        mutex = threading.RLock()
        self._work, self._done = threading.Condition(mutex), threading.Condition(mutex)
        self._thread = threading.Thread(target=self._run, name="replay-commit", daemon=True)
        self._thread.start()

    def _remember(self, snapshot: Snapshot) -> None:
        """Which episodes there are, and how far each has come."""
        self._episodes = dict(snapshot.episodes)
        self._numbers = {episode.key: number for number, episode in self._episodes.items()}
        runs = snapshot.runs
        highest = max([-1, *self._episodes, *np.unique(runs["episode"]).tolist()[-1:]])
        self._next_episode = max(self._writer.manifest.next_episode, highest + 1)
        ends = np.zeros(self._next_episode, np.int64)
        np.maximum.at(ends, runs["episode"], runs["step"].astype(np.int64) + runs["count"])
        self._next_step: dict[int, int] = dict(enumerate(ends.tolist()))

    def begin_episode(
        self, key: str, task: str = "", about: Mapping[str, Any] | None = None
    ) -> int:
        """The number of the episode `key`: a new one, or the one that was begun under it before.

        Args:
            key: Unique in the store; whoever was killed can go on with its episode by it.
            task: What it is an attempt at; retention and weights go by it.
            about: Instruction, who, seed, config, commit: what JSON can carry.
        """
        with self._work:
            if key not in self._numbers:
                number, self._next_episode = self._next_episode, self._next_episode + 1
                self._numbers[key] = number
                self._episodes[number] = Episode(number, key, task, dict(about or {}))
                self._next_step[number] = 0
            return self._numbers[key]

    def next_step(self, episode: int) -> int:
        """How many steps of the episode were handed over, or found when it was opened."""
        return self._next_step[episode]

    def append(self, episode: int, transitions: Transitions, step: int | None = None) -> Receipt:
        """Hand over consecutive transitions of an episode; returns before they are durable.

        Whoever does not know what was acknowledged before a crash may hand the same steps over
        again: those that are in the store already are not stored twice.

        Args:
            episode: As `begin_episode` gave it.
            transitions: T of them.
            step: Place of the first in the episode; None goes on where it ends.

        Raises:
            ValueError: They leave a gap, have wrong shapes, or are not finite.
            StoreFull: The disk is full.
            StoreRefused: The disk failed, or the store is closed.
        """
        if episode not in self._episodes:
            raise ValueError(f"no episode {episode} was begun; `begin_episode` gives numbers")
        with self._work:
            known = self._next_step[episode]
            first = known if step is None else step
            if not 0 <= first <= known:
                raise ValueError(f"episode {episode} goes on at step {known}, got {first}")
            rows = self._layout.rows(episode, first, transitions)[known - first :]
            if not (np.isfinite(rows["values"]).all() and np.isfinite(rows["stamp"]).all()):
                raise ValueError("transitions must be finite")
            while self._appended - self.acknowledged > self._config.max_pending:
                self._check()
                self._done.wait()
            self._check()
            if len(rows):
                self._next_step[episode] = known + len(rows)
                self._pending.append(rows)
                self._appended += len(rows)
                self._work.notify()
            return Receipt(self, self._appended)

    def wait_for(self, count: int, timeout: float | None = None) -> bool:
        """Wait until `count` transitions since opening are durable; see `Receipt.wait`."""
        with self._done:
            done = self._done.wait_for(
                lambda: self.acknowledged >= count or self._failure is not None, timeout
            )
            if self.acknowledged < count and self._failure is not None:
                raise self._failure
            return done

    def flush(self) -> None:
        """Wait until all that was handed over is durable; raises as `Receipt.wait` does."""
        self.wait_for(self._appended)

    def close(self) -> None:
        """Make everything durable and let others write; safe to call twice and after an error."""
        if self._closed:
            return
        self._closed = True
        with self._work:
            self._closing = True
            self._work.notify()
        self._thread.join()
        os.close(self._lock)
        if self._failure is not None and self.acknowledged < self._appended:
            raise self._failure

    def __enter__(self) -> ReplayStore:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._closed:
            raise StoreRefused(self.path, "it was closed")

    def _run(self) -> None:
        """The thread that writes."""
        try:
            with self._trouble():
                while self._wait_for_rows():
                    began = time.monotonic()
                    self._commit()
                    while self._writer.room == 0:
                        self._writer.finish()
                        self._writer.retain(self._commit)
                    if not self._closing:
                        time.sleep(max(0.0, self._config.commit_period + began - time.monotonic()))
                self._writer.finish()
        except RobotMetaError as error:
            self._failure = error
        except Exception as error:
            logging.getLogger(__name__).exception("the store's writer failed")
            self._failure = StoreRefused(self.path, repr(error))
        finally:
            self._writer.close()
            with self._done:
                self._done.notify_all()

    def _wait_for_rows(self) -> bool:
        with self._work:
            self._work.wait_for(lambda: self._pending or self._closing)
            return bool(self._pending)

    def _commit(self) -> None:
        """One write and one sync for all rows that wait and fit; then they are acknowledged."""
        rows = self._taken(self._writer.room)
        if len(rows) == 0:
            return
        with self._work:
            following = self._next_episode
        self._writer.append(rows, self._episodes, following)
        with self._done:
            self.acknowledged += len(rows)
            self._done.notify_all()

    def _taken(self, most: int) -> Rows:
        """Up to `most` of the rows that wait, in order."""
        parts = [np.zeros(0, self._layout.dtype)]
        with self._work:
            while self._pending and most:
                part = self._pending.popleft()
                if len(part) > most:
                    self._pending.appendleft(part[most:])
                    part = part[:most]
                parts.append(part)
                most -= len(part)
        return np.concatenate(parts)

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        """Turn what the system refuses into errors of the store."""
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StoreFull(self.path, self.acknowledged) from error
            raise StoreRefused(self.path, error.strerror or str(error)) from error
