"""Closed-form adaptation in a learned subspace of last layers."""

import dataclasses

import numpy as np
import pytest
import torch

from robot_meta.dynamics import last_layer, subspace
from robot_meta.dynamics.last_layer import LastLayerAdapter, augmented
from robot_meta.dynamics.network import features, mlp
from robot_meta.dynamics.network import last_layer as outputs_of
from robot_meta.dynamics.subspace import BASIS, LOG_DECAY, LOG_WEIGHT, SubspaceAdapter
from robot_meta.dynamics.window import Transition

SIZE = 3


@pytest.fixture
def with_basis(model):
    """The model with a subspace of three strong changes."""
    extras = subspace.initial_extras(model.params, SIZE, torch.Generator().manual_seed(1))
    extras[BASIS] = 3.0 * extras[BASIS]
    return dataclasses.replace(model, extras=extras)


def steps_of(model, z, count, rng):
    """Transitions of a body whose last layer lies at `z` in the subspace of `model`."""
    hidden = torch.zeros(1, model.params["layer2.weight"].shape[1])
    residual = torch.zeros(1, len(model.deltas.mean))
    _, _, posterior = subspace.fitted(model.extras, hidden, residual, 1.0)
    weight, bias = dataclasses.replace(posterior, z=torch.tensor(z)).layer()
    params = last_layer.with_change(model.params, weight, bias)
    steps = []
    for _ in range(count):
        state = rng.normal(size=model.space.state_size)
        action = rng.normal(size=model.space.action_size)
        s, a = torch.as_tensor(state).float(), torch.as_tensor(action).float()
        delta = model.deltas.denormalize(mlp(params, model.network_inputs(s, a)))
        steps.append(Transition(state, action, model.space.next_state(s, a, delta).numpy()))
    return steps


def error_after(adapter, model, seen, unseen):
    for step in seen:
        adapter.observe(step)
    params = adapter.context().params
    wrong = []
    for step in unseen:
        s, a = (torch.as_tensor(part).float() for part in (step.state, step.action))
        delta = model.space.delta(s, torch.as_tensor(step.next_state).float())
        said = mlp(params, model.network_inputs(s, a))
        wrong.append(float((said - model.deltas.normalize(delta)).square().mean()))
    return float(np.mean(wrong))


def test_the_solve_is_the_minimiser_of_its_objective(with_basis, body):
    inputs, targets = body.rows(body.steps(12))
    extras = {
        **with_basis.extras,
        LOG_WEIGHT: torch.linspace(-1.0, 1.0, targets.shape[1]),
        LOG_DECAY: torch.tensor(-1.5),
    }
    hidden = features(with_basis.params, inputs)
    residual = targets - outputs_of(with_basis.params, hidden)
    z = subspace.fitted(extras, hidden, residual, 1.0)[2].z

    phi, basis = augmented(extras, hidden).double(), extras[BASIS].double()
    trial = z.double().clone().requires_grad_()
    age = torch.arange(11, -1, -1, dtype=torch.float64)
    said = torch.einsum("k,kod,td->to", trial, basis, phi)
    weights = torch.exp(-extras[LOG_DECAY].exp() * age)[:, None] * extras[LOG_WEIGHT].exp()
    objective = (weights * (residual - said).square()).sum() + trial.square().sum()
    (slope,) = torch.autograd.grad(objective, trial)
    assert slope.abs().max() < 1e-3 * (weights * residual.square()).sum()
    torch.testing.assert_close(slope, torch.zeros_like(slope), rtol=0.0, atol=2e-2)


def test_three_numbers_follow_from_two_transitions(with_basis, rng):
    steps = steps_of(with_basis, [1.0, -0.7, 0.5], 42, rng)
    seen, unseen = steps[:2], steps[2:]
    before = error_after(SubspaceAdapter(with_basis), with_basis, [], unseen)
    mine = error_after(SubspaceAdapter(with_basis), with_basis, seen, unseen)
    ridge = error_after(LastLayerAdapter(with_basis), with_basis, seen, unseen)
    assert mine < 0.1 * before
    assert mine < 0.2 * ridge  # every output apart from the others needs far more


def test_what_lies_outside_the_subspace_is_left_to_ridge_regression(with_basis, body):
    steps = body.steps(64, shift=0.05)  # a constant that no basis vector is made for
    before = error_after(SubspaceAdapter(with_basis, 48), with_basis, [], steps[48:])
    after = error_after(SubspaceAdapter(with_basis, 48), with_basis, steps[:48], steps[48:])
    assert after < 0.3 * before
    stiff = SubspaceAdapter(with_basis, 48, ridge_scale=1e6)
    assert after < error_after(stiff, with_basis, steps[:48], steps[48:])


def test_it_is_surer_the_more_it_has_seen(with_basis, rng):
    adapter = SubspaceAdapter(with_basis, 64)
    probe = features(with_basis.params, torch.randn(5, 12))
    spreads = []
    for step in steps_of(with_basis, [0.5, 0.5, 0.5], 40, rng):
        adapter.observe(step)
        spreads.append(float(adapter.context().posterior.spread(probe).mean()))
    assert spreads[-1] < 0.7 * spreads[0]
    assert min(spreads) > 0.0


def test_a_model_without_a_subspace_is_refused(model):
    with pytest.raises(ValueError, match="trained for 'subspace'"):
        SubspaceAdapter(model)
    with pytest.raises(ValueError, match="ridge_scale"):
        SubspaceAdapter(
            dataclasses.replace(
                model,
                extras=subspace.initial_extras(model.params, SIZE, torch.Generator()),
            ),
            ridge_scale=0.0,
        )
