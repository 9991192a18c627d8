"""Comparing durations on a machine that is never quite quiet: interleaved, by ratio."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np

from robot_meta.types import Array


def interleaved(
    steps: Mapping[str, Callable[[int], object]], *, rounds: int, per_round: int, seed: int
) -> dict[str, Array]:
    """Seconds of every step, (rounds, per_round) each.

    Within a round the contestants take turns in random order, so that what disturbs the machine
    disturbs them alike; the first step of a turn warms the caches and is not counted.
    """
    rng = np.random.default_rng(seed)
    names = list(steps)
    seconds = {name: np.empty((rounds, per_round)) for name in names}
    number = 0
    for turn in range(-1, rounds):  # the round before the first is thrown away
        for index in rng.permutation(len(names)):
            step = steps[names[index]]
            step(number)
            for repeat in range(per_round):
                number += 1
                begin = time.perf_counter()
                step(number)
                seconds[names[index]][turn, repeat] = time.perf_counter() - begin
    return seconds


def ratio_of_medians(slow: Array, fast: Array, seed: int) -> tuple[float, float, float]:
    """Median of `slow` over that of `fast`, both (rounds, repeats), and its 90 % interval.

    The interval comes from drawing rounds anew, the same ones for both.
    """
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(slow), size=(1000, len(slow)))
    ratios = [np.median(slow[d]) / np.median(fast[d]) for d in draws]
    low, high = np.percentile(ratios, [5, 95])
    return float(np.median(slow) / np.median(fast)), float(low), float(high)
