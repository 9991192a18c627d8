import numpy as np
import pytest

from robot_meta.replay.relabelling import Relabeller
from robot_meta.replay.sampling import uniform
from robot_meta.replay.snapshot import Snapshot


class Height:
    """A reward with a version."""

    name = "height"

    def __init__(self, version, factor=1.0):
        self.version, self._factor = version, factor

    def score(self, batch):
        return self._factor * batch.values["state"][:, 0]


def draws(snapshot, count=10, seed=0):
    rng = np.random.default_rng(seed)
    return [uniform(snapshot).sample(256, rng) for _ in range(count)]


def test_rewards_are_worked_out_once_per_version_and_row(filled):
    snapshot = Snapshot(filled)
    reward = Height("1")
    first = Relabeller(snapshot, reward)
    batches = draws(snapshot)
    new, seen = 0, set()
    for batch in batches:
        new += sum(row not in seen for row in batch.row.tolist())
        seen |= set(batch.row.tolist())
        np.testing.assert_array_equal(first.rewards(snapshot, batch), reward.score(batch))
    assert first.worked_out == new < 0.6 * 256 * len(batches)
    second = Relabeller(snapshot, reward)
    for batch in batches:
        np.testing.assert_array_equal(second.rewards(snapshot, batch), reward.score(batch))
    assert second.worked_out == 0


def test_another_version_relabels_without_writing_to_a_segment(filled):
    before = {f: f.read_bytes() for f in (filled / "segments").iterdir()}
    snapshot = Snapshot(filled)
    for version, factor in (("1", 1.0), ("2", -3.0)):
        reward = Height(version, factor)
        labels = Relabeller(snapshot, reward)
        for batch in draws(snapshot):
            np.testing.assert_array_equal(labels.rewards(snapshot, batch), reward.score(batch))
    assert before == {f: f.read_bytes() for f in (filled / "segments").iterdir()}


def test_an_altered_reward_is_worked_out_again(filled):
    snapshot, reward = Snapshot(filled), Height("1")
    (batch,) = draws(snapshot, 1)
    Relabeller(snapshot, reward).rewards(snapshot, batch)
    for file in (filled / "rewards" / "height-1").iterdir():
        content = bytearray(file.read_bytes())
        for place in range(2, len(content), 8):
            content[place] ^= 1
        file.write_bytes(content)
    again = Relabeller(snapshot, reward)
    np.testing.assert_array_equal(again.rewards(snapshot, batch), reward.score(batch))
    assert again.worked_out == len(batch)


def test_rewards_follow_a_store_that_grows(stores, tmp_path):
    reward = Height("1")
    with stores.open(tmp_path) as store:
        episode = store.begin_episode("a")
        store.append(episode, stores.numbered(0, 100)).wait()
        snapshot = Snapshot(tmp_path)
        labels = Relabeller(snapshot, reward)
        labels.rewards(snapshot, snapshot.intact(np.arange(100)))
        store.append(episode, stores.numbered(100, 400)).wait()
        snapshot = snapshot.newer()
        batch = snapshot.intact(np.arange(500))
        np.testing.assert_array_equal(labels.rewards(snapshot, batch), np.arange(500))
        assert labels.worked_out == 500


def test_rewards_can_be_worked_out_without_keeping_them(filled):
    snapshot = Snapshot(filled)
    labels = Relabeller(snapshot, Height("1"), keep=False)
    (batch,) = draws(snapshot, 1)
    np.testing.assert_array_equal(labels.rewards(snapshot, batch), batch.values["state"][:, 0])
    assert not (filled / "rewards").exists()


def test_a_version_that_is_no_file_name_is_refused(filled):
    with pytest.raises(ValueError, match="version of a reward"):
        Relabeller(Snapshot(filled), Height("../1"))
