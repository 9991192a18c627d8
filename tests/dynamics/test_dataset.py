"""Which steps train a model and which judge it."""

import numpy as np
import pytest

from robot_meta.dynamics.dataset import EpisodeData, split

WINDOW = 10


def episodes(*lengths):
    """Episodes whose every state is a number that occurs once."""
    starts = np.cumsum([0, *(length + 1 for length in lengths)])
    return [
        EpisodeData(np.arange(start, start + length + 1.0)[:, None], np.zeros((length, 1)))
        for start, length in zip(starts, lengths, strict=False)
    ]


def steps(some):
    """The steps that some episodes hold, each as the pair of its states."""
    pairs = [zip(e.state[:-1, 0], e.state[1:, 0], strict=True) for e in some]
    return {step for each in pairs for step in each}


def test_every_tenth_of_many_episodes_is_kept_apart():
    many = episodes(*[20] * 25)
    train, apart = split(many, WINDOW)
    assert apart == [many[9], many[19]] and len(train) == 23
    assert not steps(train) & steps(apart)


@pytest.mark.parametrize("lengths", [(100,), (30, 100, 40)])
def test_of_few_episodes_the_end_of_the_longest_is_kept_apart(lengths):
    few = episodes(*lengths)
    train, apart = split(few, WINDOW)
    assert [len(e.action) for e in apart] == [20]
    assert steps(train) | steps(apart) == steps(few)
    assert not steps(train) & steps(apart)


def test_stretches_shorter_than_a_window_are_left_out():
    train, apart = split(episodes(3, 40, 9), WINDOW)
    assert [len(e.action) for e in (*train, *apart)] == [30, 10]


@pytest.mark.parametrize("lengths", [(), (9,), (19, 19)])
def test_too_little_data_is_refused_with_what_would_do(lengths):
    longest = max(lengths, default=0)
    with pytest.raises(ValueError, match=rf"stretch of 20 steps.*the longest has {longest}\."):
        split(episodes(*lengths), WINDOW)
