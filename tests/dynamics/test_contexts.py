"""Adapters that read the transitions with a network: history, recurrent, context."""

import dataclasses

import pytest
import torch

from robot_meta.dynamics.attention import ContextAdapter, ContextMethod
from robot_meta.dynamics.history import HistoryAdapter, HistoryMethod
from robot_meta.dynamics.network import mlp
from robot_meta.dynamics.recurrent import RecurrentAdapter, RecurrentMethod

KINDS = {
    "history": (HistoryMethod(length=4), HistoryAdapter),
    "recurrent": (RecurrentMethod(hidden=12), RecurrentAdapter),
    "context": (ContextMethod(width=8, latent=3), ContextAdapter),
}
MEMORYLESS = ("history", "context")


def untrained(model, kind):
    """The method and a model whose context is anything but nothing."""
    method, adapter = KINDS[kind]
    generator = torch.Generator().manual_seed(1)
    extras = method.initial_extras(model.params, generator)
    extras = {n: v + 0.1 * torch.randn(v.shape, generator=generator) for n, v in extras.items()}
    return method, adapter(dataclasses.replace(model, extras=extras)), extras


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 3, 16])
def test_the_folded_network_says_what_training_said(model, body, kind, count):
    method, adapter, extras = untrained(model, kind)
    steps = body.steps(count)
    for step in steps:
        adapter.observe(step)
    inputs, targets = body.rows(steps)
    query, _ = body.rows(body.steps(5))
    expected = method.adapted(model.params, extras, inputs[None], targets[None])(query[None])[0]
    torch.testing.assert_close(mlp(adapter.context().params, query), expected)
    assert not torch.allclose(expected, mlp(model.params, query), atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_newest_transition_is_read(model, body, kind):
    _, adapter, _ = untrained(model, kind)
    for step in body.steps(4):
        adapter.observe(step)
    before = adapter.context().params["layer0.bias"]
    adapter.observe(body.steps(1)[0])
    assert not torch.equal(adapter.context().params["layer0.bias"], before)


@pytest.mark.parametrize("kind", KINDS)
def test_transitions_taken_back_were_never_read(model, body, kind):
    _, adapter, _ = untrained(model, kind)
    for step in body.steps(2):  # as many as stay in the shortest window
        adapter.observe(step)
    before = adapter.context().params["layer0.bias"]
    for step in body.steps(2):
        adapter.observe(step)
    adapter.forget_newest(2)
    assert torch.equal(adapter.context().params["layer0.bias"], before)


def test_the_recurrent_state_outlives_an_episode_but_not_a_task(model, body):
    _, adapter, _ = untrained(model, "recurrent")
    for step in body.steps(8):
        adapter.observe(step)
    kept = adapter.context().params["layer0.bias"]
    adapter.reset_episode()
    assert torch.equal(adapter.context().params["layer0.bias"], kept)
    adapter.reset_task()
    assert torch.equal(adapter.context().params["layer0.bias"], model.params["layer0.bias"])


@pytest.mark.parametrize("kind", MEMORYLESS)
def test_a_context_of_the_window_ends_with_the_episode(model, body, kind):
    _, adapter, _ = untrained(model, kind)
    for step in body.steps(8):
        adapter.observe(step)
    adapter.reset_episode()
    assert adapter.context().params is adapter._model.params


def test_attention_looks_back_in_time_only_from_the_newest_token(model, body):
    method, _, extras = untrained(model, "context")
    inputs, targets = (t[None] for t in body.rows(body.steps(6)))
    query = inputs[:, :2]
    whole = method.adapted(model.params, extras, inputs, targets)(query)
    turned = method.adapted(model.params, extras, inputs.flip(1), targets.flip(1))(query)
    assert not torch.allclose(whole, turned, atol=1e-4)  # the order of the rows counts


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_trained_for_something_else_is_refused(model, kind):
    with pytest.raises(ValueError, match=f"trained for '{kind}'"):
        KINDS[kind][1](model)
