import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_meta.replay.config import StoreConfig
from robot_meta.replay.retention import Retention, runs_to_keep, water_level
from robot_meta.replay.snapshot import Snapshot
from robot_meta.replay.thinning import stored_bytes
from robot_meta.replay.transitions import Transitions

SEGMENT = 1 << 14


def config(max_segments, policy, segment_bytes=SEGMENT):
    retention = Retention(max_bytes=max_segments * segment_bytes, policy=policy)
    return StoreConfig(segment_bytes=segment_bytes, commit_period=0.0, retention=retention)


def left(path):
    snapshot = Snapshot(path)
    return snapshot, snapshot.intact(np.arange(len(snapshot)))


@given(sizes=st.lists(st.integers(0, 50), min_size=1, max_size=8), budget=st.integers(0, 400))
def test_water_rises_as_high_as_the_budget_allows_and_no_higher(sizes, budget):
    level = water_level(np.array(sizes), budget)

    def held(height):
        return sum(min(size, height) for size in sizes)

    assert held(level) <= budget
    assert held(level + 1) > budget or level >= max(sizes)


def test_the_budget_holds_at_every_moment(stores, tmp_path):
    most = 0

    class Weighing(stores.files):
        def append(self, file, data):
            nonlocal most
            super().append(file, data)
            most = max(most, stored_bytes(tmp_path))

    with stores.open(tmp_path, config=config(8, "reservoir"), files=Weighing()) as store:
        for number in range(300):
            store.append(store.begin_episode(f"{number}"), stores.numbered(number, 40))
    assert 5 * SEGMENT < most <= (8 + 1) * SEGMENT
    assert stored_bytes(tmp_path) <= 8 * SEGMENT


def test_a_reservoir_is_an_even_sample_of_all_that_ever_was(stores, tmp_path):
    episodes = 6000
    with stores.open(tmp_path, config=config(14, "reservoir", 1 << 16)) as store:
        for number in range(episodes):
            store.append(store.begin_episode(f"{number}"), stores.numbered(number, 16))
    _, batch = left(tmp_path)
    assert 0.1 < len(batch) / (episodes * 16) < 0.2
    order = np.sort(batch.values["state"][:, 0]) / episodes
    distance = np.abs(order - np.arange(len(order)) / len(order)).max()
    assert distance < 0.05  # Kolmogorov-Smirnov, against all episodes alike


def test_task_quotas_keep_rare_tasks_whole_and_share_the_rest(stores, tmp_path):
    counts = [250, 250, 250, 20, 20]
    with stores.open(tmp_path, config=config(10, "task")) as store:
        for task, count in enumerate(counts):
            for number in range(count):
                episode = store.begin_episode(f"{task} {number}", f"task {task}")
                store.append(episode, stores.numbered(task, 16))
    snapshot, batch = left(tmp_path)
    tasks = np.array([snapshot.episodes[n].task for n in batch.episode.tolist()])
    rows = [int((tasks == f"task {task}").sum()) for task in range(5)]
    assert rows[3:] == [320, 320]
    share = len(batch) / 5
    assert min(rows[:3]) > 0.5 * share
    assert max(rows[:3]) < 1.35 * min(rows[:3])


def test_coverage_keeps_what_was_rarely_seen(stores, tmp_path):
    rng = np.random.default_rng(0)

    def near(place):
        state = np.asarray(place) + 0.01 * rng.normal(size=(16, 3))
        return Transitions({"state": state, "action": np.zeros((16, 2))}, np.arange(16.0))

    def share_of_rare(policy):
        path = tmp_path / policy
        with stores.open(path, config=config(10, policy)) as store:
            for number in range(500):
                place = [5.0, 5.0, 5.0] if number % 20 == 0 else [0.0, 0.0, 0.0]
                store.append(store.begin_episode(f"{number}"), near(place))
        _, batch = left(path)
        return (batch.values["state"][:, 0] > 2.5).mean()

    assert share_of_rare("coverage") > 3.0 * share_of_rare("reservoir")


def test_thinning_twice_keeps_a_part_of_what_thinning_once_keeps(filled):
    snapshot, retention = Snapshot(filled), Retention(max_bytes=1)
    few, many = (runs_to_keep(snapshot, retention, budget)[0] for budget in (200, 600))
    assert few.sum() and (many | ~few).all() and not (few | ~many).all()


def test_a_reader_keeps_what_it_has_while_the_writer_forgets(stores, tmp_path):
    with stores.open(tmp_path, config=config(4, "reservoir")) as store:
        store.append(store.begin_episode("first"), stores.numbered(0, 400)).wait()
        before = Snapshot(tmp_path)
        for number in range(200):
            store.append(store.begin_episode(f"{number}"), stores.numbered(number, 40))
        store.flush()
        batch = before.intact(np.arange(400))
        np.testing.assert_array_equal(batch.values["state"][:, 0], np.arange(400))
        assert len(before.newer()) < 400 + 200 * 40


def test_what_was_forgotten_stays_so_and_the_rest_survives_opening(stores, tmp_path):
    with stores.open(tmp_path, config=config(6, "reservoir")) as store:
        for number in range(200):
            store.append(store.begin_episode(f"{number}"), stores.numbered(number, 40))
    _, before = left(tmp_path)
    stores.open(tmp_path).close()
    _, after = left(tmp_path)
    assert sorted(before.values["state"][:, 0]) == sorted(after.values["state"][:, 0])


@pytest.mark.parametrize("wrong", [{"policy": "oldest"}, {"max_bytes": 0}])
def test_a_wrong_budget_is_refused(wrong):
    with pytest.raises(ValueError, match="policy must|max_bytes must"):
        Retention(**{"max_bytes": 10**9, **wrong})
    with pytest.raises(ValueError, match="at least 4 segments"):
        StoreConfig(segment_bytes=1 << 20, retention=Retention(max_bytes=1 << 20))
