"""Bodies that come and go: what is recognised, what is remembered, what is forgotten."""

import dataclasses

import numpy as np
import pytest
import torch

from robot_meta.dynamics.last_layer import LastLayerAdapter
from robot_meta.dynamics.mixture import (
    BIAS,
    LOG_TEMPERATURE,
    WEIGHT,
    MemoryConfig,
    MixtureAdapter,
    MixtureMethod,
    responsibilities,
)
from robot_meta.dynamics.model import NOISE
from robot_meta.dynamics.network import features, last_layer, mlp
from robot_meta.dynamics.window import Transition

BODIES = 3


@pytest.fixture
def known(model):
    """The model, aware of how well it fits."""
    return dataclasses.replace(model, extras={NOISE: torch.full((4,), 0.3).log()})


@pytest.fixture
def layers():
    """Last layers, (4, 33) with the bias, of bodies that differ mostly by a load."""
    generator = torch.Generator().manual_seed(3)
    scale = torch.tensor([0.3] * 32 + [3.0])
    return [scale * torch.randn(4, 33, generator=generator) for _ in range(BODIES)]


def steps_of(model, layer, rng, count):
    """Transitions of the body whose last layer is off by `layer`."""
    space, steps = model.space, []
    for _ in range(count):
        state = 0.3 * rng.normal(size=space.state_size)
        action = 0.3 * rng.normal(size=space.action_size)
        s, a = torch.as_tensor(state).float(), torch.as_tensor(action).float()
        inputs = model.network_inputs(s, a)
        change = layer[:, :-1] @ features(model.params, inputs) + layer[:, -1]
        outputs = mlp(model.params, inputs) + change
        outputs = outputs + 0.05 * torch.as_tensor(rng.normal(size=len(outputs))).float()
        following = space.next_state(s, a, model.deltas.denormalize(outputs))
        steps.append(Transition(state, action, following.double().numpy()))
    return steps


def errors(model, adapter, steps):
    """One-step errors while adapting along `steps`."""
    values = []
    for step in steps:
        s, a = (torch.as_tensor(p).float() for p in (step.state, step.action))
        delta = model.space.delta(torch.as_tensor(step.state), torch.as_tensor(step.next_state))
        said = mlp(adapter.context().params, model.network_inputs(s, a))
        values.append(float((said - model.deltas.normalize(delta.float())).square().mean()))
        adapter.observe(step)
    return np.array(values)


def visits(model, adapter, layers, order, rng, count=60):
    """Error summed over each visit, from when the change can be known until all have adapted."""
    return [
        errors(model, adapter, steps_of(model, layers[index], rng, count))[5:35].sum()
        for index in order
    ]


def test_the_second_visit_costs_half_of_the_first_and_without_memory_it_does_not(
    known, layers, rng
):
    order = (1, 2, 1, 2)
    with_memory = visits(known, MixtureAdapter(known, 32, 0.3), layers, order, rng)
    without = visits(known, LastLayerAdapter(known, 32, 0.3), layers, order, rng)
    assert with_memory[3] < 0.5 * with_memory[1]
    assert without[3] > 0.7 * without[1]


def test_a_body_that_comes_back_replaces_its_own_memory(known, layers, rng):
    adapter = MixtureAdapter(known, 32, 0.3)
    visits(known, adapter, layers, (1, 2) * 5, rng)
    assert 2 <= len(adapter.remembered) <= 5


def test_where_there_is_no_room_the_body_not_met_for_longest_is_forgotten(known, layers, rng):
    adapter = MixtureAdapter(known, 32, 0.3, MemoryConfig(capacity=1))
    visits(known, adapter, layers, (1, 2), rng)
    adapter.reset_episode()
    (kept,) = adapter.remembered
    first, second = ((kept.bias - layers[i][:, -1]).norm() for i in (1, 2))
    assert second < first


def test_memory_outlives_an_episode_but_not_a_task(known, layers, rng):
    adapter = MixtureAdapter(known, 32, 0.3)
    visits(known, adapter, layers, (0,), rng)
    adapter.reset_episode()
    assert len(adapter.remembered) == 1
    back = visits(known, adapter, layers, (0,), rng)[0]
    adapter.reset_task()
    assert adapter.remembered == []
    assert back < 0.5 * visits(known, adapter, layers, (0,), rng)[0]


def test_a_body_seen_too_briefly_is_not_remembered(known, layers, rng):
    adapter = MixtureAdapter(known, 32, 0.3)
    visits(known, adapter, layers, (0,), rng, count=20)
    adapter.reset_episode()
    assert adapter.remembered == []


def test_with_one_prior_and_nothing_remembered_it_is_the_closed_form(known, layers, rng):
    mixture, plain = MixtureAdapter(known, 16), LastLayerAdapter(known, 16)
    for step in steps_of(known, layers[0], rng, 10):
        mixture.observe(step)
        plain.observe(step)
        for name, value in plain.context().params.items():
            torch.testing.assert_close(mixture.context().params[name], value)


def test_the_prior_that_explains_the_rows_is_responsible(known, layers, rng, body):
    extras = MixtureMethod(components=BODIES).initial_extras(
        known.params, torch.Generator().manual_seed(0)
    )
    extras[WEIGHT] = torch.stack([layer[:, :-1] for layer in layers])
    extras[BIAS] = torch.stack([layer[:, -1] for layer in layers])
    for index, layer in enumerate(layers):
        inputs, targets = body.rows(steps_of(known, layer, rng, 6))
        hidden = features(known.params, inputs)
        shares = responsibilities(extras, hidden, targets - last_layer(known.params, hidden))
        assert int(shares.argmax()) == index and float(shares.max()) > 0.99
    extras[LOG_TEMPERATURE] = torch.tensor(20.0)
    even = responsibilities(extras, hidden, targets - last_layer(known.params, hidden))
    torch.testing.assert_close(even, torch.full((BODIES,), 1 / BODIES))


def test_the_adapter_says_what_training_said(known, rng, layers, body):
    method = MixtureMethod(components=2)
    extras = method.initial_extras(known.params, torch.Generator().manual_seed(0))
    steps = steps_of(known, layers[0], rng, 12)
    adapter = MixtureAdapter(dataclasses.replace(known, extras={**known.extras, **extras}), 16)
    for step in steps:
        adapter.observe(step)
    inputs, targets = body.rows(steps)
    query, _ = body.rows(steps_of(known, layers[0], rng, 5))
    expected = method.adapted(known.params, extras, inputs[None], targets[None])(query[None])[0]
    torch.testing.assert_close(mlp(adapter.context().params, query), expected)


def test_memory_settings_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="capacity"):
        MemoryConfig(capacity=0)
