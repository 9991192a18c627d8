"""Whether what a store returns makes sense: time, order and what follows from what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_meta.annotation.history import HISTORY, AnnotationHistory
from robot_meta.collection.video.files import FOLDER as VIDEOS
from robot_meta.collection.video.reader import open_videos
from robot_meta.errors import StoreDamaged
from robot_meta.formats.selection import EpisodeSelection, RecordedEpisode, Selection
from robot_meta.replay.episodes import EpisodeIndex, stretches
from robot_meta.replay.journal import JOURNAL
from robot_meta.replay.lines import checked_lines


@dataclass(frozen=True)
class Problem:
    """Something that is not as it should be.

    Attributes:
        where: Episode or file.
        what: In words.
    """

    where: str
    what: str


def check_episodes(
    store: Path, progress: Callable[[], object] = lambda: None
) -> Iterator[Problem]:
    """Problems of the episodes of a store, of its journal, its videos and its annotations.

    Steps that are not there are none: retention drops whole runs of them. Rows and their checksums
    are checked by `replay.inspection`.

    Args:
        store: Its folder.
        progress: Called once per episode.
    """
    selection = EpisodeSelection(store, Selection(discarded=True))
    for number in EpisodeIndex(selection.snapshot).nameless:
        yield Problem(f"episode {number}", "nothing but its steps is known of it")
    for recorded in selection:
        for what in (*_problems(recorded), *_video_problems(store, recorded)):
            yield Problem(f"'{recorded.episode.key}'", what)
        progress()
    keys = {episode.key for episode in selection.episodes}
    for folder in sorted((store / VIDEOS).glob("*")):
        if folder.name not in keys:
            yield Problem(f"{VIDEOS}/{folder.name}", "films an episode that is not there")
    if (store / JOURNAL).is_file():
        _, damaged = checked_lines((store / JOURNAL).read_bytes())
        if damaged:
            yield Problem(JOURNAL, f"{damaged} lines torn or altered; they are left out")
    if damaged := AnnotationHistory(store).damaged:
        yield Problem(HISTORY, f"{damaged} lines altered; they are left out")


def _problems(recorded: RecordedEpisode) -> Iterator[str]:
    steps = recorded.steps
    back = np.flatnonzero(np.diff(steps.stamp) <= 0.0)
    if len(back):
        yield f"time runs back, or stands still, after step {steps.step[back[0]]}"
    values = steps.values
    if not {"state", "next_state"} <= set(values):
        return
    for part in stretches(steps):
        state, following = values["state"][part], values["next_state"][part]
        apart = np.flatnonzero((state[1:] != following[:-1]).any(axis=1))
        if len(apart):
            step = steps.step[part][apart[0]]
            yield f"what step {step} ended in is not what step {step + 1} began in"
            return


def _video_problems(store: Path, recorded: RecordedEpisode) -> Iterator[str]:
    try:
        videos = open_videos(store, recorded.episode.key)
    except StoreDamaged as error:
        yield str(error)
        return
    for camera, video in videos.items():
        if not len(video):
            yield f"its video of '{camera}' holds no frame"
        elif len(recorded.steps) and (
            video.stamp[0] > recorded.steps.stamp[-1] or video.stamp[-1] < recorded.steps.stamp[0]
        ):
            yield f"its video of '{camera}' is of another time than its steps"
        video.close()
