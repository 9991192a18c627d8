"""Pictures for play that was generated without: drawn from the recorded states, kept as videos."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_meta.collection.decoding import nanoseconds
from robot_meta.collection.desk_state import state_names
from robot_meta.collection.play.generate import ABOUT
from robot_meta.collection.play.summary import stored_episodes
from robot_meta.collection.video.files import next_part, parts
from robot_meta.collection.video.writer import VideoConfig, VideoWriter
from robot_meta.errors import BadConfig
from robot_meta.replay.transitions import Batch, Episode
from robot_meta.robots.description import arm_description
from robot_meta.twin.desk.layout import ASPECTS, DeskLayout, desk_layout, draw_layout
from robot_meta.twin.desk.state import SCENE
from robot_meta.twin.state_camera import StateCamera

CAMERAS = ("camera", "wrist_camera")


@dataclass(frozen=True, kw_only=True)
class FilmConfig:
    """How play is filmed.

    Attributes:
        camera: "camera" for the fixed one of the desk, "wrist_camera" for one on the hand.
        fps: Frames per second at most; each is a step of the episode.
        width: [px].
        height: [px].
        encoding: How pictures are compressed.
    """

    camera: str = "camera"
    fps: float = 10.0
    width: int = 128
    height: int = 128
    encoding: VideoConfig = VideoConfig()

    def __post_init__(self) -> None:
        if self.camera not in CAMERAS:
            raise ValueError(f"camera must be one of {list(CAMERAS)}, got '{self.camera}'")
        if not self.fps > 0.0:
            raise ValueError(f"fps must be > 0, got {self.fps}")
        if min(self.width, self.height) < 16 or self.width % 2 or self.height % 2:
            raise ValueError(
                f"want even width and height of 16 or more, got {self.width} x {self.height}"
            )


def film(config: FilmConfig, store: Path, *, progress: Callable[[], object] = lambda: None) -> int:
    """Film every episode of a desk that this camera has not filmed yet; how many those were.

    Raises:
        BadConfig: No episode holds the state of a desk.
        NotConnected: This machine cannot draw.
        RecordingFailed: The disk is full; the same call goes on from there.
    """
    description = arm_description("fr3")
    width = len(state_names(description.spec.num_joints))
    vary = varied_aspects(store)
    count = desks = 0
    with StateCamera(description, config.camera, config.width, config.height) as camera:
        for episode, batch in stored_episodes(store):
            if batch.values["state"].shape[1] != width:
                continue
            desks += 1
            if config.camera not in parts(store, episode.key):
                camera.lay_out(layout_of(episode, vary))
                _film(config, store, episode, batch, camera)
                count += 1
            progress()
    if not desks:
        raise BadConfig(f"no episode in {store} holds the state of a desk")
    return count


def _film(
    config: FilmConfig, store: Path, episode: Episode, batch: Batch, camera: StateCamera
) -> None:
    """One video, which is there as a whole or not at all."""
    path = next_part(store, episode.key, config.camera)
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    about = {"episode": episode.key, "camera": config.camera, "drawn": True}
    joints = batch.values["measured"].shape[1]
    due = -np.inf
    with VideoWriter(partial, config.encoding, about) as writer:
        for stamp, state in zip(batch.stamp.tolist(), batch.values["state"], strict=True):
            if stamp >= due - 1e-6:
                due = max(due, stamp) + 1.0 / config.fps
                state = state.astype(float)
                writer.add(
                    nanoseconds(stamp), camera.picture(state[:joints], state[-len(SCENE) :])
                )
    partial.replace(path)


def varied_aspects(store: Path) -> Collection[str]:
    """What differed from desk to desk, where the store is one of generated play."""
    path = store / ABOUT
    if not path.exists():
        return ASPECTS
    vary: list[str] = json.loads(path.read_text())["config"]["vary"]
    return vary


def layout_of(episode: Episode, vary: Collection[str]) -> DeskLayout:
    """The desk that an episode was played at, where `varied_aspects` differ from desk to desk."""
    seed = int(episode.about.get("layout_seed", -1))
    return desk_layout(seed) if seed < 0 else draw_layout(seed, vary)
