from types import SimpleNamespace

import numpy as np
import pytest

from robot_meta.replay.config import StoreConfig
from robot_meta.replay.files import Files
from robot_meta.replay.store import ReplayStore
from robot_meta.replay.transitions import Transitions

FIELDS = {"state": 3, "action": 2}
SMALL = StoreConfig(segment_bytes=1 << 14, commit_period=0.0)  # 236 rows


class Unsynced(Files):
    """For tests that cut no power: what is written is not pushed to the disk."""

    def sync(self, file):
        pass

    def sync_folder(self, folder):
        pass


def numbered(begin, count):
    """Transitions that carry their number, and so does everything in them."""
    number = np.arange(begin, begin + count, dtype=float)
    return Transitions(
        {"state": number[:, None] + [0.0, 0.25, 0.5], "action": -number[:, None] * [1.0, 2.0]},
        0.05 * number,
    )


def open_store(path, **options):
    return ReplayStore(path, **{"fields": FIELDS, "config": SMALL, "files": Unsynced(), **options})


def fill(path, episodes, steps, task=lambda number: "", config=SMALL):
    with open_store(path, config=config) as store:
        for number in range(episodes):
            episode = store.begin_episode(f"episode {number}", task(number))
            store.append(episode, numbered(1000 * number, steps))


@pytest.fixture
def filled(tmp_path):
    """A store of ten episodes of 100 steps, in several segments."""
    path = tmp_path / "store"
    fill(path, 10, 100, lambda number: f"task {number % 2}")
    return path


@pytest.fixture(scope="session")
def stores():
    """What tests of the store are made of."""
    return SimpleNamespace(
        fields=FIELDS, config=SMALL, files=Unsynced, numbered=numbered, open=open_store, fill=fill
    )
