"""One transition on disk: a fixed number of bytes that vouch for themselves.

A row carries its place in the segment, and its checksum begins from the segment's identity: bytes
of another segment, another place or another time never pass for it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from robot_meta.replay.transitions import Transitions

Rows = npt.NDArray[np.void]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Layout:
    """Bytes of a row: 28 bytes of header, D float32 values, 4 bytes of CRC-32.

    Attributes:
        fields: Name and width of every field, in order.
    """

    fields: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, fields: Mapping[str, int]) -> Layout:
        """The layout of named fields with their widths."""
        wrong = {k: v for k, v in fields.items() if not (isinstance(v, int) and v >= 1)}
        if wrong or not fields:
            raise ValueError(f"want one width >= 1 per field, got {dict(fields)}")
        return cls(tuple(fields.items()))

    @cached_property
    def width(self) -> int:
        """D, float32 values in a row."""
        return sum(width for _, width in self.fields)

    @cached_property
    def dtype(self) -> np.dtype[np.void]:
        """The row as numpy sees it.

        `synced` is how many rows of the segment were durable when it was written.
        """
        return np.dtype(
            [
                ("sequence", "<u4"),
                ("synced", "<u4"),
                ("episode", "<u4"),
                ("step", "<u4"),
                ("stamp", "<f8"),
                ("ending", "<u4"),
                ("values", "<f4", (self.width,)),
                ("crc", "<u4"),
            ]
        )

    @property
    def row_bytes(self) -> int:
        """Size of a row."""
        return self.dtype.itemsize

    def rows(self, episode: int, step: int, transitions: Transitions) -> Rows:
        """Rows of consecutive steps from `step` on, not yet signed."""
        count = len(transitions)
        given = {name: np.shape(value) for name, value in transitions.values.items()}
        wanted = {name: (count, width) for name, width in self.fields}
        if given != wanted:
            raise ValueError(f"want fields of shapes {wanted}, got {given}")
        rows = np.zeros(count, self.dtype)
        rows["episode"], rows["step"] = episode, step + np.arange(count)
        rows["stamp"] = transitions.stamp
        if transitions.ending is not None:
            rows["ending"] = transitions.ending
        begin = 0
        for name, width in self.fields:
            rows["values"][:, begin : begin + width] = transitions.values[name]
            begin += width
        return rows

    def split(self, values: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[np.float32]]:
        """Named fields of the values (n, D)."""
        ends = np.cumsum([width for _, width in self.fields])
        parts = np.split(values, ends[:-1], axis=1)
        return {name: part for (name, _), part in zip(self.fields, parts, strict=True)}

    def sign(self, rows: Rows, segment: UUID, first: int, synced: int) -> None:
        """Make `rows` those from place `first` on of `segment`."""
        rows["sequence"] = first + np.arange(len(rows))
        rows["synced"] = synced
        rows["crc"] = self._checksums(rows, [seed_of(segment)] * len(rows))

    def intact(self, rows: Rows, seeds: list[int], sequence: npt.NDArray[Any]) -> Mask:
        """Which rows are what was once written to the place `sequence` of their segment, (n,).

        Args:
            rows: As read, (n,).
            seeds: `seed_of` the segment of each.
            sequence: Where each was read, (n,).
        """
        good: Mask = rows["sequence"] == sequence
        good &= rows["crc"] == self._checksums(rows, seeds)
        return good

    def _checksums(self, rows: Rows, seeds: list[int]) -> npt.NDArray[np.uint32]:
        size, used = self.row_bytes, self.row_bytes - 4
        data = np.ascontiguousarray(rows).view(np.uint8).data
        crc32 = zlib.crc32
        sums = [
            crc32(data[begin : begin + used], seed)
            for begin, seed in zip(range(0, len(data), size), seeds, strict=True)
        ]
        return np.array(sums, np.uint32)


def seed_of(segment: UUID) -> int:
    """What the checksums of a segment's rows begin from."""
    return zlib.crc32(segment.bytes)
