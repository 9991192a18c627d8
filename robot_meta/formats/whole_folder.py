"""Writing a folder of files so that it is there as a whole, or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from robot_meta.errors import BadConfig, RecordingFailed
from robot_meta.replay.files import Files


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder to write to, which gets the name `target` when all of it outlasts a power cut.

    What is left of one that was killed before that is thrown away.

    Raises:
        BadConfig: There is something named `target`.
        RecordingFailed: The disk is full or refuses, or somebody else writes it at this moment.
    """
    if target.exists():
        raise BadConfig(f"{target} is there already; give another folder, or remove it")
    partial = target.with_name(target.name + ".partial")
    try:
        partial.mkdir(parents=True, exist_ok=True)
        held = os.open(partial, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise RecordingFailed(f"cannot write {target}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RecordingFailed(f"another process is writing {target}; wait for it") from None
        _empty(partial)
        try:
            yield partial
            _sync_tree(partial)
            partial.rename(target)
            Files().sync_folder(target.parent)
        except OSError as error:
            raise RecordingFailed(
                f"cannot write {target}: {error.strerror or error}. Nothing is left of it, and "
                "where it comes from is as it was"
            ) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    finally:
        os.close(held)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _sync_tree(folder: Path) -> None:
    files = Files()
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            descriptor = os.open(os.path.join(parent, name), os.O_RDONLY)
            try:
                files.sync(descriptor)
            finally:
                files.close(descriptor)
        files.sync_folder(Path(parent))
