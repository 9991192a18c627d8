"""Recursive least squares against the batch solution, and what it remembers."""

import math

import pytest
import torch

from robot_meta.dynamics import last_layer
from robot_meta.dynamics.network import features
from robot_meta.dynamics.recursive import RecursiveAdapter


@pytest.fixture
def adapter(model):
    return RecursiveAdapter(model, window=8, ridge_scale=0.5, forgetting=0.9)


def test_recursion_equals_ridge_regression_on_all_rows_with_the_same_forgetting(
    model, body, adapter
):
    steps = body.steps(30)
    for step in steps:
        adapter.observe(step)
    inputs, targets = body.rows(steps)
    extras = last_layer.initial_extras()
    extras[last_layer.LOG_DECAY] = torch.tensor(-math.log(0.9)).log()
    weight, bias = last_layer.solve(model.params, extras, inputs, targets, 0.5)
    context = adapter.context()
    moved = context.params["layer2.weight"] - model.params["layer2.weight"]
    torch.testing.assert_close(moved, weight, rtol=1e-3, atol=1e-5)
    shift = context.params["layer2.bias"] - model.params["layer2.bias"]
    torch.testing.assert_close(shift, bias, rtol=1e-3, atol=1e-5)
    hidden = features(model.params, inputs[:5])
    expected = last_layer.window_posterior(extras, features(model.params, inputs), 0.5)
    torch.testing.assert_close(
        context.posterior.spread(hidden), expected.spread(hidden), rtol=1e-3, atol=1e-5
    )


def test_without_excitation_the_prior_comes_back(model, body, adapter):
    step = body.steps(1)[0]
    for other in body.steps(20):
        adapter.observe(other)
    probe = features(model.params, body.rows(body.steps(1))[0])
    sure = float(adapter.context().posterior.spread(probe))
    for _ in range(200):
        adapter.observe(step)
    prior = float((probe.square().sum() + 1.0) / adapter._ridge)
    assert sure < float(adapter.context().posterior.spread(probe)) <= 1.001 * prior


def test_rows_taken_back_leave_no_trace(body, adapter):
    for step in body.steps(20):
        adapter.observe(step)
    before = adapter.context()
    for step in body.steps(5, shift=1.0):
        adapter.observe(step)
    adapter.forget_newest(5)
    for name, value in adapter.context().params.items():
        torch.testing.assert_close(value, before.params[name], rtol=1e-5, atol=1e-6)


def test_what_was_learned_outlives_an_episode_but_not_a_task(model, body, adapter):
    for step in body.steps(20):
        adapter.observe(step)
    learned = adapter.context()
    adapter.reset_episode()
    for name, value in adapter.context().params.items():
        assert torch.equal(value, learned.params[name])
    adapter.reset_task()
    for name, value in adapter.context().params.items():
        assert torch.equal(value, model.params[name])


def test_forgetting_outside_its_range_is_refused(model):
    with pytest.raises(ValueError, match="forgetting in"):
        RecursiveAdapter(model, forgetting=1.5)
