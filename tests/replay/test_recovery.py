import json
import os
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robot_meta.errors import StoreDamaged, StoreVersion
from robot_meta.replay.inspection import repair, verify
from robot_meta.replay.manifest import MANIFEST
from robot_meta.replay.segments import EPISODES, HEADER_BYTES, ROWS, RUNS
from robot_meta.replay.snapshot import Snapshot

WITH_FOLDER = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def numbers(path):
    snapshot = Snapshot(path)
    return snapshot.intact(np.arange(len(snapshot))).values["state"][:, 0]


@pytest.fixture(scope="module")
def killed(stores, tmp_path_factory):
    """A store whose writer died with 300 acknowledged transitions, 64 in its last segment."""
    path = tmp_path_factory.mktemp("killed") / "store"
    child = os.fork()
    if child == 0:
        store = stores.open(path)
        episode = store.begin_episode("a")
        for begin in range(0, 300, 20):
            store.append(episode, stores.numbered(begin, 20)).wait()
        os._exit(0)
    os.waitpid(child, 0)
    return path


@pytest.fixture
def fresh(killed, tmp_path):
    """A copy of that store per call."""
    count = iter(range(10**6))

    def copy():
        path = tmp_path / f"copy-{next(count)}"
        shutil.copytree(killed, path)
        return path

    return copy


def newest(path):
    return sorted((path / "segments").glob("*" + ROWS))[-1]


def test_a_killed_writer_loses_nothing_and_the_next_goes_on(stores, fresh):
    path = fresh()
    np.testing.assert_array_equal(numbers(path), np.arange(300))
    with stores.open(path) as store:
        episode = store.begin_episode("a")
        assert store.next_step(episode) == 300
        store.append(episode, stores.numbered(300, 20))
    np.testing.assert_array_equal(numbers(path), np.arange(320))


@WITH_FOLDER
@given(tail=st.binary(min_size=1, max_size=400))
def test_what_a_crash_leaves_at_the_end_is_not_taken_for_a_transition(stores, fresh, tail):
    path = fresh()
    with newest(path).open("ab") as file:
        file.write(tail)
    np.testing.assert_array_equal(numbers(path), np.arange(300))
    with stores.open(path) as store:
        assert store.recovery.torn_bytes == len(tail)
        assert store.next_step(store.begin_episode("a")) == 300
    assert all(report.sound for report in verify(path))


@pytest.mark.parametrize("segment", [0, -1])
def test_sound_rows_of_another_place_are_not_taken_for_new_ones(stores, fresh, segment):
    path = fresh()
    source = sorted((path / "segments").glob("*" + ROWS))[segment].read_bytes()
    with newest(path).open("ab") as file:
        file.write(source[HEADER_BYTES : HEADER_BYTES + 10 * 52])
    np.testing.assert_array_equal(numbers(path), np.arange(300))
    stores.open(path).close()
    np.testing.assert_array_equal(numbers(path), np.arange(300))


@WITH_FOLDER
@given(share=st.floats(0.0, 1.0, exclude_max=True))
def test_a_cut_newest_segment_keeps_every_whole_row(stores, fresh, share):
    path = fresh()
    file = newest(path)
    before = int((file.stat().st_size - HEADER_BYTES) // 52)
    kept = int(share * before)
    os.truncate(file, HEADER_BYTES + kept * 52 + 17)
    wanted = np.arange(300 - before + kept)
    np.testing.assert_array_equal(numbers(path), wanted)
    stores.open(path).close()
    np.testing.assert_array_equal(numbers(path), wanted)


@WITH_FOLDER
@given(data=st.data())
def test_a_flipped_bit_anywhere_costs_one_row_at_most_and_is_never_returned(stores, fresh, data):
    path = fresh()
    stores.open(path).close()
    files = [file for file in sorted(path.rglob("*.*")) if file.stat().st_size]
    file = data.draw(st.sampled_from(files))
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(content)
    found = numbers(path)
    assert len(np.unique(found)) == len(found) >= 299
    assert set(found) <= set(range(300))
    if file.suffix != ROWS:
        assert len(found) == 300
    stores.open(path).close()
    assert len(numbers(path)) == len(found)


def test_a_lost_manifest_is_made_again_from_the_segments(stores, fresh):
    path = fresh()
    (path / MANIFEST).unlink()
    np.testing.assert_array_equal(numbers(path), np.arange(300))
    stores.open(path, fields=None).close()
    assert (path / MANIFEST).is_file()
    np.testing.assert_array_equal(numbers(path), np.arange(300))


def test_an_older_manifest_beside_newer_segments_loses_none_of_them(stores, filled):
    manifest = json.loads((filled / MANIFEST).read_text())
    before = len(Snapshot(filled))
    old = (filled / MANIFEST).read_bytes()
    with stores.open(filled) as store:
        store.append(store.begin_episode("new"), stores.numbered(0, 10))
    (filled / MANIFEST).write_bytes(old)
    with stores.open(filled) as store:
        assert store.recovery.adopted == 1
    assert manifest["format"] == 1
    assert len(Snapshot(filled)) == before + 10


@pytest.mark.parametrize("suffix", [RUNS, EPISODES])
def test_lost_side_files_cost_no_transitions(stores, filled, suffix):
    for file in (filled / "segments").glob("*" + suffix):
        file.unlink()
    assert len(numbers(filled)) == 1000
    stores.open(filled).close()
    assert len(numbers(filled)) == 1000


def test_leftovers_of_an_interrupted_change_are_cleared_away(stores, filled):
    (filled / "segments" / "00000090.episodes").write_bytes(b"")
    (filled / "segments" / "00000091.rows").write_bytes(b"half a header")
    (filled / "manifest.json.partial").write_bytes(b"{")
    stores.open(filled).close()
    assert not list(filled.rglob("0000009*")) and not list(filled.glob("*.partial"))
    assert len(numbers(filled)) == 1000


@pytest.mark.parametrize("how", ["cut", "missing"])
def test_a_half_copied_store_is_refused_until_it_is_repaired(stores, filled, how):
    file = sorted((filled / "segments").glob("*" + ROWS))[1]
    if how == "cut":
        os.truncate(file, HEADER_BYTES + 100 * 52 + 3)
    else:
        file.unlink()
    gone = 236 - (100 if how == "cut" else 0)
    with pytest.raises(StoreDamaged, match="robot-meta data repair"):
        Snapshot(filled)
    with pytest.raises(StoreDamaged):
        stores.open(filled)
    assert [r.missing for r in verify(filled)].count(gone) == 1
    repair(filled)
    assert len(numbers(filled)) == 1000 - gone
    assert all(report.sound for report in verify(filled))


def test_repair_drops_altered_rows_and_nothing_else(filled):
    file = sorted((filled / "segments").glob("*" + ROWS))[0]
    content = bytearray(file.read_bytes())
    content[HEADER_BYTES + 10 * 52 + 30] ^= 1
    file.write_bytes(content)
    assert sum(report.damaged for report in repair(filled)) == 1
    assert all(report.sound for report in verify(filled))
    left = set(numbers(filled))
    assert len(left) == 999 and 10 not in left


def test_a_newer_version_is_left_alone(stores, filled):
    content = json.loads((filled / MANIFEST).read_text())
    (filled / MANIFEST).write_text(json.dumps({**content, "format": 2}))
    before = {file: file.read_bytes() for file in filled.rglob("*") if file.is_file()}
    for use in (Snapshot, stores.open, repair):
        with pytest.raises(StoreVersion, match="format 2"):
            use(filled)
    assert before == {file: file.read_bytes() for file in filled.rglob("*") if file.is_file()}
