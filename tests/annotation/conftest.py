import numpy as np
import pytest

from robot_meta.replay.store import ReplayStore
from robot_meta.replay.transitions import Transitions


@pytest.fixture
def filled(tmp_path):
    """A store of ten episodes of 100 steps, whose states count them."""
    path = tmp_path / "store"
    with ReplayStore(path, fields={"state": 1}) as store:
        for number in range(10):
            count = np.arange(100.0 * number, 100.0 * (number + 1))
            episode = store.begin_episode(f"episode {number}", f"task {number % 2}")
            store.append(episode, Transitions({"state": count[:, None]}, 0.05 * count))
    return path
