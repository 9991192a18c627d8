"""Text to typed values, by the rules of ROS 2 launch (which are YAML's)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

Scalar = bool | int | float | str
Value = Scalar | list[Any]

_SCALARS = (bool, int, float, str)
_TYPES: dict[str, type] = {"str": str, "bool": bool, "float": float, "int": int}


def as_bool(text: str) -> bool:
    """A boolean as substitutions take it: YAML's words, and 0 or 1."""
    try:
        value = {"0": False, "1": True}.get(text, yaml.safe_load(text))
    except yaml.YAMLError:
        value = text
    if isinstance(value, bool):
        return value
    raise ValueError(f"want true or false, got {text!r}")


def condition(text: str) -> bool:
    """The value of `if` and `unless`: true, false, 1 or 0 in any case, nothing else."""
    word = text.strip().lower()
    if word not in ("true", "1", "false", "0"):
        raise ValueError(f"want true, false, 1 or 0, got {text!r}")
    return word in ("true", "1")


def parameter_value(text: str, type_name: str, expand: Callable[[str], str]) -> Value:
    """The value of a parameter, typed by YAML's rules or by an explicit `type`.

    As in ROS 2 launch, YAML reads the text first, then substitutions are filled in and YAML reads
    what came out. So quotes keep a literal "'1'" a string, but not "'$(var serial)'": there only
    type="str" does.
    """
    if type_name not in ("", "yaml"):
        return _as_type(expand(text), type_name)
    value = _yaml(text, mixed=True)
    if isinstance(value, list):
        return _uniform([_item(item, expand) for item in value], text)
    return _item(value, expand)


def global_value(text: str) -> Scalar:
    """The value of a `<set_parameter>`, all substitutions filled in; YAML's rules.

    ROS 2 launch hands it on as plain text on the command line, where lists and quoted digits
    would become something else; they are refused.
    """
    value = _yaml(text, mixed=False)
    if isinstance(value, list) or yaml.safe_load(str(value)) != value:
        raise ValueError(
            f"ROS 2 launch cannot pass {text!r} to all nodes unchanged; use a <param> at each node"
        )
    return value


def _item(value: Value, expand: Callable[[str], str]) -> Any:
    if not isinstance(value, str):
        return value
    return _yaml(expand(value), mixed=False) if "$(" in value else expand(value)


def _yaml(text: str, mixed: bool) -> Value:
    """`mixed` allows strings among other items, since they may be substitutions."""
    if text == "":
        return text
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        if mixed:
            return text
        problem = getattr(error, "problem", None) or "syntax"
        raise ValueError(f'{text!r} is not YAML ({problem}); for text write type="str"') from None
    if isinstance(value, list):
        return value if mixed else _uniform(value, text)
    if not isinstance(value, _SCALARS):
        raise ValueError(
            f"{text!r} reads as {type(value).__name__}, which no parameter can hold; for text "
            'write type="str"'
        )
    return value


def _uniform(items: list[Any], text: str) -> list[Any]:
    kinds = {type(item) for item in items}
    if len(kinds) > 1 or not kinds <= set(_SCALARS):
        raise ValueError(f"items of {text!r} must all be bool, all int, all float or all str")
    return items


def _as_type(text: str, name: str) -> Value:
    item_name = name.removeprefix("list_of_")
    if item_name not in _TYPES:
        known = [*_TYPES, *(f"list_of_{kind}" for kind in _TYPES), "yaml"]
        raise ValueError(f"type '{name}' is not known; known: {', '.join(known)}")
    kind = _TYPES[item_name]
    if item_name != name:
        items = _yaml(text, mixed=True)
        if not isinstance(items, list) or not all(type(item) is kind for item in items):
            raise ValueError(f"want a list of {item_name}, got {text!r}")
        return items
    return as_bool(text) if kind is bool else kind(text)
