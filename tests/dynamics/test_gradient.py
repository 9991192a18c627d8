"""Gradient steps by hand against autograd, alone, in batches and through the outer gradient."""

import dataclasses

import pytest
import torch

from robot_meta.dynamics import gradient, inner_step
from robot_meta.dynamics.gradient import GradientAdapter
from robot_meta.dynamics.network import mlp


def autograd_steps(params, rates, inputs, targets, count, create_graph=False):
    """The inner steps as autograd takes them, the slow reference."""
    for _ in range(count):
        loss = (mlp(params, inputs) - targets).square().mean()
        moving = {n: p for n, p in params.items() if n in rates}
        grads = torch.autograd.grad(loss, tuple(moving.values()), create_graph=create_graph)
        step = {n: rates[n] * g for n, g in zip(moving, grads, strict=True)}
        params = {n: p - step[n] if n in step else p for n, p in params.items()}
    return params


def double(params):
    return {name: value.double().requires_grad_() for name, value in params.items()}


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("layers", [(), (1,), (0, 2), (2,)])
def test_inner_steps_by_hand_equal_those_of_autograd(model, body, rng, count, layers):
    inputs, targets = (t.double() for t in body.rows(body.steps(16, 0.3)))
    params = double(model.params)
    extras = gradient.initial_extras(params, 0.5, layers)
    extras = {n: (v + 0.3 * i).double() for i, (n, v) in enumerate(extras.items())}
    taken = inner_step.adapt(params, gradient.rates(extras), inputs, targets, count)
    rates = {n.removeprefix(gradient.LOG_RATE): v.exp() for n, v in extras.items()}
    expected = autograd_steps(params, rates, inputs, targets, count)
    for name, value in inner_step.params_after(params, taken).items():
        torch.testing.assert_close(value, expected[name], rtol=1e-6, atol=1e-9)
    other = torch.as_tensor(rng.normal(size=(5, inputs.shape[1])))
    torch.testing.assert_close(
        inner_step.outputs_after(params, taken, other), mlp(expected, other), rtol=1e-6, atol=1e-9
    )


def test_inner_steps_of_a_batch_are_those_of_each_window(model, body):
    windows = [body.rows(body.steps(8, shift)) for shift in (0.02, -0.1)]
    inputs, targets = (torch.stack(parts) for parts in zip(*windows, strict=True))
    rates = gradient.rates(gradient.initial_extras(model.params, 0.5))
    together = inner_step.adapt(model.params, rates, inputs, targets, 2)
    outputs = inner_step.outputs_after(model.params, together, inputs)
    for window, output in zip(windows, outputs, strict=True):
        alone = inner_step.adapt(model.params, rates, *window, 2)
        torch.testing.assert_close(
            inner_step.outputs_after(model.params, alone, window[0]), output
        )


@pytest.mark.parametrize("count", [1, 3])
def test_the_outer_gradient_goes_through_the_inner_steps(model, body, rng, count):
    inputs, targets = (t.double() for t in body.rows(body.steps(16, 0.3)))
    params = double(model.params)
    extras = {n: v.double() for n, v in gradient.initial_extras(params, 0.5).items()}
    rates = {n.removeprefix(gradient.LOG_RATE): v.exp() for n, v in extras.items()}
    query, wanted = inputs.flip(0) * 0.7, targets.flip(0)

    def outer(outputs):
        loss = (outputs - wanted).square().mean()
        return torch.autograd.grad(loss, tuple(params.values()))

    by_hand = {
        first_order: outer(
            inner_step.outputs_after(
                params,
                inner_step.adapt(
                    params,
                    gradient.rates(extras),
                    inputs,
                    targets,
                    count,
                    first_order=first_order,
                ),
                query,
            )
        )
        for first_order in (False, True)
    }
    full = outer(mlp(autograd_steps(params, rates, inputs, targets, count, True), query))
    for mine, theirs in zip(by_hand[False], full, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=1e-9)
    assert not torch.allclose(by_hand[True][0], full[0], rtol=1e-3)


def test_the_gradient_adapter_moves_as_far_as_the_model_was_trained_for(model, body):
    steps = body.steps(16)
    inputs, targets = body.rows(steps)
    extras = gradient.initial_extras(model.params, 0.3, (1,))
    trained = dataclasses.replace(model, extras={**extras, gradient.STEPS: torch.tensor(3.0)})
    adapter = GradientAdapter(trained)
    for step in steps:
        adapter.observe(step)
    adapted = adapter.context().params
    rates = {n.removeprefix(gradient.LOG_RATE): v.exp() for n, v in extras.items()}
    params = {name: value.clone().requires_grad_() for name, value in model.params.items()}
    expected = autograd_steps(params, rates, inputs, targets, 3)
    for name, value in adapted.items():
        torch.testing.assert_close(value, expected[name].detach(), rtol=1e-4, atol=1e-6)
    assert adapted["layer2.weight"] is model.params["layer2.weight"]
