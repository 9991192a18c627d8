"""Statistics of columns, as LeRobot keeps them of every episode and of all together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

_QUANTILES = (0.01, 0.10, 0.50, 0.90, 0.99)
Stats = dict[str, npt.NDArray[Any]]


def statistics(values: npt.NDArray[Any]) -> Stats:
    """Of rows (n, D): min, max, mean, std, quantiles, (D,) each, and how many there are, (1,)."""
    exact = values.astype(np.float64)
    quantiles = np.quantile(exact, _QUANTILES, axis=0)
    return {
        "min": exact.min(axis=0),
        "max": exact.max(axis=0),
        "mean": exact.mean(axis=0),
        "std": exact.std(axis=0),
        "count": np.array([len(values)]),
        **{f"q{round(100 * q):02d}": row for q, row in zip(_QUANTILES, quantiles, strict=True)},
    }


class Together:
    """Statistics of all episodes, from those of each.

    All are exact but the quantiles, which are averaged over episodes, as LeRobot does.
    """

    def __init__(self) -> None:
        self._columns: dict[str, Stats] = {}

    def add(self, episode: Mapping[str, Stats]) -> None:
        """Take in one more episode."""
        for name, stats in episode.items():
            before = self._columns.get(name)
            self._columns[name] = stats if before is None else _joined(before, stats)

    def as_json(self) -> dict[str, dict[str, Any]]:
        """What `meta/stats.json` says."""
        return {
            name: {key: value.tolist() for key, value in stats.items()}
            for name, stats in self._columns.items()
        }


def _joined(a: Stats, b: Stats) -> Stats:
    count = a["count"] + b["count"]
    share = b["count"] / count
    apart = b["mean"] - a["mean"]
    variance = (1 - share) * a["std"] ** 2 + share * b["std"] ** 2 + share * (1 - share) * apart**2
    return {
        **{name: (1 - share) * a[name] + share * b[name] for name in a},
        "min": np.minimum(a["min"], b["min"]),
        "max": np.maximum(a["max"], b["max"]),
        "std": np.sqrt(variance),
        "count": count,
    }
