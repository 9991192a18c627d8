"""Which episodes of a store are meant, and everything that is known of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robot_meta.errors import BadDataset, RecordingFailed
from robot_meta.replay.episodes import EpisodeIndex
from robot_meta.replay.files import Files
from robot_meta.replay.journal import Note, discarded, read_notes
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.transitions import Batch, Episode

PLAY = "play.json"  # what generated play (collection/play) says of its whole store


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Episodes that are alike in everything that is given; "" and () stand for any.

    Attributes:
        task: What they are attempts at.
        who: Whose hand it was.
        keys: These and no others.
        discarded: Also those that are not to be used.
    """

    task: str = ""
    who: str = ""
    keys: tuple[str, ...] = ()
    discarded: bool = False

    def takes(self, episode: Episode) -> bool:
        """Whether the episode is meant, were it not discarded."""
        return (
            self.task in ("", episode.task)
            and self.who in ("", episode.about.get("who", ""))
            and (not self.keys or episode.key in self.keys)
        )


@dataclass(frozen=True)
class RecordedEpisode:
    """An episode with all its steps, and what was said about it since.

    Attributes:
        episode: Key, task, instruction, who, seed, config.
        steps: All that are there, in order.
        notes: Started, stopped, marked, discarded.
    """

    episode: Episode
    steps: Batch
    notes: tuple[Note, ...]

    @property
    def instruction(self) -> str:
        """What was asked for in words, "" for nothing."""
        return instruction(self.episode)


def instruction(episode: Episode) -> str:
    """What was asked for in words, "" for nothing."""
    return str(episode.about.get("instruction") or "")


class EpisodeSelection:
    """The selected episodes of a store, as it is at this moment.

    Args:
        store: Its folder.
        selection: Which.

    Attributes:
        snapshot: The store.
        index: Where the steps of its episodes are.
        episodes: The selected ones, in the order in which they were begun.

    Raises:
        ValueError: There is no episode of a key that is asked for.
    """

    def __init__(self, store: Path, selection: Selection | None = None) -> None:
        selection = selection or Selection()
        self.store, self.snapshot = store, Snapshot(store)
        self.index = EpisodeIndex(self.snapshot)
        self._notes: dict[str, list[Note]] = {}
        notes = read_notes(store)
        for note in notes:
            self._notes.setdefault(note.episode, []).append(note)
        gone = set() if selection.discarded else discarded(notes)
        chosen = [e for e in self.index.episodes if selection.takes(e)]
        if missing := set(selection.keys) - {e.key for e in self.index.episodes}:
            raise ValueError(
                f"there is no episode '{min(missing)}' in {store}; `robot-meta data ls` lists all"
            )
        self.episodes = [episode for episode in chosen if episode.key not in gone]

    def __len__(self) -> int:
        return len(self.episodes)

    def __iter__(self) -> Iterator[RecordedEpisode]:
        for episode in self.episodes:
            yield RecordedEpisode(episode, self.index.read(episode.number), self.notes(episode))

    def notes(self, episode: Episode) -> tuple[Note, ...]:
        """What the journal says of an episode."""
        return tuple(self._notes.get(episode.key, ()))

    @property
    def origin(self) -> dict[str, Any]:
        """What the store says of all its episodes: `config`, names of `state` and `action`."""
        path = self.store / PLAY
        if not path.is_file():
            return {}
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BadDataset(path, f"not JSON ({error})") from None
        return content if isinstance(content, dict) else {}

    @property
    def names(self) -> dict[str, list[str]]:
        """Names of the entries of fields, as far as the store or all selected episodes tell."""
        origin = self.origin
        told = [episode.about.get("state") for episode in self.episodes]
        state = told[0] if told and all(names == told[0] for names in told) else None
        names = {"state": state or origin.get("state"), "requested": origin.get("action")}
        names["next_state"] = names["state"]
        return {field: list(known) for field, known in names.items() if known}

    def robot(self, episode: Episode) -> str:
        """The robot type that an episode is of, "" where nobody said."""
        for about in (episode.about, self.origin):
            config = about.get("config")
            if isinstance(config, dict) and config.get("robot"):
                return str(config["robot"])
        return ""


def write_origin(store: Path, origin: Mapping[str, Any]) -> None:
    """Say of a store what `EpisodeSelection.origin` said of the one that its episodes come from.

    A store that says something of its own keeps that.

    Raises:
        RecordingFailed: The disk is full or refuses.
    """
    path = store / PLAY
    if not origin or path.exists():
        return
    try:
        Files().write_whole(path, (json.dumps(origin, indent=1) + "\n").encode())
    except OSError as error:
        raise RecordingFailed(f"cannot write {path}: {error.strerror}") from None
