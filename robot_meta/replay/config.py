"""How a store writes."""

from __future__ import annotations

from dataclasses import dataclass

from robot_meta.replay.retention import Retention
from robot_meta.replay.segments import HEADER_BYTES


@dataclass(frozen=True, kw_only=True)
class StoreConfig:
    """Sizes and times of writing, and what to keep.

    Attributes:
        segment_bytes: Size at which a new segment is begun, [bytes].
        commit_period: Shortest time between two syncs, [s]; longer waits gather more rows.
        max_pending: Rows that wait to be written at most; `append` then waits.
        retention: Disk budget; None keeps everything.
    """

    segment_bytes: int = 64 << 20
    commit_period: float = 0.02
    max_pending: int = 1 << 16
    retention: Retention | None = None

    def __post_init__(self) -> None:
        if self.segment_bytes < 2 * HEADER_BYTES:
            raise ValueError(f"segment_bytes must be >= 8192, got {self.segment_bytes}")
        if self.retention and self.retention.max_bytes < 4 * self.segment_bytes:
            raise ValueError(
                f"max_bytes must hold at least 4 segments of {self.segment_bytes} bytes, got "
                f"{self.retention.max_bytes}"
            )
