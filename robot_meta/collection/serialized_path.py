"""A serialized nav_msgs/Path, read as one table.

Middleware makes an object of every pose, which takes 50 ms for a path of a minute and holds the
interpreter all that time; a controller that follows another path has less than its period.
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from robot_meta.collection.decoding import BASE_FRAME, NANOSECONDS
from robot_meta.types import Array, TargetPath

_HEAD = 4  # bytes that tell the byte order; offsets count from behind them
_STAMP, _LENGTH, _POSE = 8, 4, 56  # bytes: two integers, one, seven doubles


def target_from_serialized(data: bytes, base_frame: str = BASE_FRAME) -> TargetPath:
    """The target in a nav_msgs/Path as it comes over the wire (CDR).

    Raises:
        ValueError: Another frame than the base, bytes that are no such message, or a path that
            `TargetPath` refuses.
    """
    stamp, pose = poses_from_serialized(data, base_frame)
    return TargetPath(stamp=stamp, position=pose[:, :3])


def poses_from_serialized(data: bytes, base_frame: str) -> tuple[Array, Array]:
    """Stamps (P,), [s], and poses (P, 7), [m] and quaternion xyzw, of a serialized nav_msgs/Path.

    Raises:
        ValueError: A pose in another frame, or bytes that are no such message.
    """
    order, body = "<" if data[1:2] == b"\1" else ">", data[_HEAD:]
    try:
        frame = _text(body, _STAMP, order)
        begin = _aligned(_STAMP + _LENGTH + len(frame), 4)
        (count,) = struct.unpack_from(f"{order}I", body, begin)
        tables = list(_tables(body, begin + 4, count, order))
    except (struct.error, ValueError):
        raise ValueError(
            f"want a serialized nav_msgs/Path with every pose in frame '{base_frame}', got "
            f"{len(data)} bytes of something else"
        ) from None
    known = {b"", base_frame.encode()}
    frames = {frame, *(name for table in tables for name in np.unique(table["frame"]).tolist())}
    wrong = sorted({name.rstrip(b"\0") for name in frames} - known)
    if wrong or any((table["length"] != table["length"][0]).any() for table in tables):
        names = [name.decode(errors="replace") for name in wrong]
        raise ValueError(f"want every pose in frame '{base_frame}', got {names or 'a mix'}")
    seconds, nanoseconds, pose = (
        np.concatenate([table[name] for table in tables]) if tables else np.zeros((0, 7))
        for name in ("seconds", "nanoseconds", "pose")
    )
    stamps = seconds.astype(np.int64) * NANOSECONDS + nanoseconds.astype(np.int64)
    exact = np.array([stamp / NANOSECONDS for stamp in stamps.tolist()], dtype=float)  # integers
    return exact, pose.astype(np.float64)


def _tables(body: bytes, begin: int, count: int, order: str) -> list[npt.NDArray[np.void]]:
    """The first of `count` stamped poses from `begin` on, and the others, which lie alike.

    All have a frame as long as that of the first, or the lengths found in their places differ.
    """
    if count == 0:
        return []
    length = _LENGTH + len(_text(body, begin + _STAMP, order))
    tables = []
    for size in (1, count - 1):
        pose = _aligned(begin + _STAMP + length, 8) - begin
        dtype = np.dtype(
            {
                "names": ["seconds", "nanoseconds", "length", "frame", "pose"],
                "formats": [
                    *(f"{order}i4", f"{order}u4", f"{order}u4"),
                    *(f"S{max(length - _LENGTH, 1)}", (f"{order}f8", 7)),
                ],
                "offsets": [0, 4, _STAMP, _STAMP + _LENGTH, pose],
                "itemsize": pose + _POSE,
            }
        )
        if size:
            tables.append(np.frombuffer(body, dtype, size, begin))
        begin += dtype.itemsize
    return tables


def _text(body: bytes, begin: int, order: str) -> bytes:
    """A string with the zero at its end."""
    (length,) = struct.unpack_from(f"{order}I", body, begin)
    return body[begin + _LENGTH : begin + _LENGTH + length]


def _aligned(offset: int, size: int) -> int:
    return -(-offset // size) * size
