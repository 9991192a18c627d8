"""What a store of play holds, told again from the stored states alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from robot_meta.collection.desk_state import desk_states
from robot_meta.replay.journal import discarded, read_notes
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.transitions import Batch, Episode
from robot_meta.twin.desk.predicates import SKILLS, events
from robot_meta.types import Array


@dataclass
class Summary:
    """Counts over the episodes of a store.

    Attributes:
        kinds: Episodes of each kind.
        meant: Complete episodes that meant each skill.
        done: How many of those did it.
        happened: Events of each skill, over all episodes.
        held: Episodes that the guard ended.
        two_events: Episodes in which two things or more happened.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    meant: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    held: int = 0
    two_events: int = 0


def summarize(path: Path, period: float) -> Summary:
    """Judge every episode of the store in `path`, whose steps are `period` [s] apart."""
    summary = Summary()
    for episode, batch in stored_episodes(path):
        states = desk_states(all_states(batch))
        found = [event.skill for event in events(states, period)]
        kind, skill = episode.about["kind"], episode.about["skill"]
        summary.kinds[kind] += 1
        summary.happened.update(found)
        summary.held += bool(episode.about["held"])
        summary.two_events += len(found) >= 2
        if kind == "complete":
            summary.meant[skill] += 1
            summary.done[skill] += bool(SKILLS[skill].success(states, period).any())
    return summary


def stored_episodes(path: Path) -> Iterator[tuple[Episode, Batch]]:
    """Every episode of the store in `path` that was not discarded, with its steps in order."""
    snapshot = Snapshot(path)
    gone = discarded(read_notes(path))
    runs = snapshot.runs
    for number, episode in sorted(snapshot.episodes.items()):
        own = np.flatnonzero(runs["episode"] == number)
        if episode.key in gone or not len(own):
            continue
        rows = [snapshot.run_first[i] + np.arange(int(runs["count"][i])) for i in own.tolist()]
        batch = snapshot.intact(np.concatenate(rows))
        yield episode, batch


def all_states(batch: Batch) -> Array:
    """States of T consecutive steps and the one after the last, (T + 1, S)."""
    last = batch.values["next_state"][-1:]
    return np.concatenate([batch.values["state"], last]).astype(float)
