"""What a clip looks like: as it was filmed, or else drawn from the states that were recorded."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_meta.annotation.clips import Clip, read_clip
from robot_meta.collection.video.reader import open_videos
from robot_meta.errors import BadConfig, StoreDamaged
from robot_meta.perception.camera import CameraConfig
from robot_meta.perception.poses import Pose
from robot_meta.replay.episodes import EpisodeIndex
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.transitions import Batch, Episode, Ints
from robot_meta.robots.closing import Closing
from robot_meta.robots.description import arm_description
from robot_meta.twin.camera import TwinCamera, TwinCameraConfig
from robot_meta.twin.desk.layout import optical_axes
from robot_meta.twin.desk.state import SCENE
from robot_meta.twin.posture import Posture
from robot_meta.twin.scenes import SceneConfig
from robot_meta.types import Array
from robot_meta.web.pictures import Picture, packed

FPS = 15.0  # of a film, where there are so many steps a second
_KEPT = 8  # films in memory
_WIDTH, _HEIGHT = 480, 360
_EYE, _LOOK_AT = np.array([1.25, -0.9, 0.8]), np.array([0.35, 0.0, 0.25])  # base frame, [m]


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
        self._stage: _Stage | None = None

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
        if self._stage is not None:
            self._stage.close()
            self._stage = None

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
        states = batch.values["state"][shown]
        scenery = _Scenery.of(self._index.snapshot.episodes[number], states.shape[1])
        if self._stage is None or self._stage.scenery != scenery:
            self.close()
            self._stage = _Stage(scenery)
        return [self._stage.picture(state) for state in states]


@dataclass(frozen=True)
class _Scenery:
    """What is drawn: which robot, and which desk, if any."""

    robot: str
    desk: bool
    layout_seed: int

    @staticmethod
    def of(episode: Episode, width: int) -> _Scenery:
        """The scenery of an episode whose states have `width` entries."""
        about = episode.about
        config = about.get("config", {})
        robot = str(config.get("robot", "fr3"))
        own = arm_description(robot).spec.num_joints * 2 + 3
        by_node = config.get("parameters", {})
        live = (by_node[name].get("desk_seed") for name in by_node if name.endswith("/robot"))
        seed = about.get("layout_seed", next(live, None))
        return _Scenery(robot, width == own + len(SCENE), -1 if seed is None else int(seed))


class _Stage(Closing):
    """Draws postures in one scenery."""

    def __init__(self, scenery: _Scenery) -> None:
        description = arm_description(scenery.robot)
        self.scenery, self._joints = scenery, description.spec.num_joints
        self._posture: Posture | None = None
        self._camera = TwinCamera(
            description,
            CameraConfig(width=_WIDTH, height=_HEIGHT, depth=False),
            TwinCameraConfig(),
            mount=Pose(position=_EYE, rotation=optical_axes(_EYE, _LOOK_AT)),
            scene=SceneConfig(desk=scenery.desk, layout_seed=scenery.layout_seed),
            wait=lambda due, timeout: self._posture,
        )

    def picture(self, state: Array) -> Picture:
        """The picture of a recorded state, (S,)."""
        scene = state[-len(SCENE) :] if self.scenery.desk else None
        self._posture = Posture(stamp=0.0, position=state[: self._joints], scene=scene)
        return self._camera.grab().color

    def close(self) -> None:
        """Let go of what draws."""
        self._camera.close()
