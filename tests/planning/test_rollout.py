import torch

from robot_meta.planning.rollout import imagine, make_returns


def accelerate(state, action):
    """A point mass: state (position, velocity), action (acceleration,)."""
    return torch.stack([state[..., 0] + state[..., 1], state[..., 1] + action[..., 0]], dim=-1)


def test_imagined_states_follow_the_model():
    states = imagine(accelerate, torch.tensor([1.0, 0.0]), torch.ones(3, 4, 1))
    assert states.shape == (3, 4, 2)
    torch.testing.assert_close(states[0, :, 0], torch.tensor([1.0, 2.0, 4.0, 7.0]))
    torch.testing.assert_close(states[0, :, 1], torch.tensor([1.0, 2.0, 3.0, 4.0]))


def test_returns_sum_the_rewards_of_the_states_reached():
    returns = make_returns(accelerate, torch.zeros(2), lambda states, actions: states[..., 0])
    actions = torch.zeros(2, 4, 1)
    actions[1, 0] = 1.0
    torch.testing.assert_close(returns(actions), torch.tensor([0.0, 0.0 + 1.0 + 2.0 + 3.0]))


def test_each_candidate_is_scored_by_itself_whatever_the_order():
    returns = make_returns(
        accelerate, torch.zeros(2), lambda states, actions: -(states[..., 0] ** 2)
    )
    actions = torch.randn(16, 5, 1, generator=torch.Generator().manual_seed(0))
    order = torch.randperm(16, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(returns(actions)[order], returns(actions[order]))
