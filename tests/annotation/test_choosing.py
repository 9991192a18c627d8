import numpy as np
import pytest

from robot_meta.annotation.annotations import label, preference, skip
from robot_meta.annotation.answers import current_answers
from robot_meta.annotation.choosing import next_clip, next_pair
from robot_meta.annotation.clips import (
    Clip,
    check_clips,
    episode_lengths,
    read_clip,
    windows,
)
from robot_meta.replay.episodes import EpisodeIndex
from robot_meta.replay.journal import Journal, Note
from robot_meta.replay.snapshot import Snapshot

CLIPS = windows({"a": 100, "b": 100}, 20)


def test_windows_lie_side_by_side_or_at_a_stride():
    assert CLIPS[:2] == [Clip("a", 0, 20), Clip("a", 20, 40)] and len(CLIPS) == 10
    assert len(windows({"a": 100}, 20, stride=10)) == 9
    assert windows({"a": 19}, 20) == []


def test_every_clip_gets_its_annotators_and_nobody_sees_one_twice():
    rng, said = np.random.default_rng(0), []
    for _ in range(2 * len(CLIPS)):
        for who in ("ann", "ben", "cy"):
            clip = next_clip(CLIPS, current_answers(said), who, rng, wanted=2)
            if clip is not None:
                said.append(label(who, clip, "something"))
    assert len(said) == 2 * len(CLIPS)
    assert len({(a.who, a.clip) for a in said}) == len(said)
    assert next_clip(CLIPS, current_answers(said), "dan", rng, wanted=2) is None


def test_what_others_began_comes_first_and_what_was_skipped_does_not_come_again():
    rng = np.random.default_rng(0)
    said = [label("ann", CLIPS[3], "opens it"), skip("ben", CLIPS[3])]
    answers = current_answers(said)
    assert next_clip(CLIPS, answers, "cy", rng) == CLIPS[3]
    assert all(next_clip(CLIPS, answers, "ben", rng) != CLIPS[3] for _ in range(50))


def test_pairs_are_shown_both_ways_round_and_begun_ones_first():
    rng = np.random.default_rng(0)
    answers = current_answers([preference("ann", CLIPS[0], CLIPS[7], "a")])
    shown = {next_pair(CLIPS, answers, "ben", rng) for _ in range(30)}
    assert shown == {(CLIPS[0], CLIPS[7]), (CLIPS[7], CLIPS[0])}
    assert next_pair(CLIPS, answers, "ann", rng) not in shown
    assert next_pair(CLIPS[:1], answers, "ann", rng) is None


def test_a_clip_reads_what_was_recorded(filled):
    assert episode_lengths(filled) == {f"episode {i}": 100 for i in range(10)}
    batch = read_clip(EpisodeIndex(Snapshot(filled)), Clip("episode 3", 30, 70))
    np.testing.assert_array_equal(batch.step, np.arange(30, 70))
    np.testing.assert_array_equal(batch.values["state"][:, 0], np.arange(330, 370))


def test_discarded_episodes_have_no_clips(filled):
    journal = Journal(filled)
    journal.add(Note(episode="episode 3", kind="discarded", step=0))
    journal.close()
    assert "episode 3" not in episode_lengths(filled)


@pytest.mark.parametrize("clip", [Clip("episode 3", 90, 101), Clip("another", 0, 10)])
def test_clips_of_what_is_not_there_are_refused(filled, clip):
    with pytest.raises(ValueError, match="is not in the store"):
        check_clips([clip], episode_lengths(filled))
