import numpy as np
import pytest

from robot_meta.errors import StoreDamaged
from robot_meta.replay.sampling import by_episode, by_task, by_transition, uniform
from robot_meta.replay.segments import HEADER_BYTES, ROWS
from robot_meta.replay.snapshot import Snapshot

DRAWS = 40_000


@pytest.fixture
def snapshot(filled):
    return Snapshot(filled)


def shares(sampler, of, seed=0):
    """Share of draws that have each value of `of`, and how many standard errors it may be off."""
    batch = sampler.sample(DRAWS, np.random.default_rng(seed))
    values, counts = np.unique(of(batch), return_counts=True)
    return dict(zip(values.tolist(), (counts / DRAWS).tolist(), strict=True))


def assert_close(share, wanted):
    assert abs(share - wanted) < 5.0 * np.sqrt(wanted * (1.0 - wanted) / DRAWS)


def test_uniform_draws_every_transition_alike(snapshot):
    found = shares(uniform(snapshot), lambda batch: batch.row)
    assert len(found) == 1000
    for share in found.values():
        assert_close(share, 1e-3)


def test_a_batch_says_where_it_comes_from(snapshot):
    batch = uniform(snapshot).sample(256, np.random.default_rng(1))
    again = snapshot.intact(batch.row)
    np.testing.assert_array_equal(again.values["state"], batch.values["state"])
    number = 1000 * batch.episode + batch.step
    np.testing.assert_array_equal(batch.values["state"][:, 0], number)


def test_the_same_seed_draws_the_same(snapshot):
    a, b = (uniform(snapshot).sample(64, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(a.row, b.row)


def test_weights_of_episodes_count_per_transition(snapshot):
    found = shares(by_episode(snapshot, {2: 1.0, 7: 3.0}), lambda batch: batch.episode)
    assert set(found) == {2, 7}
    assert_close(found[7], 0.75)


def test_weights_of_tasks_are_shares_of_the_draws_however_long_tasks_are(stores, tmp_path):
    with stores.open(tmp_path) as store:
        store.append(store.begin_episode("long", "often"), stores.numbered(0, 900))
        store.append(store.begin_episode("short", "rare"), stores.numbered(0, 10))
    sampler = by_task(Snapshot(tmp_path), {"often": 1.0, "rare": 1.0})
    assert_close(shares(sampler, lambda batch: batch.episode)[1], 0.5)


def test_weights_of_transitions_are_followed_and_zero_is_never_drawn(snapshot):
    weights = np.zeros(1000, np.float32)
    weights[[0, 500, 999]] = [1.0, 2.0, 1.0]
    found = shares(by_transition(snapshot, weights), lambda batch: batch.row)
    assert set(found) == {0, 500, 999}
    assert_close(found[500], 0.5)


@pytest.mark.parametrize(
    "weights", [np.zeros(1000), -np.ones(1000), np.full(1000, np.nan), np.ones(999)]
)
def test_weights_that_are_none_are_refused(snapshot, weights):
    with pytest.raises(ValueError, match="weight"):
        by_transition(snapshot, weights)


def damage(path, share, seed=0):
    """Alter a share of the rows of every segment."""
    rng = np.random.default_rng(seed)
    for file in (path / "segments").glob("*" + ROWS):
        content = bytearray(file.read_bytes())
        for row in range((len(content) - HEADER_BYTES) // 52):
            if rng.random() < share:
                content[HEADER_BYTES + 52 * row + int(rng.integers(52))] ^= 16
        file.write_bytes(content)


def test_damaged_rows_are_drawn_again_and_never_come_out(filled, snapshot):
    damage(filled, 0.3)
    sampler = uniform(snapshot)
    batch = sampler.sample(5000, np.random.default_rng(0))
    number = 1000 * batch.episode + batch.step
    np.testing.assert_array_equal(batch.values["state"][:, 0], number)
    assert sampler.damaged > 1000


def test_a_store_that_is_all_damage_says_so(filled, snapshot):
    damage(filled, 1.1)
    with pytest.raises(StoreDamaged):
        uniform(snapshot).sample(10, np.random.default_rng(0))


def test_an_empty_store_has_nothing_to_draw(stores, tmp_path):
    stores.open(tmp_path).close()
    with pytest.raises(ValueError, match="empty"):
        uniform(Snapshot(tmp_path))
