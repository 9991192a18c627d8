from types import SimpleNamespace

import numpy as np
import pytest

from robot_meta.collection.recorder import Recorder
from robot_meta.collection.steps import Step, fields
from robot_meta.formats.selection import EpisodeSelection, Selection
from robot_meta.types import Commanded

PERIOD, JOINTS, STATE, ACTION = 0.05, 7, 17, 7


def step(place, rng):
    """A period with values that no rounding leaves as they are."""
    noise = rng.standard_normal
    return Step(
        stamp=1000.1 + PERIOD * place,
        state=noise(STATE),
        requested=noise(ACTION),
        commanded=Commanded(
            stamp=1000.1 + PERIOD * place,
            position=noise((2, JOINTS)),
            velocity=noise((2, JOINTS)),
            altered=False,
            reason="",
        ),
    )


def about(number):
    return {
        "instruction": f"öffne die Schublade {number % 2}",
        "who": ("ann", "ben")[number % 2],
        "seed": number,
        "config": {"robot": "fr3", "share": 0.1 + 0.2},
        "state": [f"s{i}" for i in range(STATE)],
        "commit": "abc",
    }


def record(path, episodes=4, steps=30):
    """Episodes of which the third is discarded, and the fourth has a gap in its middle."""
    with Recorder(path, fields(STATE, ACTION, JOINTS), PERIOD, who="ann") as recorder:
        for number in range(episodes):
            rng = np.random.default_rng(number)
            recorder.start(f"episode {number}", f"task {number % 2}", about(number))
            for place in range(steps):
                leap = 100 if number == 3 and place >= steps // 2 else 0
                recorder.add(step(place + leap, rng))
                if place == 10:
                    recorder.mark("here it slipped")
            if number == 2:
                recorder.discard()
            else:
                recorder.stop()


def assert_same(one, other):
    """Two stores hold the same selected episodes, bit for bit."""
    selections = EpisodeSelection(one), EpisodeSelection(other)
    assert len(selections[0]) == len(selections[1]) > 0
    for a, b in zip(*selections, strict=True):
        for name in ("key", "task", "about"):
            assert getattr(a.episode, name) == getattr(b.episode, name)
        assert a.notes == b.notes
        assert list(a.steps.values) == list(b.steps.values)
        for name, values in a.steps.values.items():
            assert values.tobytes() == b.steps.values[name].tobytes()
        for name in ("stamp", "ending", "step"):
            assert getattr(a.steps, name).tobytes() == getattr(b.steps, name).tobytes()


def film(store, key, begin, frames, camera="front", seed=0):
    """A video whose frames show their number in bars, at irregular times; their stamps [s]."""
    pytest.importorskip("av")
    from robot_meta.collection.video.files import next_part
    from robot_meta.collection.video.writer import VideoConfig, VideoWriter

    stamps = begin + np.cumsum(np.random.default_rng(seed).uniform(0.01, 0.05, frames))
    with VideoWriter(next_part(store, key, camera), VideoConfig(), {"episode": key}) as writer:
        for number, stamp in enumerate(stamps.tolist()):
            bits = np.array([(number >> i) & 1 for i in range(16)], np.uint8) * 200 + 25
            row = np.repeat(bits, 6)
            writer.add(round(1e9 * stamp), np.broadcast_to(row[None, :, None], (48, 96, 3)))
    return stamps


@pytest.fixture
def recorded(tmp_path):
    """A store of four episodes as an arm's periods make them."""
    path = tmp_path / "store"
    record(path)
    return path


@pytest.fixture(scope="session")
def recordings():
    """What tests of formats are made of."""
    return SimpleNamespace(
        record=record,
        assert_same=assert_same,
        film=film,
        selection=EpisodeSelection,
        only=Selection,
    )
