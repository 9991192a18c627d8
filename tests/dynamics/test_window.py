"""The window of newest transitions, against a plain list."""

import numpy as np
import pytest
import torch

from robot_meta.dynamics.network import features, mlp
from robot_meta.dynamics.window import Transition, Window


def check(window, model, steps):
    samples = window.samples()
    assert len(window) == len(samples) == len(steps)
    for k, step in enumerate(steps):
        inputs = model.network_inputs(
            torch.as_tensor(step.state).float(), torch.as_tensor(step.action).float()
        )
        torch.testing.assert_close(samples.inputs[k], inputs)
        torch.testing.assert_close(samples.hidden[k], features(model.params, inputs))
        wanted = samples.targets[k] - mlp(model.params, inputs)
        torch.testing.assert_close(samples.residual(model.params)[k], wanted)


def test_it_holds_what_a_list_would_hold_whatever_is_done_to_it(model, body, rng):
    window, kept = Window(model, 5), []
    for step in body.steps(60):
        window.append(step)
        kept = [*kept, step][-5:]
        if rng.random() < 0.2:
            count = int(rng.integers(0, 4))
            assert window.drop_newest(count) == min(count, len(kept))
            kept = kept[: max(0, len(kept) - count)]
        if rng.random() < 0.1:
            count = int(rng.integers(1, 4))
            window.keep_newest(count)
            kept = kept[-count:]
        check(window, model, kept)
    window.clear()
    check(window, model, [])


def test_parts_of_the_samples(model, body):
    window = Window(model, 8)
    for step in body.steps(8):
        window.append(step)
    samples = window.samples()
    torch.testing.assert_close(samples.newest(3).inputs, samples.inputs[5:])
    torch.testing.assert_close(samples.oldest(2).targets, samples.targets[:2])
    assert len(samples.newest(20)) == 8


def test_bad_sizes_and_values_are_refused(model, body):
    with pytest.raises(ValueError, match="at least 1"):
        Window(model, 0)
    step = body.steps(1)[0]
    with pytest.raises(ValueError, match="finite"):
        Window(model, 3).append(Transition(step.state * np.nan, step.action, step.next_state))
