"""Which bodies are trained on, chosen on and judged by; read from a file per kind of robot.

A split is a mixture of kinds with equal weights. Rules of a field:

    uniform [lo, hi]      each value by itself; lo and hi are numbers or lists, one per value
    log_uniform [lo, hi]  the same in the logarithm
    signed [lo, hi]       a size in [lo, hi] with a random sign, each value by itself
    ball r                a point in a ball of radius r
    weakened [lo, hi]     with `probability`, so many `joints` at a share in [lo, hi], others at 1
    one_of [a, b, ...]    one of these values
"""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any, Generic, TypeVar

import numpy as np

from robot_meta.twin.body import Body
from robot_meta.twin.legged.perturbations import LeggedPerturbations
from robot_meta.twin.perturbations import Perturbations
from robot_meta.types import Array

BodyT = TypeVar("BodyT", bound=Body)


class Splits(Generic[BodyT]):
    """The splits of a file.

    Args:
        file: Beside this module.
        body: What is drawn.
    """

    def __init__(self, file: str, body: type[BodyT]) -> None:
        self._file, self._body, self._nominal = file, body, body()

    @functools.cached_property
    def _data(self) -> dict[str, Any]:
        text = resources.files(__package__).joinpath(self._file).read_text()
        data: dict[str, Any] = json.loads(text)
        return data

    def splits_version(self) -> int:
        """Version of the file; part of what trained weights remember."""
        return int(self._data["version"])

    def split_names(self) -> list[str]:
        """Names that `draw` accepts."""
        return sorted(self._data["splits"])

    def kinds(self, split: str) -> list[str]:
        """Kinds of bodies in a split."""
        return list(self._split(split))

    def draw(self, split: str, rng: np.random.Generator, *, kind: str | None = None) -> BodyT:
        """One body of a split, of the given kind or of a kind drawn with equal chances.

        Raises:
            ValueError: No such split or kind.
        """
        rules = self._split(split)
        if kind is None:
            kind = list(rules)[int(rng.integers(len(rules)))]
        if kind not in rules:
            raise ValueError(f"split '{split}' has no kind '{kind}'; choose one of {list(rules)}")
        return self._body(
            **{
                name: _draw_value(getattr(self._nominal, name), rule, rng)
                for name, rule in rules[kind].items()
            }
        )

    def contains(self, split: str, body: BodyT) -> bool:
        """Whether `draw(split, ...)` could give this body."""
        return any(
            all(
                _allows(rule[name], getattr(body, name))
                if name in rule
                else getattr(body, name) == getattr(self._nominal, name)
                for name in self._body.names()
            )
            for rule in self._split(split).values()
        )

    def held_out_bodies(self) -> dict[str, BodyT]:
        """The fixed bodies of the scenes that results are quoted on, by scene name."""
        return {name: self._body(**body) for name, body in self._data["held_out_bodies"].items()}

    def _split(self, split: str) -> dict[str, Any]:
        splits = self._data["splits"]
        if split not in splits:
            raise ValueError(f"no split '{split}'; choose one of {sorted(splits)}")
        rules: dict[str, Any] = splits[split]
        return rules


def _draw_value(nominal: Any, rule: dict[str, Any], rng: np.random.Generator) -> Any:
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
    elif "one_of" in rule:
        value = np.asarray(rule["one_of"][int(rng.integers(len(rule["one_of"])))], dtype=float)
    else:
        raise ValueError(f"no rule in {rule}")
    return float(value) if shape == () else tuple(float(item) for item in value)


def _between(ends: Any, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    low, high = np.asarray(ends[0], dtype=float), np.asarray(ends[1], dtype=float)
    return low + (high - low) * rng.uniform(size=shape)


def _allows(rule: dict[str, Any], value: Any) -> bool:
    array, margin = np.asarray(value), 1e-12
    if "ball" in rule:
        return bool(np.linalg.norm(array) <= rule["ball"] + margin)
    if "one_of" in rule:
        return any(bool((np.abs(array - one) <= margin).all()) for one in rule["one_of"])
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


LEGGED = Splits("legged_splits.json", LeggedPerturbations)
_ARM = Splits("perturbation_splits.json", Perturbations)
splits_version, split_names, kinds = _ARM.splits_version, _ARM.split_names, _ARM.kinds
draw, contains, held_out_bodies = _ARM.draw, _ARM.contains, _ARM.held_out_bodies
