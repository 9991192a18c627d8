"""From exported episodes in MCAP to a store, bit for bit."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.serde import SerdeError

from robot_meta.collection.recording import MANIFEST, RUN_FILE
from robot_meta.collection.run_reader import RunReader
from robot_meta.errors import BadDataset, RecordingFailed, StoreVersion
from robot_meta.formats.importer import EpisodeImporter, notes_from
from robot_meta.formats.mcap import layout
from robot_meta.formats.mcap.layout import KIND, checksum
from robot_meta.formats.selection import write_origin
from robot_meta.replay.transitions import Batch, Transitions


def is_exported(folder: Path) -> bool:
    """Whether a run folder holds an exported episode, not a recorded run."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return layout.ABOUT in RunReader(folder, mend=False).topics()
    return KIND in manifest.read_text(encoding="utf-8")


def exported_episodes(path: Path) -> list[Path]:
    """Run folders of exported episodes in a folder, or that folder itself."""
    if (path / RUN_FILE).is_file():
        return [path]
    return sorted(file.parent for file in path.glob("episode_*/" + RUN_FILE))


def import_mcap(
    folders: Sequence[Path], store: Path, progress: Callable[[], object] = lambda: None
) -> int:
    """Take exported episodes into a store; done twice it is done once.

    Args:
        folders: As `exported_episodes` gives them.
        store: Folder of the store; made if need be.
        progress: Called once per episode.

    Returns:
        How many were taken in or were there already.

    Raises:
        BadDataset: One is cut or altered; those before it are in the store.
        StoreVersion: A newer version wrote one.
        ValueError: The store holds other fields, or another episode of the same key.
        StoreFull: The disk is full; the same call goes on later.
    """
    fields = read_episode(folders[0])[0]["fields"]
    with EpisodeImporter(store, fields) as importer:
        for folder in folders:
            about, steps = read_episode(folder)
            notes = notes_from(about["notes"])
            breaks = np.flatnonzero(np.diff(steps.step) != 1) + 1
            bounds = [0, *breaks.tolist(), len(steps)]
            for begin, end in zip(bounds[:-1], bounds[1:], strict=True):
                part = slice(begin, end)
                whole = Transitions(
                    {name: values[part] for name, values in steps.values.items()},
                    steps.stamp[part],
                    steps.ending[part],
                )
                first = int(steps.step[begin])
                importer.add(about["key"], about["task"], about["about"], whole, first, notes)
            progress()
    write_origin(store, about["origin"])
    return len(folders)


def read_episode(folder: Path) -> tuple[dict[str, Any], Batch]:
    """What is known of an exported episode, and its steps.

    Raises:
        BadDataset: It is cut, altered, or was not exported.
        StoreVersion: A newer version wrote it.
    """
    found = _messages(folder)
    about = _about(folder, found[layout.ABOUT][0]) if layout.ABOUT in found else {}
    if not about:
        raise BadDataset(folder, f"it has no topic {layout.ABOUT}, so nobody exported it as one")
    wanted = [layout.STEP, layout.STAMP, layout.ENDING, *map(_topic, about["fields"])]
    for topic in wanted:
        if len(found.get(topic, ())) != about["steps"]:
            raise BadDataset(
                folder, f"want {about['steps']} steps, {len(found.get(topic, ()))} on {topic}"
            )
    step = np.array(found[layout.STEP], np.int64)
    values = {
        name: np.array(found[_topic(name)], np.float32).reshape(len(step), width)
        for name, width in about["fields"].items()
    }
    stamp, ending = np.array(found[layout.STAMP], float), np.array(found[layout.ENDING], np.uint32)
    none = np.zeros(len(step), np.int64)
    steps = Batch(none, none, step, stamp, ending, values)
    if checksum(steps) != about["crc"]:
        raise BadDataset(folder, "its numbers are not those that were exported")
    return about, steps


def _messages(folder: Path) -> dict[str, list[Any]]:
    """What the messages of every topic of ours carry, in order."""
    found: dict[str, list[Any]] = {}
    try:
        reader = RunReader(folder, mend=False)
        ours = [topic for topic in reader.topics() if topic.startswith(layout.OURS)]
        for topic, message, _ in reader.messages(ours):
            found.setdefault(topic, []).append(message.data)
    except (RecordingFailed, SerdeError, ValueError, KeyError, struct.error) as error:
        raise BadDataset(folder, f"cut or damaged ({error!r})") from None
    return found


def _about(folder: Path, text: str) -> dict[str, Any]:
    try:
        about = json.loads(text)
        version = about["format"]
        if isinstance(version, int) and version > layout.VERSION:
            raise StoreVersion(folder, version, layout.VERSION)
        for name in ("key", "task", "about", "notes", "fields", "steps", "crc", "origin"):
            about[name]
        about["fields"] = {str(name): int(width) for name, width in about["fields"]}
    except (ValueError, KeyError, TypeError) as error:
        raise BadDataset(folder, f"{layout.ABOUT} is not what was exported ({error!r})") from None
    return dict(about)


def _topic(field: str) -> str:
    return layout.FIELD + field
