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


@pytest.fixture
def play(tmp_path):
    """Three episodes of 80 steps; a joint turns and the drawer opens."""
    states = []
    for step in range(STEPS + 1):
        position = ARM.home.copy()
        position[0] += 0.01 * step
        scene = np.zeros(len(SCENE))
        scene[0], scene[1 + 0] = 0.04, 0.001 * step
        scene[[10, 17]] = 1.0  # blocks stand upright
        states.append(recorded_state(position, np.zeros(7), np.zeros(3), scene))
    states = np.array(states)
    path = tmp_path / "store"
    with ReplayStore(path, fields={"state": states.shape[1]}) as store:
        for number in range(EPISODES):
            episode = store.begin_episode(f"play {number}", about={"layout_seed": 1})
            stamps = 1e9 + PERIOD * np.arange(STEPS)
            store.append(episode, Transitions({"state": states[:-1]}, stamps))
    return path
