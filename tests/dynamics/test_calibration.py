"""Predicted uncertainty: against the textbook formula and on errors of known size."""

import dataclasses

import numpy as np
import pytest
import torch

from robot_meta.dynamics import last_layer
from robot_meta.dynamics.calibration import coverage, log_likelihood
from robot_meta.dynamics.last_layer import LastLayerAdapter, augmented, window_posterior
from robot_meta.dynamics.model import DEFAULT_NOISE, NOISE, Context
from robot_meta.dynamics.network import features


@pytest.fixture
def errors():
    return torch.randn(4000, 3, generator=torch.Generator().manual_seed(0))


def test_errors_as_wide_as_predicted_are_covered_as_often_as_promised(errors):
    figures = coverage(2.0 * errors, torch.full((3,), 2.0))
    for level in (50, 80, 90, 95):
        assert figures[f"coverage_{level}"] == pytest.approx(level / 100, abs=0.015)
    assert figures["calibration_error"] < 0.015


def test_overconfidence_shows_and_costs_likelihood(errors):
    assert coverage(errors, torch.full((3,), 0.5))["coverage_90"] < 0.65
    right, bold, shy = (log_likelihood(errors, torch.full((3,), s)) for s in (1.0, 0.5, 2.0))
    assert right > bold and right > shy


def test_the_spread_of_the_window_is_that_of_bayesian_regression(model, body):
    inputs, _ = body.rows(body.steps(12))
    extras = last_layer.initial_extras()
    problem = window_posterior(extras, features(model.params, inputs), 0.5)
    phi, ridge = problem.phi.double(), float(problem.ridge)
    precision = phi.T @ phi + ridge * torch.eye(phi.shape[1])
    hidden = features(model.params, body.rows(body.steps(5))[0])
    asked = augmented(extras, hidden).double()
    expected = (asked @ torch.linalg.inv(precision) * asked).sum(dim=-1)
    torch.testing.assert_close(problem.spread(hidden).double(), expected, rtol=1e-4, atol=1e-7)


def test_predicted_uncertainty_falls_where_there_are_transitions(model, body):
    step = body.steps(1)[0]
    state, action = (torch.as_tensor(p).float() for p in (step.state, step.action))
    extras = {NOISE: torch.tensor([0.1, 0.2, 0.3, 0.4]).log()}
    known = dataclasses.replace(model, extras=extras)
    adapter = LastLayerAdapter(known, ridge_scale=0.1)
    adapter.observe(body.steps(1)[0])
    before = known.predictive_std(adapter.context(), state[None], action[None])
    for _ in range(10):
        adapter.observe(step)
    after = known.predictive_std(adapter.context(), state[None], action[None])
    noise = torch.tensor([[0.1, 0.2, 0.3, 0.4]]) * 0.01
    assert (after < before).all() and (after > noise).all()
    torch.testing.assert_close(
        known.predictive_std(Context(known.params), state[None], action[None]), noise
    )


def test_a_model_from_before_noise_was_measured_has_a_usual_one(model):
    np.testing.assert_allclose(model.noise, DEFAULT_NOISE)
