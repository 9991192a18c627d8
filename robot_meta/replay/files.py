"""The few file operations that durability rests on, in one place.

Everything the writer changes on disk goes through one `Files`, so that a benchmark can record it,
drop what was not synced, and open what a power cut would have left.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


class Files:
    """Plain system calls; every one either does all it was asked or raises `OSError`."""

    def create(self, path: Path) -> int:
        """A new file to append to; its descriptor."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)

    def append(self, file: int, data: bytes | memoryview) -> None:
        """Write all of `data` at the end; a part of it may be there when this raises."""
        view = memoryview(data)
        while len(view):
            view = view[os.write(file, view) :]

    def sync(self, file: int) -> None:
        """Return when what was written outlasts a power cut."""
        os.fdatasync(file)

    def cut(self, path: Path, size: int) -> None:
        """Shorten a file to `size` bytes, durably."""
        os.truncate(path, size)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def close(self, file: int) -> None:
        """Close a descriptor."""
        os.close(file)

    def replace(self, source: Path, target: Path) -> None:
        """Give `source` the name `target`, all or nothing."""
        os.replace(source, target)

    def remove(self, path: Path) -> None:
        """Remove a file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)

    def sync_folder(self, folder: Path) -> None:
        """Return when new names and removals in `folder` outlast a power cut."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def write_new(self, path: Path, data: bytes) -> None:
        """Write a file in place of what may lie there; its name still wants `sync_folder`."""
        self.remove(path)
        file = self.create(path)
        try:
            self.append(file, data)
            self.sync(file)
        finally:
            self.close(file)

    def write_whole(self, path: Path, data: bytes) -> None:
        """Write a file anew, durably and all or nothing."""
        partial = path.with_name(path.name + ".partial")
        self.write_new(partial, data)
        self.replace(partial, path)
        self.sync_folder(path.parent)
