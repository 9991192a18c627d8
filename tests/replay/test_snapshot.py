import multiprocessing

import numpy as np
import pytest

from robot_meta.errors import StoreMissing
from robot_meta.replay.sampling import uniform
from robot_meta.replay.snapshot import Snapshot


def test_a_later_snapshot_shares_what_has_not_changed(stores, filled):
    before = Snapshot(filled)
    with stores.open(filled) as store:
        store.append(store.begin_episode("new"), stores.numbered(10_000, 10))
        store.flush()
        after = before.newer()
    assert len(before) == 1000 and len(after) == 1010
    assert [s.rows is t.rows for s, t in zip(before.segments, after.segments, strict=False)] == [
        True
    ] * len(before.segments)
    batch = after.intact(np.arange(1000, 1010))
    np.testing.assert_array_equal(batch.values["state"][:, 0], np.arange(10_000, 10_010))


def test_rows_outside_are_refused(filled):
    with pytest.raises(ValueError, match=r"rows must be in \[0, 1000\)"):
        Snapshot(filled).read(np.array([1000]))


def test_the_index_takes_at_most_16_bytes_a_row(filled):
    snapshot = Snapshot(filled)
    assert snapshot.index_bytes <= 16 * len(snapshot)


def test_an_empty_folder_is_no_store(tmp_path):
    with pytest.raises(StoreMissing):
        Snapshot(tmp_path)


def test_reading_leaves_the_folder_as_it_is(filled):
    before = {file: file.stat().st_mtime_ns for file in filled.rglob("*")}
    snapshot = Snapshot(filled)
    uniform(snapshot).sample(100, np.random.default_rng(0))
    assert before == {file: file.stat().st_mtime_ns for file in filled.rglob("*")}


def _write(stores, path, stop):
    with stores.open(path) as store:
        number = 0
        while not stop.is_set() and number < 3000:
            episode = store.begin_episode(f"{number}")
            store.append(episode, stores.numbered(1000 * episode, 7)).wait()
            number += 1


def test_readers_see_only_whole_transitions_while_another_process_writes(stores, tmp_path):
    stores.open(tmp_path).close()
    context = multiprocessing.get_context("fork")
    stop = context.Event()
    writer = context.Process(target=_write, args=(stores, tmp_path, stop), daemon=True)
    writer.start()
    try:
        rng, snapshot, sizes = np.random.default_rng(0), Snapshot(tmp_path), [0]
        while len(sizes) < 40:
            snapshot = snapshot.newer()
            assert len(snapshot) >= sizes[-1]
            if len(snapshot) > sizes[-1]:
                sizes.append(len(snapshot))
                batch = uniform(snapshot).sample(200, rng)
                number = 1000 * batch.episode + batch.step
                np.testing.assert_array_equal(batch.values["state"][:, 0], number)
    finally:
        stop.set()
        writer.join()
    final = snapshot.newer()
    places = final.intact(np.arange(len(final)))
    assert len(np.unique(1000 * places.episode + places.step)) == len(final)
