"""A store of an arm at a desk: what the annotation page shows."""

import numpy as np
import pytest

from robot_meta.collection.desk_state import recorded_state
from robot_meta.replay.store import ReplayStore
from robot_meta.replay.transitions import Transitions
from robot_meta.robots.description import arm_description
from robot_meta.twin.desk.state import SCENE

ARM = arm_description("fr3").spec
STEPS, PERIOD, EPISODES = 80, 0.05, 3


def desk_states():
    """A joint turns and the drawer opens, (T + 1, S)."""
    states = []
    for step in range(STEPS + 1):
        position = ARM.home.copy()
        position[0] += 0.01 * step
        scene = np.zeros(len(SCENE))
        scene[0], scene[1 + 0] = 0.04, 0.001 * step
        scene[[10, 17]] = 1.0  # blocks stand upright
        states.append(recorded_state(position, np.zeros(7), np.zeros(3), scene))
    return np.array(states)


def add_episodes(path, *keys):
    """Episodes of 80 steps at a desk, into a new store or one that is there."""
    states = desk_states()
    with ReplayStore(path, fields={"state": states.shape[1]}) as store:
        for key in keys:
            episode = store.begin_episode(key, about={"layout_seed": 1})
            stamps = 1e9 + PERIOD * np.arange(STEPS)
            store.append(episode, Transitions({"state": states[:-1]}, stamps))


@pytest.fixture
def record():
    return add_episodes


@pytest.fixture
def play(tmp_path):
    """Three episodes of 80 steps."""
    path = tmp_path / "store"
    add_episodes(path, *(f"play {number}" for number in range(EPISODES)))
    return path


@pytest.fixture
def film():
    """Films an episode: grey pictures, each lighter than the one before."""
    pytest.importorskip("av")
    from robot_meta.collection.video.files import next_part
    from robot_meta.collection.video.writer import VideoConfig, VideoWriter

    def write(store, episode, camera, shade):
        with VideoWriter(next_part(store, episode, camera), VideoConfig(), {}) as writer:
            for step in range(STEPS):
                picture = np.full((48, 64, 3), shade + 2 * step, dtype=np.uint8)
                writer.add(round(1e9 * (1e9 + PERIOD * step)), picture)

    return write
