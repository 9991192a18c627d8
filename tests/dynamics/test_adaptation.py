"""Adapters on a body whose dynamics are known, and the defects of published code as tests."""

import numpy as np
import pytest
import torch

from robot_meta.dynamics import last_layer
from robot_meta.dynamics.gradient import GradientAdapter
from robot_meta.dynamics.last_layer import LastLayerAdapter
from robot_meta.dynamics.network import features, mlp
from robot_meta.dynamics.residual import ResidualAdapter
from robot_meta.dynamics.window import Transition


def prediction_loss(params, inputs, targets):
    return (mlp(params, inputs) - targets).square().mean()


def brisk_gradient(model, window=16):
    return GradientAdapter(model, window, rate=0.5)


ADAPTERS = (LastLayerAdapter, brisk_gradient, ResidualAdapter)


@pytest.mark.parametrize("kind", ADAPTERS)
def test_one_update_explains_the_changed_body_better(model, body, kind):
    adapter = kind(model)
    for step in body.steps(16):
        adapter.observe(step)
    unseen = body.rows(body.steps(16))
    context = adapter.context()
    before = prediction_loss(model.params, *unseen)
    assert prediction_loss(context.params, *unseen) < 0.9 * before
    figures = adapter.diagnostics()
    assert figures["loss_after"] < figures["loss_before"]


@pytest.mark.parametrize("kind", ADAPTERS)
def test_newest_transition_is_in_the_window(model, body, kind):
    steps = body.steps(17)
    adapter, late = kind(model, window=16), kind(model, window=16)
    for step in steps[:16]:
        adapter.observe(step)
        late.observe(step)
    late.observe(steps[16])
    name = list(model.params)[-1]
    assert not torch.equal(adapter.context().params[name], late.context().params[name])


@pytest.mark.parametrize("kind", ADAPTERS)
def test_only_the_newest_m_transitions_count(model, body, kind):
    steps = body.steps(24)
    old, fresh = kind(model, window=16), kind(model, window=16)
    for step in steps:
        old.observe(step)
    for step in steps[8:]:
        fresh.observe(step)
    for name, value in old.context().params.items():
        torch.testing.assert_close(value, fresh.context().params[name], rtol=0, atol=0)


@pytest.mark.parametrize("kind", ADAPTERS)
def test_an_episode_begins_with_the_meta_learned_weights(model, body, kind):
    adapter = kind(model)
    for step in body.steps(16):
        adapter.observe(step)
    adapter.context()
    adapter.reset_episode()
    assert adapter.context().params is model.params


@pytest.mark.parametrize("kind", ADAPTERS)
def test_adaptation_never_accumulates(model, body, kind):
    adapter = kind(model)
    for step in body.steps(16):
        adapter.observe(step)
    first = adapter.context().params
    second = adapter.context().params
    for name in first:
        assert torch.equal(first[name], second[name])


@pytest.mark.parametrize("kind", ADAPTERS)
def test_meta_learned_weights_are_never_changed(model, body, kind):
    saved = {name: value.clone() for name, value in model.params.items()}
    adapter = kind(model)
    for step in body.steps(16):
        adapter.observe(step)
    adapter.context()
    for name, value in saved.items():
        assert torch.equal(model.params[name], value)


def test_a_transition_that_is_not_finite_is_refused_and_changes_nothing(model, body):
    adapter = LastLayerAdapter(model)
    step = body.steps(1)[0]
    adapter.observe(step)
    with pytest.raises(ValueError, match="not finite"):
        adapter.observe(Transition(step.state, step.action * np.nan, step.next_state))
    assert adapter.context().params is not model.params
    assert adapter.diagnostics()["window"] == 1.0


def test_last_layer_solve_is_the_minimiser_of_its_objective(model, body):
    inputs, targets = body.rows(body.steps(16))
    extras = last_layer.initial_extras()
    weight, bias = last_layer.solve(model.params, extras, inputs, targets, 1.0)
    hidden = features(model.params, inputs).double()
    residual = (targets - mlp(model.params, inputs)).double()
    age = torch.arange(15, -1, -1).double()
    row = torch.exp(-extras[last_layer.LOG_DECAY].exp().double() * age)[:, None]
    ridge, scale = extras[last_layer.LOG_RIDGE].exp(), extras[last_layer.LOG_BIAS].exp()

    def objective(w, b):
        error = residual - hidden @ w.T - b
        return (row * error**2).sum() + ridge * (w**2).sum() + ridge * ((b / scale) ** 2).sum()

    w = weight.double().requires_grad_()
    b = bias.double().requires_grad_()
    gradients = torch.autograd.grad(objective(w, b), (w, b))
    assert max(float(g.abs().max()) for g in gradients) < 1e-3


def test_rates_that_make_no_sense_are_refused(model):
    with pytest.raises(ValueError, match="steps >= 1"):
        GradientAdapter(model, steps=0)
    with pytest.raises(ValueError, match="layers among 0 to 2"):
        GradientAdapter(model, layers=(3,))
    with pytest.raises(ValueError, match="ridge_scale"):
        LastLayerAdapter(model, ridge_scale=0.0)
