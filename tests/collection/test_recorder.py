"""Start, stop, discard, mark and resume; nothing that was acknowledged is lost in a kill."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from robot_meta.collection.recorder import Recorder
from robot_meta.collection.steps import Step, fields, transitions
from robot_meta.errors import RecordingFailed
from robot_meta.replay.journal import discarded, read_notes
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.transitions import TRUNCATED
from robot_meta.types import Commanded

PERIOD, JOINTS, STATE, ACTION = 0.05, 2, 5, 3
FIELDS = fields(STATE, ACTION, JOINTS)


def step(k):
    """A step that carries its number in everything."""
    return Step(
        stamp=PERIOD * k,
        state=k + np.arange(STATE) / 8.0,
        requested=np.full(ACTION, -float(k)),
        commanded=Commanded(
            stamp=PERIOD * k,
            position=np.full((2, JOINTS), 2.0 * k),
            velocity=np.full((2, JOINTS), [[3.0 * k], [3.0 * (k + 1)]]),
            altered=False,
            reason="",
        ),
    )


def recorder(path):
    return Recorder(path, FIELDS, PERIOD, who="me")


def record(path, key, steps, **about):
    with recorder(path) as recording:
        recording.start(key, about=about)
        for k in steps:
            recording.add(step(k))


def stored(path, key):
    """All transitions of an episode."""
    snapshot = Snapshot(path)
    (number,) = [e.number for e in snapshot.episodes.values() if e.key == key]
    everything = snapshot.intact(np.arange(len(snapshot)))
    rows = np.flatnonzero(everything.episode == number)
    return snapshot.intact(rows[np.argsort(everything.step[rows])])


def test_what_was_asked_sent_and_measured_is_kept_with_the_state(tmp_path):
    record(tmp_path, "one", range(4))
    batch = stored(tmp_path, "one")
    np.testing.assert_allclose(batch.stamp, [0.0, 0.05, 0.1])
    k = np.arange(3.0)[:, None]
    np.testing.assert_allclose(batch.values["state"], k + np.arange(STATE) / 8.0)
    np.testing.assert_allclose(batch.values["next_state"], k + 1 + np.arange(STATE) / 8.0)
    np.testing.assert_allclose(batch.values["requested"], np.tile(-k, ACTION))
    np.testing.assert_allclose(
        batch.values["reference"], np.tile([2.0, 2.0, 3.0, 3.0], (3, 1)) * k
    )
    np.testing.assert_allclose(batch.values["commanded"], np.tile(3.0 * (k + 1), JOINTS))
    np.testing.assert_allclose(batch.values["measured"], 1.0 / PERIOD, rtol=1e-5)
    assert batch.ending.tolist() == [0, 0, TRUNCATED]


def test_what_an_episode_is_about_is_kept(tmp_path):
    record(tmp_path, "one", range(3), instruction="open the drawer", seed=3)
    (episode,) = Snapshot(tmp_path).episodes.values()
    assert episode.about == {"instruction": "open the drawer", "seed": 3}


def test_one_by_one_and_all_at_once_is_the_same(tmp_path):
    record(tmp_path / "a", "one", range(6))
    with recorder(tmp_path / "b") as recording:
        recording.start("one")
        recording.extend(transitions([step(k) for k in range(6)], TRUNCATED))
    one, other = stored(tmp_path / "a", "one"), stored(tmp_path / "b", "one")
    np.testing.assert_array_equal(one.ending, other.ending)
    for name in FIELDS:
        np.testing.assert_array_equal(one.values[name], other.values[name])


def test_nothing_joins_the_two_sides_of_a_gap(tmp_path):
    record(tmp_path, "one", [0, 1, 2, 7, 8, 9])
    batch = stored(tmp_path, "one")
    np.testing.assert_allclose(batch.values["state"][:, 0], [0, 1, 7, 8])
    assert batch.ending.tolist() == [0, TRUNCATED, 0, TRUNCATED]


def test_resuming_goes_on_with_the_same_episode(tmp_path):
    record(tmp_path, "one", range(4))
    with recorder(tmp_path) as recording:
        recording.resume()
        for k in range(10, 13):
            recording.add(step(k))
    batch = stored(tmp_path, "one")
    assert batch.step.tolist() == list(range(5))
    np.testing.assert_allclose(batch.values["state"][:, 0], [0, 1, 2, 10, 11])


def test_a_discarded_episode_is_left_out_until_it_is_resumed(tmp_path):
    with recorder(tmp_path) as recording:
        recording.start("one")
        recording.add(step(0))
        recording.discard()
        assert recording.episode == ""
        assert discarded(read_notes(tmp_path)) == {"one"}
        recording.resume()
    assert discarded(read_notes(tmp_path)) == set()


def test_a_mark_tells_the_step(tmp_path):
    with recorder(tmp_path) as recording:
        recording.start("one")
        for k in range(5):
            recording.add(step(k))
        recording.mark("it slipped")
    (mark,) = [note for note in read_notes(tmp_path) if note.kind == "mark"]
    assert (mark.episode, mark.text, mark.who) == ("one", "it slipped", "me")
    assert mark.step == 4  # the period that began last, counted from 0


def test_settings_that_become_known_later_are_kept(tmp_path):
    with recorder(tmp_path) as recording:
        recording.start("one")
        recording.learn({"/robot": {"speed_scale": 0.2}})
    (learned,) = [note for note in read_notes(tmp_path) if note.kind == "config"]
    assert json.loads(learned.text) == {"/robot": {"speed_scale": 0.2}}


def test_doing_things_out_of_order_is_refused_and_harms_nothing(tmp_path):
    with recorder(tmp_path) as recording:
        for act in (recording.stop, recording.mark, recording.resume, recording.discard):
            with pytest.raises(RecordingFailed, match="start one first"):
                act()
        recording.start("one")
        for act in (lambda: recording.start("two"), recording.resume):
            with pytest.raises(RecordingFailed, match="'one' is being recorded"):
                act()
        for k in range(3):
            recording.add(step(k))
    assert len(stored(tmp_path, "one")) == 2


def test_closing_twice_is_closing_once(tmp_path):
    recording = recorder(tmp_path)
    recording.start("one")
    recording.close()
    recording.close()


WRITER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from test_recorder import recorder, step
recording = recorder(Path(sys.argv[2]))
recording.start("one")
k = 0
while True:
    recording.add(step(k))
    k += 1
    if k % 50 == 0:
        recording.receipt.wait()
        print(k, flush=True)
"""


@pytest.mark.parametrize("reports", [1, 3, 6])
def test_a_killed_recorder_loses_nothing_that_was_acknowledged(tmp_path, reports):
    path = tmp_path / "store"
    command = [sys.executable, "-c", WRITER, str(Path(__file__).parent), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        for _ in range(reports):
            said = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
    with recorder(path) as recording:
        recording.resume()
        recording.add(step(10**6))
        recording.add(step(10**6 + 1))
    batch = stored(path, "one")
    before = len(batch) - 1
    assert before >= said - 2  # the two newest steps wait for what follows
    np.testing.assert_allclose(batch.values["state"][:before, 0], np.arange(before))
    assert batch.values["state"][-1, 0] == 10**6
