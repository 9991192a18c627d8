"""Streams that try to break a limit, and how many samples of them do."""

from __future__ import annotations

from collections.abc import Collection
from itertools import cycle

import numpy as np

from robot_meta.benchmarks.guard.adversary import Adversary
from robot_meta.benchmarks.guard.arena import arenas
from robot_meta.safety.guard import Guard
from robot_meta.safety.reasons import Reason

PERIODS = 20  # of a stream, 0.4 s


def violations(streams: int, seed: int, disabled: Collection[Reason] = ()) -> int:
    """Samples that leave a limit, over streams that go round the labs of `arenas`."""
    labs, found = arenas(), 0
    for number, lab in zip(range(seed, seed + streams), cycle(labs.values())):
        rng = np.random.default_rng(number)
        spec, chain = lab.arm.spec, lab.arm.chain
        guard = Guard(spec, chain, lab.config, lab.clearance, disabled=disabled)
        start = lab.starts[number % len(lab.starts)]
        stream = Adversary(spec, chain, rng).play(guard, start, PERIODS)
        found += sum(violation.count for violation in lab.judge.violations(stream))
    return found
