"""What a configuration dataclass says about its fields: names, kinds, meanings, values.

No ROS inside: the README's parameter tables are made from the same facts.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

ConfigT = TypeVar("ConfigT")

_SCALARS: dict[type, str] = {bool: "bool", int: "int", float: "float", str: "str"}


@dataclass(frozen=True)
class Kind:
    """What values a field takes.

    Attributes:
        item: "bool", "int", "float" or "str".
        array: Whether it takes a list of them.
        length: How many, or None for any number.
        optional: Whether it may be None.
        numpy: Whether the list becomes a float64 array.
    """

    item: str
    array: bool = False
    length: int | None = None
    optional: bool = False
    numpy: bool = False

    def __str__(self) -> str:
        many = f"list of {'' if self.length is None else f'{self.length} '}{self.item}"
        return f"{many if self.array else self.item}{' or unset' if self.optional else ''}"


@dataclass(frozen=True)
class FieldFact:
    """One leaf of a configuration: dotted name, kind, default and meaning."""

    name: str
    kind: Kind
    default: Any
    meaning: str


def facts(defaults: Any, prefix: str = "", skip: Sequence[str] = ()) -> list[FieldFact]:
    """Every leaf of the dataclass `defaults`, nested ones with dotted names.

    Raises:
        TypeError: A field has a type that no parameter can carry; name it in `skip`.
    """
    cls = type(defaults)
    hints, meanings = typing.get_type_hints(cls), descriptions(cls)
    rows = []
    for field in dataclasses.fields(defaults):
        name, value = prefix + field.name, getattr(defaults, field.name)
        if field.name in skip:
            continue
        if dataclasses.is_dataclass(value):
            rows += facts(value, f"{name}.", skip)
        else:
            meaning = field.metadata.get("description", meanings.get(field.name, ""))
            rows.append(FieldFact(name, kind_of(hints[field.name], name), value, meaning))
    return rows


def kind_of(annotation: Any, name: str) -> Kind:
    """The kind of an annotation such as `float`, `tuple[float, ...]` or `str | None`."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        inner = [arg for arg in args if arg is not type(None)]
        if len(inner) == 1:
            return dataclasses.replace(kind_of(inner[0], name), optional=True)
    if origin is typing.Literal and all(isinstance(arg, str) for arg in args):
        return Kind("str")
    if annotation in _SCALARS:
        return Kind(_SCALARS[annotation])
    if origin is tuple and args and args[0] in _SCALARS:
        item = _SCALARS[args[0]]
        if args[-1] is Ellipsis:
            return Kind(item, array=True)
        if set(args) == {args[0]}:
            return Kind(item, array=True, length=len(args))
    if annotation is np.ndarray or origin is np.ndarray:
        return Kind("float", array=True, numpy=True)
    raise TypeError(f"field '{name}' has type {annotation}, which no parameter can carry")


def coerced(kind: Kind, value: Any) -> Any:
    """`value` as the field wants it; integers count as floats, None as an empty list.

    Raises:
        ValueError: It is of another kind; the message says what was wanted and given.
    """
    if value is None:
        if kind.optional:
            return None
        if kind.array and not kind.length:
            value = ()
    if kind.array and not isinstance(value, str | bytes) and np.iterable(value):
        items = tuple(_scalar(kind, item, value) for item in value)
        if kind.length is not None and len(items) != kind.length:
            raise ValueError(f"want {kind}, got {len(items)} values")
        return np.array(items, dtype=float) if kind.numpy else items
    if kind.array:
        raise ValueError(f"want {kind}, got {value!r}")
    return _scalar(kind, value, value)


def replaced(defaults: ConfigT, values: dict[str, Any]) -> ConfigT:
    """`defaults` with dotted `values` set, checked by the dataclasses' own checks.

    Raises:
        ValueError: A dataclass refuses its values.
    """
    direct: dict[str, Any] = {}
    nested: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        head, _, rest = name.partition(".")
        if rest:
            nested.setdefault(head, {})[rest] = value
        else:
            direct[name] = value
    for head, inner in nested.items():
        direct[head] = replaced(getattr(defaults, head), inner)
    return dataclasses.replace(defaults, **direct)  # type: ignore[type-var]


def descriptions(cls: type) -> dict[str, str]:
    """What each field of `cls` means: from `Attributes:`, else from the comment beside it."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if dataclasses.is_dataclass(base):
            found |= _comments(base) | _attributes(inspect.cleandoc(base.__doc__ or ""))
    return found


def _scalar(kind: Kind, value: Any, whole: Any) -> Any:
    fits = {
        "bool": isinstance(value, bool | np.bool_),
        "int": isinstance(value, int | np.integer) and not isinstance(value, bool),
        "float": isinstance(value, int | float | np.number) and not isinstance(value, bool),
        "str": isinstance(value, str),
    }
    if not fits[kind.item]:
        raise ValueError(f"want {kind}, got {whole!r}")
    return {"bool": bool, "int": int, "float": float, "str": str}[kind.item](value)


def _attributes(doc: str) -> dict[str, str]:
    _, _, section = doc.partition("Attributes:\n")
    section = re.split(r"\n\S", section)[0]
    entries = re.findall(r"^    (\w+): (.*(?:\n {5,}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


def _comments(cls: type) -> dict[str, str]:
    try:
        source = textwrap.dedent(inspect.getsource(cls))
    except OSError:  # no source at hand, as in a frozen program
        return {}
    lines, body = source.splitlines(), ast.parse(source).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            _, mark, comment = lines[(node.end_lineno or node.lineno) - 1].partition("  # ")
            if mark:
                found[node.target.id] = comment.strip()
    return found
