"""What a clip looks like: as it was filmed, or else drawn from the states that were recorded."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_meta.annotation.clips import Clip, read_clip
from robot_meta.collection.desk_state import state_names
from robot_meta.collection.play.film import layout_of, varied_aspects
from robot_meta.collection.video.reader import open_videos
from robot_meta.errors import BadConfig, StoreDamaged
from robot_meta.replay.episodes import EpisodeIndex
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.transitions import Batch, Ints
from robot_meta.robots.closing import Closing
from robot_meta.robots.description import arm_description
from robot_meta.twin.desk.state import SCENE
from robot_meta.twin.state_camera import StateCamera
from robot_meta.types import Array
from robot_meta.web.pictures import Picture, packed

DRAWN = ""  # instead of the name of a camera
FPS = 15.0  # of a film, where there are so many steps a second
_KEPT = 16  # films in memory; the first camera's count twice
_WIDTH, _HEIGHT = 480, 360


@dataclass(frozen=True)
class Film:
    """A clip as pictures.

    Attributes:
        frames: Each as JPEG.
        fps: As fast as it was recorded, [1/s].
        source: Name of the camera; `DRAWN` for one that is drawn from states.
        sources: All that the same clip can be seen by, the cameras that saw all of it first.
    """

    frames: tuple[bytes, ...]
    fps: float
    source: str
    sources: tuple[str, ...]


class Films(Closing):
    """Films of the clips of one store; made, used and closed in one thread.

    Args:
        store: Its folder.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._index = EpisodeIndex(Snapshot(store))
        self._kept: OrderedDict[tuple[Clip, str | None], Film] = OrderedDict()
        self._vary = varied_aspects(store)
        self._camera: StateCamera | None = None
        self._drawing = ("", False)  # robot, and whether at a desk

    def of(self, clip: Clip, source: str | None = None) -> Film:
        """The film of a clip.

        Args:
            clip: What is shown.
            source: By which camera, or `DRAWN`; None for the first camera, or drawn without any.

        Raises:
            ValueError: There is no such episode, or that camera did not see all of the clip.
            StoreDamaged: Nothing of the clip can be read.
            NotConnected: It was not filmed, and this machine cannot draw.
        """
        key = (clip, source)
        if key not in self._kept:
            film = self._made(clip, source)
            self._kept[key] = self._kept[clip, film.source] = film
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def close(self) -> None:
        """Let go of what draws."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None

    def _made(self, clip: Clip, source: str | None) -> Film:
        number = self._index.number(clip.episode)
        if number is None or self._index.length(number) < clip.end:  # recorded since
            self._index = EpisodeIndex(self._index.snapshot.newer())
        batch = read_clip(self._index, clip)
        if len(batch) < 2:
            raise StoreDamaged(self._store, f"nothing of the clip {clip} can be read")
        period = float(np.median(np.diff(batch.stamp)))
        every = max(1, round(1.0 / (FPS * period)))
        shown = np.arange(0, len(batch), every)
        seen = self._seen(clip, batch.stamp[shown], source)
        if source not in (None, DRAWN, *seen):
            cameras = ", ".join(seen) or "nobody"
            raise ValueError(f"'{source}' did not film all of the clip {clip}; {cameras} did")
        if source is None:
            source = next((camera for camera, pictures in seen.items() if pictures), DRAWN)
        pictures = seen[source] if source != DRAWN else self._drawn(clip, batch, shown)
        return Film(tuple(map(packed, pictures)), 1.0 / (every * period), source, (*seen, DRAWN))

    def _seen(self, clip: Clip, stamps: Array, source: str | None) -> dict[str, list[Picture]]:
        """The cameras that saw all of a clip; with pictures that of `source`, or the first."""
        try:
            videos = open_videos(self._store, clip.episode)
        except (StoreDamaged, BadConfig):  # no video, or nothing here that could read one
            return {}
        seen: dict[str, list[Picture]] = {}
        try:
            for camera, video in videos.items():
                wanted = not seen if source is None else camera == source
                with contextlib.suppress(StoreDamaged):  # as good as not filmed
                    numbers = video.numbers_at(stamps)
                    if (numbers >= 0).all():
                        frames = numbers.tolist() if wanted else []
                        seen[camera] = [video.frame(number) for number in frames]
            return seen
        finally:
            for video in videos.values():
                video.close()

    def _drawn(self, clip: Clip, batch: Batch, shown: Ints) -> list[Picture]:
        number = self._index.number(clip.episode)
        assert number is not None
        episode = self._index.snapshot.episodes[number]
        robot = str(episode.about.get("config", {}).get("robot", "fr3"))
        joints = arm_description(robot).spec.num_joints
        states = batch.values["state"][shown].astype(float)
        desk = states.shape[1] == len(state_names(joints))
        camera = self._camera_for(robot, desk)
        if desk:
            camera.lay_out(layout_of(episode, self._vary))
        scenes = states[:, -len(SCENE) :] if desk else [None] * len(states)
        return [
            camera.picture(state[:joints], scene)
            for state, scene in zip(states, scenes, strict=True)
        ]

    def _camera_for(self, robot: str, desk: bool) -> StateCamera:
        if self._camera is None or self._drawing != (robot, desk):
            self.close()
            description = arm_description(robot)
            self._camera = StateCamera(description, "camera", _WIDTH, _HEIGHT, desk=desk)
            self._drawing = (robot, desk)
        return self._camera
