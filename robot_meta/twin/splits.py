"""Which bodies are trained on, chosen on and judged by; read from `perturbation_splits.json`.

A split is a mixture of kinds with equal weights. Rules of a field:

    uniform [lo, hi]      each value by itself; lo and hi are numbers or lists, one per value
    log_uniform [lo, hi]  the same in the logarithm
    signed [lo, hi]       a size in [lo, hi] with a random sign, each value by itself
    ball r                a point in a ball of radius r
    weakened [lo, hi]     with `probability`, so many `joints` at a share in [lo, hi], others at 1
"""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

import numpy as np

from robot_meta.twin.perturbations import FIELDS, Perturbations
from robot_meta.types import Array

_NOMINAL = Perturbations()


@functools.cache
def _load() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("perturbation_splits.json").read_text()
    data: dict[str, Any] = json.loads(text)
    return data


def splits_version() -> int:
    """Version of the file; part of what trained weights remember."""
    return int(_load()["version"])


def split_names() -> list[str]:
    """Names that `draw` accepts."""
    return sorted(_load()["splits"])


def kinds(split: str) -> list[str]:
    """Kinds of bodies in a split."""
    return list(_split(split))


def draw(split: str, rng: np.random.Generator, *, kind: str | None = None) -> Perturbations:
    """One body of a split, of the given kind or of a kind drawn with equal chances.

    Raises:
        ValueError: No such split or kind.
    """
    rules = _split(split)
    if kind is None:
        kind = list(rules)[int(rng.integers(len(rules)))]
    if kind not in rules:
        raise ValueError(f"split '{split}' has no kind '{kind}'; choose one of {list(rules)}")
    return Perturbations(
        **{name: _draw_field(name, rule, rng) for name, rule in rules[kind].items()}
    )


def contains(split: str, body: Perturbations) -> bool:
    """Whether `draw(split, ...)` could give this body."""
    return any(
        all(
            _allows(rule[name], getattr(body, name))
            if name in rule
            else getattr(body, name) == getattr(_NOMINAL, name)
            for name in FIELDS
        )
        for rule in _split(split).values()
    )


def held_out_bodies() -> dict[str, Perturbations]:
    """The fixed bodies of the scenes that results are quoted on, by scene name."""
    return {name: Perturbations(**body) for name, body in _load()["held_out_bodies"].items()}


def _split(split: str) -> dict[str, Any]:
    splits = _load()["splits"]
    if split not in splits:
        raise ValueError(f"no split '{split}'; choose one of {sorted(splits)}")
    rules: dict[str, Any] = splits[split]
    return rules


def _draw_field(name: str, rule: dict[str, Any], rng: np.random.Generator) -> Any:
    nominal = getattr(_NOMINAL, name)
    shape = np.shape(nominal)
    if "uniform" in rule:
        value = _between(rule["uniform"], shape, rng)
    elif "log_uniform" in rule:
        value = np.exp(_between(np.log(rule["log_uniform"]), shape, rng))
    elif "signed" in rule:
        value = _between(rule["signed"], shape, rng) * rng.choice([-1.0, 1.0], size=shape)
    elif "ball" in rule:
        direction = rng.normal(size=shape)
        radius = rule["ball"] * rng.uniform() ** (1.0 / 3.0)
        value = radius * direction / np.linalg.norm(direction)
    elif "weakened" in rule:
        value = np.ones(shape)
        chosen = rng.choice(len(nominal), size=rule["joints"], replace=False)
        shares = _between(rule["weakened"], (rule["joints"],), rng)
        if rng.uniform() < rule["probability"]:
            value[chosen] = shares
    else:
        raise ValueError(f"no rule for {name} in {rule}")
    return float(value) if shape == () else tuple(float(item) for item in value)


def _between(ends: Any, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    low, high = np.asarray(ends[0], dtype=float), np.asarray(ends[1], dtype=float)
    return low + (high - low) * rng.uniform(size=shape)


def _allows(rule: dict[str, Any], value: Any) -> bool:
    array, margin = np.asarray(value), 1e-12
    if "ball" in rule:
        return bool(np.linalg.norm(array) <= rule["ball"] + margin)
    if "weakened" in rule:
        low, high = rule["weakened"]
        weak = array[array != 1.0]
        inside = bool(((weak >= low) & (weak <= high)).all())
        if rule["probability"] < 1.0 and len(weak) == 0:
            return True
        return inside and len(weak) == rule["joints"]
    (low, high) = next(rule[key] for key in ("uniform", "log_uniform", "signed") if key in rule)
    size = np.abs(array) if "signed" in rule else array
    return bool(((size >= np.asarray(low) - margin) & (size <= np.asarray(high) + margin)).all())
