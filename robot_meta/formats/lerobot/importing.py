"""From a LeRobot data set to a store: bit for bit what was exported, or what others recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from robot_meta.errors import BadDataset
from robot_meta.formats.importer import EpisodeImporter, notes_from
from robot_meta.formats.lerobot import layout
from robot_meta.formats.lerobot.reader import LerobotEpisode, LerobotReader
from robot_meta.formats.lerobot.video_import import VideoImport
from robot_meta.formats.selection import write_origin
from robot_meta.replay.journal import Note
from robot_meta.replay.transitions import TRUNCATED, Transitions

_FIELDS = {column: field for field, column in layout.COLUMNS.items()}
_NO_FIELDS = {*layout.INDICES, layout.STAMP, layout.ENDING}


@dataclass(frozen=True)
class _Taken:
    """An episode on its way into the store."""

    key: str
    task: str
    about: dict[str, Any]
    steps: Transitions
    first: int = 0
    notes: tuple[Note, ...] = ()


def import_lerobot(
    reader: LerobotReader, store: Path, progress: Callable[[], object] = lambda: None
) -> int:
    """Take the episodes of a data set into a store; done twice it is done once.

    What this project exported comes back as it was. Of other data sets every column of numbers is
    kept, `observation.state` as `state` with the `next_state` that follows it, `action` as
    `requested`; the last step, which nothing follows, is not a transition. Videos are compressed
    anew, a frame for every step.

    Args:
        reader: The data set.
        store: Folder of the store; made if need be.
        progress: Called once per episode.

    Returns:
        Episodes of the data set that were taken in or were there already.

    Raises:
        BadConfig: There are videos, and the library for them is missing.
        BadDataset: The data set is damaged, or has no `observation.state`.
        ValueError: The store holds other fields, or another episode of the same key.
        StoreFull: The disk is full; the same call goes on later.
    """
    ours = {layout.STAMP, layout.ENDING, "next_state"} <= set(reader.columns)
    if not ours and "observation.state" not in reader.columns:
        raise BadDataset(
            reader.path, f"it has no observation.state, only {', '.join(reader.columns)}"
        )
    fields = {
        _FIELDS.get(name, name): width
        for name, width in reader.columns.items()
        if name not in _NO_FIELDS
    }
    if not ours:
        fields["next_state"] = fields["state"]
    taken, seen = 0, VideoImport(reader, store)
    with EpisodeImporter(store, fields) as importer:
        for episode in reader:
            found = _own(reader, episode) if ours else _foreign(reader, episode)
            if found is not None:
                importer.add(
                    found.key, found.task, found.about, found.steps, found.first, found.notes
                )
                if reader.videos:
                    seen.add(episode, found.key, _clock(episode, ours))
                taken += 1
            progress()
    origin = reader.info.get(layout.OURS)
    write_origin(store, origin if isinstance(origin, dict) else {})
    return taken


def _clock(episode: LerobotEpisode, ours: bool) -> npt.NDArray[np.float64]:
    """When every step began, [s]."""
    return episode.columns[layout.STAMP if ours else "timestamp"][:, 0].astype(float)


def _own(reader: LerobotReader, episode: LerobotEpisode) -> _Taken:
    """The episode, or the part of one, that was exported."""
    columns = episode.columns
    steps = Transitions(
        _values(columns), columns[layout.STAMP][:, 0], columns[layout.ENDING][:, 0].astype("u4")
    )
    try:
        about = {name: episode.about[f"{layout.OURS}/{name}"] for name in _TEXTS}
        return _Taken(
            about["key"],
            about["task"],
            json.loads(about["about"]),
            steps,
            int(about["first_step"]),
            tuple(notes_from(json.loads(about["notes"]))),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise BadDataset(
            reader.path / "meta/episodes", f"of episode {episode.index}: {error!r}"
        ) from None


_TEXTS = ("key", "task", "first_step", "about", "notes")


def _foreign(reader: LerobotReader, episode: LerobotEpisode) -> _Taken | None:
    """An episode that others recorded; None where it has no two steps."""
    values, stamp = _values(episode.columns), episode.columns["timestamp"][:, 0]
    count = len(stamp) - 1
    if count < 1:
        return None
    ending = np.zeros(count, np.uint32)
    ending[-1] = TRUNCATED
    steps = {name: column[:-1] for name, column in values.items()}
    steps["next_state"] = values["state"][1:]
    task = episode.tasks[0] if episode.tasks else ""
    about = {
        "instruction": task,
        "config": {"robot": str(reader.info.get("robot_type") or ""), "rate": reader.rate},
        "imported": f"LeRobot {reader.info['codebase_version']}, episode {episode.index}",
    }
    key = f"{reader.path.resolve().name} {episode.index}"
    return _Taken(key, task, about, Transitions(steps, stamp[:-1].astype(float), ending))


def _values(columns: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[np.float32]]:
    return {
        _FIELDS.get(name, name): column.astype(np.float32)
        for name, column in columns.items()
        if name not in _NO_FIELDS
    }
