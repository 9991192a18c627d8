"""The part of a video that a kill or a power cut left whole, as a file of its own to read."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import BinaryIO


class SoundPart(io.RawIOBase):
    """The file up to the end of its last whole frame; FFmpeg refuses some of those that are torn.

    Args:
        path: Fragmented MP4, one frame per fragment.

    Attributes:
        size: Bytes that are sound; 0 where not even the first frame is. All of a file of another
            kind, so that whoever reads it can say what is wrong.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("rb")
        self.size = _sound_end(self._file)
        self._file.seek(0)

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, `size` of them at most."""
        left = max(0, self.size - self._file.tell())
        return self._file.read(left if size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; the end is that of the sound part."""
        if whence == io.SEEK_END:
            return self._file.seek(self.size + offset)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Where it is."""
        return self._file.tell()

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        self._file.close()
        super().close()


def _sound_end(file: BinaryIO) -> int:
    """Where the last box of data ends that is there as a whole, or the last box behind it."""
    size = file.seek(0, io.SEEK_END)
    place = end = 0
    data = False
    while place + 8 <= size:
        file.seek(place)
        length, kind = struct.unpack(">I4s", file.read(8))
        if place == 0 and kind != b"ftyp":
            return size
        place += length
        if length < 8 or place > size:
            break
        data = data or kind == b"mdat"
        if data and kind != b"moof":
            end = place
    return end
