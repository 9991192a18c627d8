import pytest
import torch

from robot_meta.planning.ensemble import trajectory_sampling


def members(count):
    """Model e says that every candidate returns its own number plus 100 e."""
    return [lambda actions, e=e: actions[:, 0, 0] + 100.0 * e for e in range(count)]


def actions(count):
    return torch.arange(float(count)).view(count, 1, 1).expand(count, 3, 2)


def test_with_one_particle_each_candidate_follows_one_member():
    result = trajectory_sampling(members(3))(actions(7))
    expected = [i + 100.0 * (i % 3) for i in range(7)]
    torch.testing.assert_close(result, torch.tensor(expected))


@pytest.mark.parametrize("particles", [1, 2, 3])
def test_a_particle_costs_one_rollout_of_every_candidate(particles):
    rolled_out = []

    def count(actions):
        rolled_out.append(len(actions))
        return torch.zeros(len(actions))

    trajectory_sampling([count] * 3, particles)(actions(10))
    assert sum(rolled_out) == 10 * particles


def test_with_all_particles_it_is_the_mean_of_the_members():
    result = trajectory_sampling(members(3), 3)(actions(7))
    torch.testing.assert_close(result, torch.arange(7.0) + 100.0)


@pytest.mark.parametrize("particles", [0, 4])
def test_more_particles_than_members_are_refused(particles):
    with pytest.raises(ValueError, match=f"1 to 3 particles.*got {particles}"):
        trajectory_sampling(members(3), particles)
