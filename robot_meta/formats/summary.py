"""What a store holds, for a person."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from robot_meta.collection.video.files import parts
from robot_meta.formats.selection import EpisodeSelection, instruction
from robot_meta.replay.journal import MARKED, discarded, read_notes
from robot_meta.replay.transitions import Episode


@dataclass(frozen=True)
class EpisodeLine:
    """One episode in a list.

    Attributes:
        key: Of the episode.
        task: What it is an attempt at.
        instruction: What was asked for in words.
        who: Whose hand it was.
        robot: Robot type.
        steps: How many are there.
        seconds: How long it took, [s]; gaps count as they are.
        marks: How often somebody marked a moment of it.
        cameras: That filmed it.
        discarded: Whether it is not to be used.
    """

    key: str
    task: str
    instruction: str
    who: str
    robot: str
    steps: int
    seconds: float
    marks: int
    cameras: tuple[str, ...]
    discarded: bool


@dataclass
class StoreSummary:
    """Counts over the episodes of a store that were not discarded.

    Attributes:
        episodes: How many there are.
        steps: Of all of them.
        seconds: Of all of them, [s].
        tasks: Episodes of each task.
        who: Episodes of each hand.
        robots: Episodes of each robot type.
        filmed: How many have a video.
        discarded: How many others are not to be used.
        size: Of the whole folder, [bytes].
    """

    episodes: int = 0
    steps: int = 0
    seconds: float = 0.0
    tasks: Counter[str] = field(default_factory=Counter)
    who: Counter[str] = field(default_factory=Counter)
    robots: Counter[str] = field(default_factory=Counter)
    filmed: int = 0
    discarded: int = 0
    size: int = 0


def episode_line(selection: EpisodeSelection, episode: Episode) -> EpisodeLine:
    """An episode in a list; of its steps only the ends are read."""
    index, notes = selection.index, selection.notes(episode)
    steps = index.count(episode.number)
    ends = index.ends(episode.number).stamp
    passed = float(ends[-1] - ends[0]) if len(ends) else 0.0
    return EpisodeLine(
        episode.key,
        episode.task,
        instruction(episode),
        str(episode.about.get("who") or ""),
        selection.robot(episode),
        steps,
        passed * steps / max(1, steps - 1),
        sum(note.kind == MARKED for note in notes),
        tuple(parts(selection.store, episode.key)),
        bool(discarded(notes)),
    )


def summarize_store(store: Path) -> StoreSummary:
    """Look at every episode of the store in a folder."""
    selection = EpisodeSelection(store)
    found = StoreSummary(
        discarded=len(discarded(read_notes(store))),
        size=sum(file.stat().st_size for file in store.rglob("*") if file.is_file()),
    )
    for episode in selection.episodes:
        line = episode_line(selection, episode)
        found.episodes += 1
        found.steps += line.steps
        found.seconds += line.seconds
        found.filmed += bool(line.cameras)
        found.tasks[line.task] += 1
        found.who[line.who] += 1
        found.robots[line.robot] += 1
    return found
