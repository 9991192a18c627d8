"""What the reference did before, as a running robot and a stored episode tell it."""

import dataclasses

import numpy as np
import pytest

from robot_meta.dynamics.action_history import ActionHistory, with_action_history
from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.types import Commanded

DT, J, N = 0.02, 2, 3
SPACE = JointReferenceSpace(num_joints=J, control_dt=DT, action_history=N)
VELOCITY = np.random.default_rng(0).normal(size=(40, J))  # of the reference, at every period


def decided(tick):
    return Commanded(
        stamp=tick * DT,
        position=np.zeros((2, J)),
        velocity=VELOCITY[tick : tick + 2],
        altered=False,
        reason="",
    )


def pasts(ticks):
    """What a history says at each of the periods that it hears of."""
    history = ActionHistory(SPACE)
    return {tick: history.before(decided(tick)).reshape(N, J) for tick in ticks}


def truth(tick):
    return VELOCITY[[tick - 1, tick - 2, tick - 3]]


def test_remembers_the_newest_periods_newest_first():
    for tick, past in list(pasts(range(12)).items())[N:]:
        np.testing.assert_allclose(past, truth(tick), atol=1e-12)


def test_single_lost_periods_leave_no_hole():
    heard = [tick for tick in range(20) if tick % 2 == 0]
    for tick, past in list(pasts(heard).items())[N:]:
        np.testing.assert_allclose(past, truth(tick), atol=1e-12)


def test_a_longer_hole_is_bridged_by_a_straight_line():
    past = pasts([0, 1, 2, 5])[5]
    np.testing.assert_allclose(past[0], 0.5 * (VELOCITY[3] + VELOCITY[5]), atol=1e-12)
    np.testing.assert_allclose(past[1:], VELOCITY[[3, 2]], atol=1e-12)


def test_before_the_first_period_the_reference_moved_steadily():
    np.testing.assert_array_equal(pasts([7])[7], np.tile(VELOCITY[7], (N, 1)))


def test_when_time_runs_back_it_begins_anew():
    history = ActionHistory(SPACE)
    for tick in range(10, 15):
        history.before(decided(tick))
    np.testing.assert_array_equal(history.before(decided(3)).reshape(N, J)[0], VELOCITY[3])


def test_a_model_without_past_actions_hears_of_none():
    plain = dataclasses.replace(SPACE, action_history=0)
    assert ActionHistory(plain).before(decided(3)).shape == (0,)


def test_a_stored_episode_gets_the_same_states_as_the_running_robot():
    others = np.random.default_rng(1).normal(size=(30, 3 * J))
    episode = EpisodeData(np.hstack([others, VELOCITY[:30]]), VELOCITY[1:30])
    short = EpisodeData(episode.state[:3], episode.action[:2])
    (extended,) = with_action_history(SPACE, [short, episode])
    assert extended.state.shape == (30 - N, SPACE.state_size)
    np.testing.assert_array_equal(extended.action, episode.action[N:])
    np.testing.assert_array_equal(extended.state[:, : 4 * J], episode.state[N:])
    for tick, past in list(pasts(range(30)).items())[N:]:
        np.testing.assert_allclose(extended.state[tick - N, 4 * J :], past.reshape(-1), atol=1e-12)


def test_states_of_another_kind_are_refused():
    odd = EpisodeData(np.zeros((30, 5)), np.zeros((29, J)))
    with pytest.raises(ValueError, match="want states of 8 numbers, got 5"):
        with_action_history(SPACE, [odd])
