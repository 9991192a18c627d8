"""The guard against updates that harm."""

import dataclasses

import numpy as np
import pytest
import torch

from robot_meta.dynamics.last_layer import LastLayerAdapter
from robot_meta.dynamics.no_harm import NoHarm, NoHarmConfig

OFF = NoHarmConfig(held_out=0)


def poisoned(steps):
    """The same steps as a jumping sensor would tell them."""
    return [
        dataclasses.replace(step, next_state=step.next_state + 0.3 * (-1) ** i)
        for i, step in enumerate(steps)
    ]


def contexts(adapter, steps):
    seen = []
    for step in steps:
        adapter.observe(step)
        seen.append((adapter.context(), adapter.diagnostics()))
    return seen


def test_an_update_from_a_poisoned_window_is_rejected_until_it_is_outlived(model, body):
    steps = [*body.steps(8, shift=0.0), *poisoned(body.steps(8)), *body.steps(40, shift=0.0)]
    adapter = LastLayerAdapter(model, window=16, ridge_scale=0.01)
    seen = contexts(adapter, steps)
    rejected = [figures["rejected"] for _, figures in seen]
    assert 1.0 in rejected[16:28]
    assert rejected[-10:] == [0.0] * 10
    context, figures = seen[rejected.index(1.0)]
    assert context.params is model.params
    assert figures["held_out_after"] > 3.0 * figures["held_out_before"]


def test_a_body_that_changed_for_good_is_adapted_to_as_without_the_guard(model, body):
    steps = body.steps(40)
    guarded = contexts(LastLayerAdapter(model), steps)
    free = contexts(LastLayerAdapter(model, no_harm=OFF), steps)
    assert not any(figures["rejected"] for _, figures in guarded)
    for (one, _), (other, _) in zip(guarded, free, strict=True):
        assert all(torch.equal(one.params[n], other.params[n]) for n in one.params)


def test_an_update_is_judged_only_on_transitions_that_it_has_not_seen(model, body):
    samples = body.samples(body.steps(12))
    harmful = {name: value + 1.0 for name, value in model.params.items()}
    guard = NoHarm(model.params, NoHarmConfig(held_out=4))
    for count in range(1, 9):
        accepted = guard.accepts(harmful, count, samples.oldest(count))
        assert accepted == (count < 5)


def test_fits_on_rows_that_were_taken_back_are_not_judged(model, body):
    samples = body.samples(body.steps(12))
    harmful = {name: value + 1.0 for name, value in model.params.items()}
    guard = NoHarm(model.params, NoHarmConfig(held_out=2))
    assert guard.accepts(model.params, 6, samples.oldest(6))
    assert guard.accepts(harmful, 7, samples.oldest(7))
    guard.forget_since(6)
    assert guard.accepts(model.params, 9, samples.oldest(9))


def test_a_loss_that_is_not_a_number_is_a_rejection(model, body):
    samples = body.samples(body.steps(12))
    broken = {name: value * np.nan for name, value in model.params.items()}
    guard = NoHarm(model.params, NoHarmConfig(held_out=2))
    guard.accepts(broken, 2, samples.oldest(2))
    assert not guard.accepts(broken, 4, samples.oldest(4))


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="tolerance >= 1"):
        NoHarmConfig(tolerance=0.5)
