import dataclasses

import pytest
import torch


def test_next_state_undoes_delta(space, rng):
    state, action = (
        torch.as_tensor(rng.normal(size=(5, 8))),
        torch.as_tensor(rng.normal(size=(5, 2))),
    )
    delta = torch.as_tensor(rng.normal(size=(5, 4)))
    following = space.next_state(state, action, delta)
    torch.testing.assert_close(space.delta(state, following), delta)


def test_reference_moves_by_the_mean_velocity_of_the_period(space, rng):
    state, action = torch.as_tensor(rng.normal(size=8)), torch.as_tensor(rng.normal(size=2))
    following = space.next_state(state, action, torch.zeros(4, dtype=torch.float64))
    before = space.position(state) + space.lead(state)
    after = space.position(following) + space.lead(following)
    mean = 0.5 * (space.reference_velocity(state) + action * space.action_scale)
    torch.testing.assert_close(after - before, space.control_dt * mean)
    torch.testing.assert_close(space.reference_velocity(following), action)


def test_past_actions_move_one_place_each_period(space, rng):
    space = dataclasses.replace(space, action_history=2)
    q, v, earlier, earliest, action = torch.as_tensor(rng.normal(size=(5, 2)))
    state = torch.cat([q, q, q, v, earlier, earliest])
    following = space.next_state(state, action, torch.zeros(4, dtype=torch.float64))
    torch.testing.assert_close(following[6:], torch.cat([action, v, earlier]))
    changes = space.features(state, action)[-4:]
    torch.testing.assert_close(changes, torch.cat([v - earlier, earlier - earliest]))


def test_a_negative_history_is_refused(space):
    with pytest.raises(ValueError, match="got -1"):
        dataclasses.replace(space, action_history=-1)
