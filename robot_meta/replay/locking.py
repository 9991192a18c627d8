"""One writer at a time: an advisory lock that ends with the process that holds it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from robot_meta.errors import StoreBusy, StoreMissing

_LOCK = "writer.lock"


def lock(path: Path, *, create: bool) -> int:
    """Lock the store in `path` for writing; the descriptor whose closing unlocks it.

    Raises:
        StoreBusy: Another process holds it.
        StoreMissing: There is no such folder, and it is not to be made.
    """
    if create:
        path.mkdir(parents=True, exist_ok=True)
    elif not path.is_dir():
        raise StoreMissing(path)
    file = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise StoreBusy(path) from None
    return file
