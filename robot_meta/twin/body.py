"""What the lists of possible differences of a body have in common."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from Python 3.11 on


@dataclass(frozen=True, kw_only=True)
class Body:
    """Numbers and tuples of numbers; the defaults of a subclass are the nominal body.

    Attributes:
        RANGES: (lowest, highest) of the fields that have such.
    """

    RANGES: ClassVar[dict[str, tuple[float, float]]] = {}

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(field.default, tuple):
                value = _floats(field.name, value, len(field.default))
            else:
                value = _floats(field.name, (value,), 1)[0]
            object.__setattr__(self, field.name, value)
            low, high = self.RANGES.get(field.name, (-math.inf, math.inf))
            if not (low <= np.min(value) and np.max(value) <= high):
                raise ValueError(f"{field.name} must be within [{low}, {high}], got {value}")

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Its fields."""
        return tuple(field.name for field in dataclasses.fields(cls))

    def changed(self, name: str, value: Any) -> Self:
        """The same body with one field changed.

        Raises:
            ValueError: No such field, or a value it cannot have.
        """
        if name not in self.names():
            raise ValueError(f"no perturbation '{name}'; choose one of {sorted(self.names())}")
        return dataclasses.replace(self, **{name: value})

    def differences(self) -> dict[str, Any]:
        """The fields that are not nominal, with their values."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        }


@dataclass(frozen=True, kw_only=True)
class Change:
    """One field of a body that changes while a twin runs.

    Attributes:
        BODY: What changes.
        stamp: Robot time of the first step with the new value, [s].
        name: Field of the body.
        value: Its new value.
    """

    BODY: ClassVar[type[Body]]

    stamp: float
    name: str
    value: Any

    def __post_init__(self) -> None:
        if not (math.isfinite(self.stamp) and self.stamp >= 0.0):
            raise ValueError(f"stamp must be finite and >= 0, got {self.stamp}")
        self.BODY().changed(self.name, self.value)

    @classmethod
    def all_at(cls, stamp: float, body: Body) -> tuple[Self, ...]:
        """The changes that turn the nominal body into `body` at `stamp` [s]."""
        return tuple(
            cls(stamp=stamp, name=name, value=value) for name, value in body.differences().items()
        )


def _floats(name: str, value: Any, length: int) -> tuple[float, ...]:
    if not isinstance(value, Iterable) or isinstance(value, str):
        raise ValueError(f"{name} must have {length} values, got {value!r}")
    items = tuple(float(item) for item in value)
    if len(items) != length or not all(math.isfinite(item) for item in items):
        raise ValueError(f"{name} must have {length} finite values, got {value!r}")
    return items
