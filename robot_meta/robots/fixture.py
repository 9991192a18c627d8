"""Something that stands in the cell and does not move."""

from __future__ import annotations

from dataclasses import dataclass

Vector = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Fixture:
    """A box, or the box around something of another shape.

    Attributes:
        name: What it is called; no two of a cell are called the same.
        size: Its edges, [m].
        position: Its centre in the base frame, [m].
        rotation: Roll, pitch and yaw about the axes of the base, in this order, [rad].
        touchable: Fingers, hand and the last link may touch it; the rest of the arm keeps away.
    """

    name: str
    size: Vector
    position: Vector
    rotation: Vector = (0.0, 0.0, 0.0)
    touchable: bool = False

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a fixture needs a name")
        if not min(self.size) > 0.0:
            raise ValueError(f"fixture '{self.name}': size must be > 0, got {self.size}")
