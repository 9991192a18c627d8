import dataclasses
import errno
import os
import threading

import numpy as np
import pytest

from robot_meta.errors import StoreBusy, StoreMissing, StoreRefused
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.transitions import SWITCHED, TERMINATED, TRUNCATED


def everything(path):
    snapshot = Snapshot(path)
    return snapshot.intact(np.arange(len(snapshot)))


def test_what_was_put_in_comes_out(stores, tmp_path):
    ending = np.array([0, 0, SWITCHED, TRUNCATED, TERMINATED], np.uint32)
    given = dataclasses.replace(stores.numbered(7, 5), ending=ending)
    with stores.open(tmp_path) as store:
        episode = store.begin_episode("a", "drawer", {"instruction": "open it", "seed": 3})
        assert store.append(episode, given).wait()
    batch = everything(tmp_path)
    for name, values in given.values.items():
        np.testing.assert_array_equal(batch.values[name], values.astype(np.float32))
    np.testing.assert_array_equal(batch.stamp, given.stamp)
    np.testing.assert_array_equal(batch.ending, ending)
    np.testing.assert_array_equal(batch.step, np.arange(5))
    about = Snapshot(tmp_path).episodes[episode]
    assert (about.key, about.task) == ("a", "drawer")
    assert about.about == {"instruction": "open it", "seed": 3}


def test_fields_keep_their_order_when_the_store_is_opened_again(stores, tmp_path):
    for part in range(3):
        with stores.open(tmp_path, fields=stores.fields if part == 0 else None) as store:
            store.append(store.begin_episode("a"), stores.numbered(10 * part, 10))
    batch = everything(tmp_path)
    np.testing.assert_array_equal(batch.values["state"][:, 0], np.arange(30))
    np.testing.assert_array_equal(batch.values["action"][:, 1], -2.0 * np.arange(30))


def test_a_producer_that_sends_again_after_a_crash_stores_nothing_twice(stores, tmp_path):
    with stores.open(tmp_path) as store:
        store.append(store.begin_episode("a"), stores.numbered(0, 50))
    with stores.open(tmp_path) as store:
        episode = store.begin_episode("a", "another task now")
        assert store.next_step(episode) == 50
        assert store.append(episode, stores.numbered(30, 40), step=30).wait()
        assert store.append(episode, stores.numbered(0, 10), step=0).wait()
    batch = everything(tmp_path)
    np.testing.assert_array_equal(batch.step, np.arange(70))
    np.testing.assert_array_equal(batch.values["state"][:, 0], np.arange(70))


def test_episodes_may_be_written_in_turns_and_over_many_segments(stores, tmp_path):
    with stores.open(tmp_path) as store:
        a, b = store.begin_episode("a"), store.begin_episode("b")
        for part in range(20):
            store.append(a, stores.numbered(30 * part, 30))
            store.append(b, stores.numbered(5000 + 30 * part, 30))
    snapshot = Snapshot(tmp_path)
    assert len(snapshot.segments) > 4
    batch = snapshot.intact(np.arange(len(snapshot)))
    for number, begin in ((a, 0), (b, 5000)):
        mine = batch.episode == number
        np.testing.assert_array_equal(batch.values["state"][mine, 0], begin + np.arange(600))
    assert len(snapshot.episodes) == 2


def test_numbers_of_episodes_are_not_given_twice(stores, tmp_path):
    with stores.open(tmp_path) as store:
        first = store.begin_episode("a")
        store.append(first, stores.numbered(0, 1))
    with stores.open(tmp_path) as store:
        assert store.begin_episode("b") != first
        assert store.begin_episode("a") == first


def test_many_short_sessions_end_in_few_segments(stores, tmp_path):
    for session in range(40):
        with stores.open(tmp_path) as store:
            store.append(store.begin_episode(f"{session}"), stores.numbered(session, 1))
    assert len(Snapshot(tmp_path).segments) < 10
    assert sorted(everything(tmp_path).values["state"][:, 0]) == list(range(40))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t["values"].pop("action"), "want fields of shapes"),
        (lambda t: t["values"].update(state=np.zeros((5, 4))), "want fields of shapes"),
        (lambda t: t["values"].update(state=np.full((5, 3), np.nan)), "must be finite"),
        (lambda t: t.update(stamp=np.full(5, np.inf)), "must be finite"),
    ],
)
def test_wrong_transitions_are_refused_and_leave_no_trace(stores, tmp_path, change, said):
    given = stores.numbered(0, 5)
    parts = {"values": dict(given.values), "stamp": given.stamp}
    change(parts)
    with stores.open(tmp_path) as store:
        episode = store.begin_episode("a")
        with pytest.raises(ValueError, match=said):
            store.append(episode, type(given)(**parts))
        store.append(episode, given)
    assert len(everything(tmp_path)) == 5


def test_a_gap_in_an_episode_is_refused(stores, tmp_path):
    with stores.open(tmp_path) as store:
        episode = store.begin_episode("a")
        with pytest.raises(ValueError, match="goes on at step 0, got 2"):
            store.append(episode, stores.numbered(0, 1), step=2)
        with pytest.raises(ValueError, match="no episode 9"):
            store.append(9, stores.numbered(0, 1))


def test_there_is_one_writer_at_a_time(stores, tmp_path):
    with stores.open(tmp_path):
        with pytest.raises(StoreBusy, match="one writer"):
            stores.open(tmp_path)
    stores.open(tmp_path).close()


def test_a_store_of_other_fields_is_not_written_to(stores, tmp_path):
    stores.open(tmp_path).close()
    with pytest.raises(ValueError, match="give another folder"):
        stores.open(tmp_path, fields={"state": 4})


def test_a_missing_store_is_not_made_by_accident(stores, tmp_path):
    with pytest.raises(StoreMissing):
        stores.open(tmp_path / "none", fields=None)
    assert not (tmp_path / "none").exists()


def test_a_closed_store_takes_nothing(stores, tmp_path):
    with stores.open(tmp_path) as store:
        episode = store.begin_episode("a")
    with pytest.raises(StoreRefused, match="closed"):
        store.append(episode, stores.numbered(0, 1))


def test_nothing_is_acknowledged_before_it_is_synced(stores, tmp_path):
    reached, go = threading.Event(), threading.Event()

    class Held(stores.files):
        def sync(self, file):
            if reached.is_set():
                assert go.wait(60)

    store = stores.open(tmp_path, files=Held())
    reached.set()
    receipt = store.append(store.begin_episode("a"), stores.numbered(0, 3))
    assert not receipt.wait(timeout=0.05) and not receipt.acknowledged
    go.set()
    assert receipt.wait() and receipt.acknowledged
    store.close()


def test_a_failing_disk_reaches_whoever_waits_and_whoever_goes_on(stores, tmp_path):
    class Failing(stores.files):
        broken = False

        def sync(self, file):
            if self.broken:
                raise OSError(errno.EIO, os.strerror(errno.EIO))

    files = Failing()
    store = stores.open(tmp_path, files=files)
    episode = store.begin_episode("a")
    store.append(episode, stores.numbered(0, 3)).wait()
    files.broken = True
    with pytest.raises(StoreRefused, match="Input/output error"):
        store.append(episode, stores.numbered(3, 3)).wait()
    with pytest.raises(StoreRefused):
        store.append(episode, stores.numbered(6, 3))
    assert store.acknowledged == 3
    with pytest.raises(StoreRefused):
        store.close()
    assert len(everything(tmp_path)) >= 3
    stores.open(tmp_path).close()
