"""Episodes as arrays, and the windows that meta-training draws from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.normalizer import Normalizer
from robot_meta.dynamics.space import StateSpace
from robot_meta.types import Array


@dataclass(frozen=True)
class EpisodeData:
    """One stretch of robot time without a break: state (T + 1, S), action (T, A)."""

    state: Array
    action: Array

    def __post_init__(self) -> None:
        if len(self.state) != len(self.action) + 1:
            raise ValueError(
                f"want T + 1 states for T actions, got {self.state.shape} and {self.action.shape}"
            )
        if not (np.isfinite(self.state).all() and np.isfinite(self.action).all()):
            raise ValueError("an episode must be finite")


def split(episodes: list[EpisodeData], length: int) -> tuple[list[EpisodeData], list[EpisodeData]]:
    """Episodes to train on, and what is kept apart to validate on.

    Every tenth episode is kept apart; where there are fewer than ten, the last fifth of the
    longest one. Episodes shorter than one window of `length` steps are of no use to either.

    Raises:
        ValueError: There is not one window for each of the two.
    """
    usable = [episode for episode in episodes if len(episode.action) >= length]
    if len(usable) >= 10:
        apart = usable[9::10]
        return [episode for i, episode in enumerate(usable) if i % 10 != 9], apart
    longest = max((len(episode.action) for episode in episodes), default=0)
    last = max(length, longest // 5)
    if longest < length + last:
        raise ValueError(
            f"want an unbroken stretch of {length + last} steps, for a window of {length} to "
            f"train on and one to validate on; the longest has {longest}. Record longer, or make "
            "the window smaller."
        )
    cut = next(i for i, episode in enumerate(usable) if len(episode.action) == longest)
    whole, end = usable[cut], longest - last
    first = EpisodeData(whole.state[: end + 1], whole.action[:end])
    apart = [EpisodeData(whole.state[end:], whole.action[end:])]
    return [*usable[:cut], first, *usable[cut + 1 :]], apart


def fit_normalizers(
    space: StateSpace, episodes: list[EpisodeData]
) -> tuple[Normalizer, Normalizer]:
    """Statistics of network inputs and of deltas over all episodes."""
    inputs, deltas = [], []
    for episode in episodes:
        state = torch.as_tensor(episode.state)
        inputs.append(space.features(state[:-1], torch.as_tensor(episode.action)))
        deltas.append(space.delta(state[:-1], state[1:]))
    fitted = [Normalizer.fit(torch.cat(rows)) for rows in (inputs, deltas)]
    single = [Normalizer(n.mean.float(), n.std.float()) for n in fitted]
    return single[0], single[1]


@dataclass(frozen=True)
class Windows:
    """Stretches of consecutive steps of single episodes, (B, L, ·) each.

    Attributes:
        inputs: Network inputs.
        targets: Normalised deltas.
        state: Where each step began.
        action: What was done.
        next_state: Where it ended.
    """

    inputs: Tensor
    targets: Tensor
    state: Tensor
    action: Tensor
    next_state: Tensor

    def to(self, device: torch.device) -> Windows:
        """The same on another device."""
        fields = (self.inputs, self.targets, self.state, self.action, self.next_state)
        return Windows(*(tensor.to(device) for tensor in fields))

    def part(self, begin: int, end: int | None = None) -> Windows:
        """Steps `begin` to `end` of each."""
        fields = (self.inputs, self.targets, self.state, self.action, self.next_state)
        return Windows(*(tensor[:, begin:end] for tensor in fields))


class WindowDataset:
    """Windows of M support and K query steps from within single episodes.

    Attributes:
        rows: The fields of `Windows`, of all steps of all episodes one after another, (R, ·).
    """

    def __init__(
        self, model: NeuralDynamics, episodes: list[EpisodeData], support: int, query: int
    ) -> None:
        length = support + query
        parts, starts, base = [], [], 0
        for episode in episodes:
            parts.append(_steps(model, episode))
            steps = len(episode.action)
            if steps >= length:
                starts.append(base + np.arange(steps - length + 1))
            base += steps
        if not starts:
            raise ValueError(f"no episode has the {length} steps that a window needs")
        self.rows = tuple(torch.cat(column) for column in zip(*parts, strict=True))
        self._starts = np.concatenate(starts)
        self._offsets = np.arange(length)

    def __len__(self) -> int:
        return len(self._starts)

    def draw(self, count: int, rng: np.random.Generator) -> Windows:
        """Random windows of M + K steps."""
        return self.at(rng.choice(self._starts, size=count))

    def spread(self, count: int) -> Windows:
        """Up to `count` windows evenly spread over the data, for validation."""
        picks = np.unique(np.linspace(0, len(self._starts) - 1, count).astype(int))
        return self.at(self._starts[picks])

    def at(self, starts: np.ndarray) -> Windows:
        """Windows that begin at the given rows."""
        rows = torch.as_tensor(starts[:, None] + self._offsets)
        return Windows(*(column[rows] for column in self.rows))


def _steps(model: NeuralDynamics, episode: EpisodeData) -> tuple[Tensor, ...]:
    """Inputs, targets, state, action and next state of all steps, (T, ·) each."""
    exact = torch.as_tensor(episode.state)
    delta = model.space.delta(exact[:-1], exact[1:]).float()  # in float64 until here
    state, action = exact.float(), torch.as_tensor(episode.action).float()
    inputs = model.network_inputs(state[:-1], action)
    return inputs, model.deltas.normalize(delta), state[:-1], action, state[1:]
