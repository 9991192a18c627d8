"""From a store to MCAP: a run folder of standard messages for every episode."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

import robot_meta
from robot_meta.collection.decoding import nanoseconds
from robot_meta.collection.recording import RunWriter
from robot_meta.errors import UnknownRobot
from robot_meta.formats.mcap import layout
from robot_meta.formats.mcap.layout import Messages, checksum
from robot_meta.formats.selection import EpisodeSelection, RecordedEpisode
from robot_meta.formats.whole_folder import whole_folder
from robot_meta.robots.description import arm_description


def export_mcap(
    selection: EpisodeSelection, target: Path, progress: Callable[[], object] = lambda: None
) -> int:
    """Write episodes as run folders in a folder, which is there as a whole or not at all.

    Args:
        selection: What to write.
        target: The folder, which must not be there.
        progress: Called once per episode.

    Returns:
        How many there are.

    Raises:
        ValueError: There is no episode.
        BadConfig: The folder is there.
        RecordingFailed: The disk is full or refuses.
    """
    if not len(selection):
        raise ValueError(f"no episode of {selection.store} is selected, so nothing is exported")
    messages = Messages()
    with whole_folder(target) as folder:
        for number, recorded in enumerate(selection):
            _write_episode(folder / f"episode_{number:06d}", selection, recorded, messages)
            progress()
    return len(selection)


def _write_episode(
    folder: Path, selection: EpisodeSelection, recorded: RecordedEpisode, messages: Messages
) -> None:
    """Write one episode as a run folder."""
    episode, steps = recorded.episode, recorded.steps
    robot = selection.robot(episode)
    about = {
        "format": layout.VERSION,
        "key": episode.key,
        "task": episode.task,
        "about": episode.about,
        "notes": [dataclasses.asdict(note) for note in recorded.notes],
        "fields": [[name, values.shape[1]] for name, values in steps.values.items()],
        "steps": len(steps),
        "crc": checksum(steps),
        "origin": selection.origin,
    }
    manifest = {
        "format": f"{layout.KIND} {layout.VERSION}",
        "version": robot_meta.__version__,
        "robot": robot,
    }
    writer = RunWriter(folder, manifest)
    try:
        stamps = [nanoseconds(stamp) for stamp in steps.stamp.tolist()]
        begin, end = (stamps[0], stamps[-1]) if stamps else (0, 0)
        text = json.dumps(about, sort_keys=True)
        writer.write(layout.ABOUT, layout.TEXT, messages.of(layout.TEXT, text), begin)
        for topic, words in (("/instruction", recorded.instruction), ("/recording", episode.key)):
            writer.write(topic, layout.TEXT, messages.of(layout.TEXT, words), begin)
        arm = _joint_names(recorded, robot)
        period = int(np.median(np.diff(stamps))) if len(stamps) > 1 else 0
        for place, stamp in enumerate(stamps):
            _write_step(writer, messages, recorded, place, stamp)
            if arm:
                _write_arm(writer, messages, arm, recorded, place, stamp, period)
        writer.write("/recording", layout.TEXT, messages.of(layout.TEXT, ""), end)
    finally:
        writer.close()


def _write_step(
    writer: RunWriter, messages: Messages, recorded: RecordedEpisode, place: int, stamp: int
) -> None:
    steps = recorded.steps
    single = (
        (layout.STEP, layout.INTEGER, int(steps.step[place])),
        (layout.STAMP, layout.FLOAT, float(steps.stamp[place])),
        (layout.ENDING, layout.INTEGER, int(steps.ending[place])),
    )
    for topic, kind, value in single:
        writer.write(topic, kind, messages.of(kind, value), stamp)
    for name, values in steps.values.items():
        data = messages.array(name, values[place])
        writer.write(layout.FIELD + name, layout.ARRAY, data, stamp)


def _write_arm(
    writer: RunWriter,
    messages: Messages,
    names: list[str],
    recorded: RecordedEpisode,
    place: int,
    stamp: int,
    period: int,
) -> None:
    """The topics that an arm has live."""
    values = {name: rows[place] for name, rows in recorded.steps.values.items()}
    state = messages.joint_state(stamp, names, values["state"][: len(names)])
    sent = messages.commanded(stamp, names, values["reference"], values["commanded"], period)
    writer.write("/joint_states", layout.JOINTS, state, stamp)
    writer.write("/commanded", layout.TRAJECTORY, sent, stamp)


def _joint_names(recorded: RecordedEpisode, robot: str) -> list[str]:
    """Of the arm whose periods these are, numbered if it is not known; none if it is no arm."""
    widths = {name: rows.shape[1] for name, rows in recorded.steps.values.items()}
    joints = widths.get("commanded", 0)
    if not joints or widths.get("reference") != 2 * joints or widths.get("state", 0) < joints:
        return []
    try:
        names = list(arm_description(robot).spec.joint_names)
    except UnknownRobot:
        names = []
    return names if len(names) == joints else [f"joint{i + 1}" for i in range(joints)]
