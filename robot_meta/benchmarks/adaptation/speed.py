"""How long the updates of all contenders take, one beside the other in one process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from robot_meta.benchmarks.adaptation.contenders import Player
from robot_meta.benchmarks.adaptation.held_out import HeldOutEpisode
from robot_meta.benchmarks.adaptation.prediction import MOST, episodes_for, transitions
from robot_meta.benchmarks.timing import interleaved
from robot_meta.dynamics.adapter import Adapter
from robot_meta.dynamics.window import Transition


@dataclass(frozen=True, kw_only=True)
class Speed:
    """What is timed.

    Attributes:
        players: Who updates.
        test: Episode that the transitions come from.
        rounds: In which players take turns.
        per_round: Updates of each turn.
        version: Hash of the code.
    """

    players: tuple[Player, ...]
    test: HeldOutEpisode
    rounds: int
    per_round: int = 25
    version: str = ""


def measure_speed(job: Speed) -> dict[str, Any]:
    """Milliseconds to take in a transition and fit, median and 99th percentile, by player."""
    torch.set_num_threads(1)
    steps = {}
    for player in job.players:
        model, adapter, _ = player.dynamics()
        (episode,) = episodes_for(model, [job.test])
        for transition in transitions(episode, 0, MOST):  # a window as full as it gets
            adapter.observe(transition)
        rest = transitions(episode, MOST, len(episode.action))
        steps[player.name] = partial(_update, adapter, rest)
    seconds = interleaved(steps, rounds=job.rounds, per_round=job.per_round, seed=0)
    return {
        name: [float(np.percentile(1e3 * taken, share)) for share in (50, 99)]
        for name, taken in seconds.items()
    }


def _update(adapter: Adapter, stream: list[Transition], number: int) -> None:
    adapter.observe(stream[number % len(stream)])
    adapter.context()
