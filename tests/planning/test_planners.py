"""All planners on returns whose best sequence is known."""

import numpy as np
import pytest
import torch

from robot_meta.errors import PlanningFailed
from robot_meta.planning.cem import CEM, CEMConfig
from robot_meta.planning.icem import ICEM, ICEMConfig
from robot_meta.planning.mppi import MPPI, MPPIConfig, softmax_weights
from robot_meta.planning.noise import coloured_matrix, knot_matrix
from robot_meta.planning.planner import SamplingConfig
from robot_meta.planning.random_shooting import RandomShooting

SAMPLING = SamplingConfig(num_samples=128, horizon=8, iterations=3, knots=4, noise_std=0.3)
GOAL = torch.linspace(-0.6, 0.6, 8)[:, None] * torch.tensor([1.0, -0.5])


WARM = {  # those that improve the plan of the tick before
    "mppi": lambda sampling: MPPI(MPPIConfig(sampling=sampling), 2),
    "cem": lambda sampling: CEM(CEMConfig(sampling=sampling), 2),
    "icem": lambda sampling: ICEM(ICEMConfig(sampling=sampling), 2),
}
ALL = {**WARM, "random_shooting": lambda sampling: RandomShooting(sampling, 2)}


def towards_goal(actions):
    return -(actions - GOAL).square().sum(dim=(1, 2))


def free(actions):
    return actions


@pytest.fixture(params=ALL)
def planner(request):
    return ALL[request.param](SAMPLING)


@pytest.fixture(params=WARM)
def warm(request):
    return WARM[request.param](SAMPLING)


def test_finds_the_best_sequence(warm):
    rng = np.random.default_rng(0)
    for _ in range(12):
        warm._mean = torch.roll(warm._mean, 1, 0)  # undo the shift: the goal stands still
        plan = warm.plan(towards_goal, rng, admit=free)
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


def test_begins_with_the_plan_of_the_tick_before(warm):
    rng = np.random.default_rng(0)
    warm.plan(towards_goal, rng, admit=free)
    plan = warm._mean
    drawn = []

    def remember(actions):
        drawn.append(actions)
        return towards_goal(actions)

    warm.plan(remember, rng, admit=free)
    torch.testing.assert_close(drawn[0][0, :-1], plan[1:])


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_return_that_is_not_finite_is_an_error(planner, bad):
    def broken(actions):
        returns = towards_goal(actions)
        returns[5] = bad
        return returns

    with pytest.raises(PlanningFailed, match=r"(\d+) of (?!\1)\d+ sampled"):
        planner.plan(broken, np.random.default_rng(0), admit=free)


def test_the_order_of_the_batch_does_not_matter(planner):
    def backwards(actions):
        return towards_goal(actions.flip(0)).flip(0)

    plans = []
    for returns in (towards_goal, backwards):
        planner.reset()
        plans.append(planner.plan(returns, np.random.default_rng(0), admit=free))
    torch.testing.assert_close(*plans)


@pytest.mark.parametrize("kind", ALL)
def test_never_plans_what_is_not_a_number_or_out_of_bounds(kind):
    draw = np.random.default_rng(0)
    for number in range(10_000 // (len(ALL) * 10)):
        horizon, iterations = int(draw.integers(2, 6)), int(draw.integers(1, 4))
        planner = ALL[kind](
            SamplingConfig(
                num_samples=int(draw.integers(1, 24)),
                horizon=horizon,
                iterations=iterations,
                knots=2,
                noise_std=float(10.0 ** draw.uniform(-6, 3)),
            )
        )
        scale, offset = 10.0 ** draw.uniform(-20, 20), 10.0 ** draw.uniform(-20, 20)
        rng = np.random.default_rng(number)

        def returns(actions, scale=scale, offset=offset):
            return scale * actions.sum(dim=(1, 2)).sign() - offset  # many are equal

        for _ in range(10):
            plan = planner.plan(returns, rng, admit=free)
            assert plan.shape == (horizon, 2) and plan.abs().max() <= 1.0


@pytest.mark.parametrize("allowed", [1, 2])
def test_stops_when_time_runs_out(planner, allowed):
    calls = []

    def count(actions):
        calls.append(1)
        return towards_goal(actions)

    planner.plan(
        count, np.random.default_rng(0), admit=free, out_of_time=lambda: len(calls) >= allowed
    )
    assert len(calls) == allowed
    assert planner.diagnostics()["plan_iterations"] == allowed


def test_one_iteration_already_improves_the_plan(warm):
    plan = warm.plan(towards_goal, np.random.default_rng(0), admit=free, out_of_time=lambda: True)
    assert towards_goal(plan[None]) > towards_goal(torch.zeros(1, 8, 2))


def test_random_shooting_returns_the_best_of_all_it_drew():
    planner, seen = ALL["random_shooting"](SAMPLING), []

    def remember(actions):
        seen.append(actions.clone())
        return towards_goal(actions)

    plan = planner.plan(remember, np.random.default_rng(0), admit=free)
    every = torch.cat(seen)
    assert torch.equal(plan, every[towards_goal(every).argmax()])


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


@pytest.mark.parametrize("horizon", [2, 7, 12])
@pytest.mark.parametrize("exponent", [0.0, 2.0, 3.5])
def test_coloured_noise_has_unit_variance_and_the_spectrum_asked_for(horizon, exponent):
    matrix = coloured_matrix(horizon, exponent).double()
    covariance = matrix @ matrix.t()
    torch.testing.assert_close(covariance.diagonal().mean().item(), 1.0, atol=1e-6, rtol=0.0)
    power = torch.fft.rfft(matrix, dim=0).abs().square().sum(dim=1)  # of each frequency
    inner = torch.arange(1, (horizon + 1) // 2)  # neither the constant nor the highest
    expected = power[1] * inner.double() ** -exponent
    torch.testing.assert_close(power[inner], expected, rtol=1e-4, atol=1e-6)


def test_icem_draws_fewer_candidates_each_time_and_keeps_the_best_of_before():
    icem = ICEM(ICEMConfig(sampling=SAMPLING, num_elites=10, kept=0.3, decay=2.0), 2)
    batches = []

    def remember(actions):
        batches.append(actions.clone())
        return towards_goal(actions)

    rng = np.random.default_rng(0)
    icem.plan(remember, rng, admit=free)
    icem.plan(remember, rng, admit=free)
    assert [len(batch) for batch in batches] == [128, 64 + 3, 32 + 3, 128 + 3, 64 + 3, 32 + 3]
    for before, after in zip(batches[:2], batches[1:3], strict=True):
        best = before[torch.topk(towards_goal(before), 3).indices]
        torch.testing.assert_close(after[-3:], best)
    best = batches[2][torch.topk(towards_goal(batches[2]), 3).indices]
    torch.testing.assert_close(batches[3][-3:, :-1], best[:, 1:])  # one period later


def test_icem_returns_the_best_sequence_of_all_iterations():
    icem, seen = WARM["icem"](SAMPLING), []

    def remember(actions):
        seen.append(actions.clone())
        return towards_goal(actions)

    plan = icem.plan(remember, np.random.default_rng(0), admit=free)
    every = torch.cat(seen)
    assert torch.equal(plan, every[towards_goal(every).argmax()])


@pytest.mark.parametrize(
    ("field", "value"),
    [("num_elites", 1), ("decay", 0.9), ("kept", 1.5), ("momentum", 1.0), ("colour", -1.0)],
)
def test_icem_settings_that_make_no_sense_are_refused(field, value):
    with pytest.raises(ValueError, match=field):
        ICEMConfig(**{field: value})
