"""Imagined futures of difference models are those of `predict`."""

import pytest
import torch

from robot_meta.dynamics.difference_rollout import DifferenceRollout
from robot_meta.dynamics.difference_space import DifferenceSpace
from robot_meta.dynamics.model import Context, NeuralDynamics
from robot_meta.dynamics.network import init_mlp
from robot_meta.dynamics.normalizer import Normalizer
from robot_meta.dynamics.rollout import RolloutConfig, StepwiseRollout

SPACE = DifferenceSpace(state_size=5, action_size=2, unseen=(0, 3))


def random(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def dynamics(hidden):
    sizes = (SPACE.feature_size, *hidden, SPACE.delta_size)
    params = init_mlp(sizes, torch.Generator().manual_seed(0))
    return NeuralDynamics(
        space=SPACE,
        params={name: value + 0.05 * random(1, *value.shape) for name, value in params.items()},
        inputs=Normalizer(random(2, sizes[0]), random(3, sizes[0]).abs() + 0.1),
        deltas=Normalizer(0.1 * random(4, 5), 0.1 * random(5, 5).abs()),
    )


def imagined(rollout, model, actions):
    return rollout.begin(Context(model.params), random(6, 5))(actions)


def fast(model, precision):
    return DifferenceRollout(model, SPACE, RolloutConfig(precision=precision))


@pytest.mark.parametrize("hidden", [(32,), (32, 32), (32, 16, 32)])
def test_float32_is_the_plain_rollout(hidden):
    model, actions = dynamics(hidden), random(7, 16, 10, 2).clip(-1.0, 1.0)
    plain = imagined(StepwiseRollout(model), model, actions)
    states = imagined(fast(model, "fp32"), model, actions)
    assert states.shape == (16, 10, 5)
    torch.testing.assert_close(states, plain, rtol=1e-4, atol=1e-5)


def test_bfloat16_ranks_futures_as_float32_does():
    model, actions = dynamics((64, 64)), random(8, 200, 10, 2).clip(-1.0, 1.0)
    ends = [imagined(fast(model, p), model, actions)[:, -1, 0] for p in ("fp32", "bf16")]
    ranks = torch.stack([end.argsort().argsort().double() for end in ends])
    assert torch.corrcoef(ranks)[0, 1] > 0.999


def test_adapted_weights_are_used_at_once():
    model, actions = dynamics((32, 32)), random(9, 4, 3, 2)
    rollout = fast(model, "fp32")
    shifted = {**model.params, "layer2.bias": model.params["layer2.bias"] + 1.0}
    before, after = (
        rollout.begin(Context(params), random(6, 5))(actions) for params in (model.params, shifted)
    )
    torch.testing.assert_close(after[:, 0] - before[:, 0], model.deltas.std.expand(4, -1))


def test_a_linear_model_is_refused():
    with pytest.raises(ValueError, match="hidden layer"):
        DifferenceRollout(dynamics(()), SPACE, RolloutConfig())
