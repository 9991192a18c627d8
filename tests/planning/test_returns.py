import torch

from robot_meta.planning.returns import make_returns


def accumulate(actions):
    """A point whose velocity is the sum of the actions: states (position, velocity)."""
    velocity = actions[..., 0].cumsum(dim=1)
    return torch.stack([velocity.cumsum(dim=1), velocity], dim=-1)


def test_returns_sum_the_rewards_of_the_states_reached():
    returns = make_returns(accumulate, lambda states, actions: states[..., 0])
    actions = torch.zeros(2, 4, 1)
    actions[1, 0] = 1.0
    torch.testing.assert_close(returns(actions), torch.tensor([0.0, 1.0 + 2.0 + 3.0 + 4.0]))


def test_each_candidate_is_scored_by_itself_whatever_the_order():
    returns = make_returns(accumulate, lambda states, actions: -(states[..., 0] ** 2))
    actions = torch.randn(16, 5, 1, generator=torch.Generator().manual_seed(0))
    order = torch.randperm(16, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(returns(actions)[order], returns(actions[order]))
