"""Sections of a YAML file as dataclasses that name everything there may be in them."""

from __future__ import annotations

import dataclasses
import difflib
import math
import typing
from typing import Any

Vector = tuple[float, float, float]


def section(kind: Any, content: Any, where: str, whole: str) -> Any:
    """A dataclass from a mapping that names nothing else than its fields.

    Args:
        kind: The dataclass; its fields are numbers, words, truth values, tuples of numbers, other
            such dataclasses, or tuples of them.
        content: What the file says.
        where: Place in the file, "" for all of it.
        whole: What all of the file is, such as "a cell".

    Raises:
        ValueError: It names something else, lacks something, or a value is wrong.
    """
    if not isinstance(content, dict):
        raise ValueError(f"want a section with names in {where or 'the file'}, got {content!r}")
    hints = typing.get_type_hints(kind)
    values = {}
    for name, value in content.items():
        if name not in hints:
            near = difflib.get_close_matches(str(name), hints, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(hints)}"
            raise ValueError(f"{where or whole} has no '{name}'; {hint}")
        values[name] = _value(hints[name], value, f"{where}.{name}".lstrip("."), whole)
    missing = [
        field.name
        for field in dataclasses.fields(kind)
        if field.name not in values
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ValueError(f"{where or whole} lacks {', '.join(missing)}")
    return kind(**values)


def _value(kind: Any, value: Any, place: str, whole: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return section(kind, value, place, whole)
    if kind in (str, bool):
        if not isinstance(value, kind):
            word = "a word" if kind is str else "true or false"
            raise ValueError(f"{place}: want {word}, got {value!r}")
        return value
    if kind is float:
        return _number(value, place)
    item = next(iter(typing.get_args(kind)))
    if dataclasses.is_dataclass(item):
        if not isinstance(value, list):
            raise ValueError(f"{place}: want a list of sections, got {value!r}")
        return tuple(section(item, v, f"{place}[{i}]", whole) for i, v in enumerate(value))
    if not isinstance(value, list):
        raise ValueError(f"{place}: want a list of numbers, got {value!r}")
    numbers = tuple(_number(number, place) for number in value)
    if kind in (Vector, Vector | None) and len(numbers) != 3:
        raise ValueError(f"{place}: want x, y and z, got {len(numbers)} values")
    return numbers


def _number(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{place}: want a number, got {value!r}")
    return float(value)
