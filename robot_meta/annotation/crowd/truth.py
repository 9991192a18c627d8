"""What really happened in clips of recorded play, by the desk's own predicates."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from robot_meta.annotation.clips import Clip, episode_lengths
from robot_meta.collection.desk_state import desk_states
from robot_meta.errors import BadConfig
from robot_meta.replay.episodes import EpisodeIndex
from robot_meta.replay.snapshot import Snapshot
from robot_meta.twin.desk.predicates import SKILLS, events
from robot_meta.twin.desk.state import STATE
from robot_meta.types import Array


class DeskTruth:
    """Tells what happened in clips of a store of play at the desk.

    Args:
        store: Its folder.

    Attributes:
        lengths: Steps of every episode that was not discarded, by key.

    Raises:
        BadConfig: Its states are not those of a desk.
    """

    def __init__(self, store: Path) -> None:
        self._index = EpisodeIndex(Snapshot(store))
        self.lengths = episode_lengths(store)
        width = dict(self._index.snapshot.layout.fields).get("state", 0)
        if width <= len(STATE):
            raise BadConfig(
                f"{store} holds states of {width} numbers, and those of play at the desk have "
                f"more than {len(STATE)}; `robot-meta collect play` makes such a store"
            )
        self._known: tuple[str, Array, float] | None = None

    def events(self, clip: Clip) -> list[str]:
        """Skills that happened in the clip, in order of time."""
        states, period = self._episode(clip.episode)
        found = events(states[clip.begin : clip.end + 1], period)
        return [event.skill for event in found]

    def progress(self, clip: Clip, skill: str) -> float:
        """The most of a skill that was done at any moment of the clip, in [0, 1]."""
        states, _ = self._episode(clip.episode)
        inside = states[clip.begin : clip.end + 1]
        return float(SKILLS[skill].progress(inside[0], inside).max())

    def _episode(self, key: str) -> tuple[Array, float]:
        """States of the desk along an episode, and the time between two; the newest is kept."""
        if self._known is None or self._known[0] != key:
            number = self._index.number(key)
            assert number is not None
            batch = self._index.read(number, 0, self.lengths[key])
            states = np.concatenate([batch.values["state"], batch.values["next_state"][-1:]])
            period = float(np.median(np.diff(batch.stamp))) if len(batch) > 1 else 1.0
            self._known = key, desk_states(states).astype(float), period
        return self._known[1], self._known[2]
