"""What a clip looks like: as it was filmed, or else drawn from the states that were recorded."""

from __future__ import annotations

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

FPS = 15.0  # of a film, where there are so many steps a second
_KEPT = 8  # films in memory
_WIDTH, _HEIGHT = 480, 360


@dataclass(frozen=True)
class Film:
    """A clip as pictures.

    Attributes:
        frames: Each as JPEG.
        fps: As fast as it was recorded, [1/s].
        source: Name of the camera; "" for one that is drawn from states.
    """

    frames: tuple[bytes, ...]
    fps: float
    source: str


class Films(Closing):
    """Films of the clips of one store; made, used and closed in one thread.

    Args:
        store: Its folder.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._index = EpisodeIndex(Snapshot(store))
        self._kept: OrderedDict[Clip, Film] = OrderedDict()
        self._vary = varied_aspects(store)
        self._camera: StateCamera | None = None
        self._drawing = ("", False)  # robot, and whether at a desk

    def of(self, clip: Clip) -> Film:
        """The film of a clip.

        Raises:
            ValueError: There is no such episode.
            StoreDamaged: Nothing of the clip can be read.
            NotConnected: It was not filmed, and this machine cannot draw.
        """
        if clip not in self._kept:
            self._kept[clip] = self._made(clip)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(clip)
        return self._kept[clip]

    def close(self) -> None:
        """Let go of what draws."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None

    def _made(self, clip: Clip) -> Film:
        batch = read_clip(self._index, clip)
        if len(batch) < 2:
            raise StoreDamaged(self._store, f"nothing of the clip {clip} can be read")
        period = float(np.median(np.diff(batch.stamp)))
        every = max(1, round(1.0 / (FPS * period)))
        shown = np.arange(0, len(batch), every)
        source, pictures = self._filmed(clip, batch.stamp[shown])
        if not pictures:
            source, pictures = "", self._drawn(clip, batch, shown)
        return Film(tuple(map(packed, pictures)), 1.0 / (every * period), source)

    def _filmed(self, clip: Clip, stamps: Array) -> tuple[str, list[Picture]]:
        """What the first camera saw, where it saw all of the clip; nothing where nobody knows."""
        try:
            videos = open_videos(self._store, clip.episode)
        except (StoreDamaged, BadConfig):  # no video, or nothing here that could read one
            return "", []
        try:
            for camera, video in videos.items():
                numbers = video.numbers_at(stamps)
                if (numbers >= 0).all():
                    return camera, [video.frame(int(number)) for number in numbers]
            return "", []
        except StoreDamaged:
            return "", []
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
