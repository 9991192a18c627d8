"""The index: stretches of consecutive steps of one episode, 16 bytes each.

It is derived from the rows. A finished segment has it in a file of its own, which is made anew
wherever it is missing or altered.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from uuid import UUID

import numpy as np
import numpy.typing as npt

RUN = np.dtype([("start", "<u4"), ("count", "<u4"), ("episode", "<u4"), ("step", "<u4")])
LONGEST = 256  # steps in a run at most, and where runs break: what retention keeps or drops
Runs = npt.NDArray[np.void]


def runs_of(episode: npt.NDArray[np.uint32], step: npt.NDArray[np.uint32], first: int = 0) -> Runs:
    """Runs of rows with these episodes and steps, (n,) each.

    Args:
        episode: Of each row.
        step: Of each row.
        first: Place of the first row in its segment.
    """
    if len(episode) == 0:
        return np.zeros(0, RUN)
    follows = (episode[1:] == episode[:-1]) & (step[1:] == step[:-1] + 1)
    breaks = np.flatnonzero(~follows | (step[1:] % LONGEST == 0)) + 1
    start = np.concatenate([[0], breaks])
    runs = np.empty(len(start), RUN)
    runs["start"] = first + start
    runs["count"] = np.diff(np.append(start, len(episode)))
    runs["episode"], runs["step"] = episode[start], step[start]
    return runs


def encode_runs(runs: Runs, segment: UUID, rows: int) -> bytes:
    """The file of the index of a segment with `rows` rows."""
    content = struct.pack("<II", rows, len(runs)) + runs.tobytes()
    return struct.pack("<I", zlib.crc32(content, zlib.crc32(segment.bytes))) + content


def read_runs(path: Path, segment: UUID) -> tuple[Runs, int] | None:
    """The index of a segment and how many rows it covers; None if missing or altered."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(data) < 12 or (len(data) - 12) % RUN.itemsize:
        return None
    crc, rows, count = struct.unpack("<III", data[:12])
    if crc != zlib.crc32(data[4:], zlib.crc32(segment.bytes)):
        return None
    return np.frombuffer(data[12:], RUN, count), rows
