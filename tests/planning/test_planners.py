"""Both planners on returns whose best sequence is known."""

import numpy as np
import pytest
import torch

from robot_meta.errors import PlanningFailed
from robot_meta.planning.cem import CEM, CEMConfig
from robot_meta.planning.mppi import MPPI, MPPIConfig, softmax_weights
from robot_meta.planning.planner import SamplingConfig, knot_matrix

SAMPLING = SamplingConfig(num_samples=128, horizon=8, iterations=3, knots=4, noise_std=0.3)
GOAL = torch.linspace(-0.6, 0.6, 8)[:, None] * torch.tensor([1.0, -0.5])


def make(kind):
    if kind is MPPI:
        return MPPI(MPPIConfig(sampling=SAMPLING), 2)
    return CEM(CEMConfig(sampling=SAMPLING), 2)


def towards_goal(actions):
    return -(actions - GOAL).square().sum(dim=(1, 2))


def free(actions):
    return actions


@pytest.fixture(params=[MPPI, CEM])
def planner(request):
    return make(request.param)


def test_finds_the_best_sequence(planner):
    rng = np.random.default_rng(0)
    for _ in range(12):
        planner._mean = torch.roll(planner._mean, 1, 0)  # undo the shift: the goal stands still
        plan = planner.plan(towards_goal, rng, admit=free)
    assert (plan - GOAL).abs().max() < 0.15


@pytest.mark.parametrize("seed", range(10))
def test_actions_stay_in_bounds(planner, seed):
    rng = np.random.default_rng(seed)
    for _ in range(5):
        plan = planner.plan(lambda a: 100.0 * a.sum(dim=(1, 2)), rng, admit=free)
        assert plan.abs().max() <= 1.0


def test_same_seed_same_plan(planner):
    plans = []
    for _ in range(2):
        planner.reset()
        rng = np.random.default_rng(3)
        plans.append(torch.stack([planner.plan(towards_goal, rng, admit=free) for _ in range(3)]))
    assert torch.equal(*plans)


def test_plans_only_what_is_admitted(planner):
    def admit(actions):
        return actions.clip(-0.1, 0.1)

    rng = np.random.default_rng(0)
    for _ in range(5):
        assert planner.plan(towards_goal, rng, admit=admit).abs().max() <= 0.1 + 1e-6


def test_begins_with_the_plan_of_the_tick_before(planner):
    rng = np.random.default_rng(0)
    plan = planner.plan(towards_goal, rng, admit=free)
    drawn = []

    def remember(actions):
        drawn.append(actions)
        return towards_goal(actions)

    planner.plan(remember, rng, admit=free)
    torch.testing.assert_close(drawn[0][0, :-1], plan[1:])


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_return_that_is_not_finite_is_an_error(planner, bad):
    def broken(actions):
        returns = towards_goal(actions)
        returns[5] = bad
        return returns

    with pytest.raises(PlanningFailed, match="127 of 128"):
        planner.plan(broken, np.random.default_rng(0), admit=free)


@pytest.mark.parametrize("allowed", [1, 2])
def test_returns_the_best_so_far_when_time_runs_out(planner, allowed):
    calls = []

    def count(actions):
        calls.append(1)
        return towards_goal(actions)

    plan = planner.plan(
        count, np.random.default_rng(0), admit=free, out_of_time=lambda: len(calls) >= allowed
    )
    assert len(calls) == allowed and planner.diagnostics()["plan_iterations"] == allowed
    assert towards_goal(plan[None]) > towards_goal(torch.zeros(1, 8, 2))


@pytest.mark.parametrize("seed", range(20))
def test_average_ignores_a_constant_added_to_every_return(seed):
    returns = torch.randn(64, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    torch.testing.assert_close(softmax_weights(returns, 0.1), softmax_weights(returns + 7.0, 0.1))


def test_weights_are_a_distribution_even_if_all_returns_are_equal():
    torch.testing.assert_close(softmax_weights(torch.ones(10), 0.1), torch.full((10,), 0.1))


def test_knots_interpolate_between_their_ends():
    matrix = knot_matrix(9, 4)
    torch.testing.assert_close(matrix.sum(dim=1), torch.ones(9))
    assert matrix[0, 0] == 1.0 and matrix[-1, -1] == 1.0


@pytest.mark.parametrize(
    ("field", "value"), [("num_samples", 0), ("knots", 1), ("knots", 99), ("noise_std", 0.0)]
)
def test_settings_that_make_no_sense_are_refused(field, value):
    with pytest.raises(ValueError):
        SamplingConfig(**{field: value})


def test_cem_fits_the_elites_and_returns_their_mean():
    cem = CEM(CEMConfig(sampling=SamplingConfig(num_samples=50, horizon=8, iterations=1)), 2)
    seen = []

    def remember(actions):
        seen.append(actions)
        return towards_goal(actions)

    plan = cem.plan(remember, np.random.default_rng(0), admit=free)
    best = torch.topk(towards_goal(seen[0]), 5).indices
    torch.testing.assert_close(plan, seen[0][best].mean(dim=0))
