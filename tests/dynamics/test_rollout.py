"""Imagined futures are those of `predict`, whatever computes them."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from robot_meta.dynamics.difference_space import DifferenceSpace
from robot_meta.dynamics.model import Context, NeuralDynamics
from robot_meta.dynamics.network import init_mlp
from robot_meta.dynamics.normalizer import Normalizer
from robot_meta.dynamics.rollout import (
    NeuralRollout,
    RolloutConfig,
    StepwiseRollout,
    make_rollout,
)
from robot_meta.dynamics.rows import DifferenceRows, JointReferenceRows
from robot_meta.dynamics.state_space import JointReferenceSpace

SPACE = JointReferenceSpace(num_joints=3, control_dt=0.02, action_scale=0.8)
LATE = dataclasses.replace(SPACE, action_history=3)
FREE = DifferenceSpace(state_size=8, action_size=3, unseen=(0, 4))
PRECISIONS = ["fp32", "onednn", "bf16"]


def random(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def dynamics(hidden=(48, 48), seed=0, space=SPACE):
    sizes = (space.feature_size, *hidden, space.delta_size)
    params = init_mlp(sizes, torch.Generator().manual_seed(seed))
    return NeuralDynamics(
        space=space,
        params={
            name: value + 0.05 * random(seed + i, *value.shape)
            for i, (name, value) in enumerate(params.items())
        },
        inputs=Normalizer(random(1, sizes[0]), random(2, sizes[0]).abs() + 0.1),
        deltas=Normalizer(1e-3 * random(3, sizes[-1]), 1e-2 * random(4, sizes[-1]).abs()),
    )


def doubled(model):
    """The same model in float64."""

    def double(normalizer):
        return Normalizer(normalizer.mean.double(), normalizer.std.double())

    return dataclasses.replace(
        model,
        params={name: p.double() for name, p in model.params.items()},
        inputs=double(model.inputs),
        deltas=double(model.deltas),
    )


def start(seed=5):
    state = random(seed, LATE.state_size)
    state[6:9] *= 0.01  # the reference leads by little
    return state


def imagined(rollout, model, state, actions):
    return rollout.begin(Context(model.params), state[: model.space.state_size])(actions).clone()


def neural(model, precision):
    rollout = make_rollout(model, RolloutConfig(precision=precision, device="cpu"))
    assert isinstance(rollout, NeuralRollout)
    return rollout


def relative_error(states, reference):
    return float(((states - reference).norm(dim=-1) / reference.norm(dim=-1)).max())


@pytest.mark.parametrize(
    "space", [SPACE, LATE, FREE], ids=["joint reference", "with past actions", "difference"]
)
@pytest.mark.parametrize("hidden", [(48,), (48, 48), (48, 32, 48)])
@pytest.mark.parametrize("precision", ["fp32", "onednn"])
def test_float32_is_the_plain_rollout(space, hidden, precision):
    model = dynamics(hidden, space=space)
    state, actions = start(), random(6, 16, 12, 3).clip(-1.0, 1.0)
    wide = doubled(model)
    exact = imagined(StepwiseRollout(wide), wide, state.double(), actions.double())
    states = imagined(neural(model, precision), model, state, actions)
    assert relative_error(states, exact) < 1e-6


def test_a_future_shorter_than_the_history_is_imagined():
    model, actions = dynamics(space=LATE), random(6, 8, 2, 3).clip(-1.0, 1.0)
    plain = imagined(StepwiseRollout(model), model, start(), actions)
    assert relative_error(imagined(neural(model, "fp32"), model, start(), actions), plain) < 1e-5


@pytest.mark.parametrize("count", [1, 512, 513, 1030])
def test_any_number_of_candidates_is_imagined(count):
    model, actions = dynamics(), random(6, 1030, 4, 3).clip(-1.0, 1.0)
    plain = imagined(StepwiseRollout(model), model, start(), actions[:count])
    states = imagined(neural(model, "fp32"), model, start(), actions[:count])
    assert relative_error(states, plain) < 1e-5  # the plain one is not exact either


def test_bfloat16_ranks_candidates_as_float32_does():
    model = dynamics()
    actions = random(6, 256, 12, 3).clip(-1.0, 1.0)
    returns = [
        imagined(neural(model, p), model, start(), actions)[..., :3].square().sum(dim=(1, 2))
        for p in ("fp32", "bf16")
    ]
    ranks = torch.stack([r.argsort().argsort().double() for r in returns])
    assert torch.corrcoef(ranks)[0, 1] > 0.999
    assert not torch.equal(*returns)  # it is indeed another arithmetic


@pytest.mark.parametrize("precision", PRECISIONS)
def test_every_plan_takes_the_weights_of_its_own_context(precision):
    model, other = dynamics(seed=0), dynamics(seed=10)
    rollout, actions = neural(model, precision), random(7, 8, 5, 3)
    before = imagined(rollout, model, start(), actions)
    adapted = imagined(rollout, other, start(), actions)
    fresh = imagined(neural(dataclasses.replace(model), precision), other, start(), actions)
    assert torch.equal(adapted, fresh) and not torch.allclose(adapted, before)
    assert torch.equal(imagined(rollout, model, start(), actions), before)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_change_of_size_leaves_no_trace(precision):
    model = dynamics()
    rollout = neural(model, precision)
    begun = rollout.begin(Context(model.params), start()[: SPACE.state_size])
    small, large = random(8, 8, 5, 3), random(9, 32, 7, 3)
    first = begun(small).clone()
    begun(large)
    assert torch.equal(begun(small), first)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("hidden", [(48,), (48, 48), (48, 32, 48)])
def test_threads_imagine_side_by_side(precision, hidden):
    model, actions = dynamics(hidden), random(11, 32, 64, 5, 3)
    begun = neural(model, precision).begin(Context(model.params), start()[: SPACE.state_size])
    alone = [begun(part).clone() for part in actions]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda part: begun(part).clone(), actions))
    assert all(torch.equal(*pair) for pair in zip(alone, together, strict=True))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_each_candidate_is_imagined_by_itself_whatever_the_order(precision):
    model, actions = dynamics(), random(12, 64, 5, 3)
    begun = neural(model, precision).begin(Context(model.params), start()[: SPACE.state_size])
    order = torch.randperm(64, generator=torch.Generator().manual_seed(1))
    states = begun(actions).clone()
    assert torch.isfinite(states).all()
    torch.testing.assert_close(begun(actions[order]), states[order])


@pytest.mark.parametrize("space", [SPACE, FREE], ids=["joint reference", "difference"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_all_of_a_rollout_happens_on_its_device(space, precision):
    rows = JointReferenceRows(SPACE) if space is SPACE else DifferenceRows(FREE)
    model, meta = dynamics((48, 32, 48), space=space), torch.device("meta")  # computes nothing,
    rollout = NeuralRollout(model, rows, precision, meta)  # but does not mix with the CPU either
    begun = rollout.begin(Context(model.params), start()[: space.state_size])
    states = begun(torch.zeros(6, 5, 3, device=meta))
    assert states.device == meta and states.shape == (6, 5, space.state_size)


@pytest.mark.parametrize("there", [True, False])
def test_a_gpu_is_used_where_there_is_one_and_only_where_wanted(there, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert RolloutConfig().chosen_device().type == ("cuda" if there else "cpu")
    assert RolloutConfig(device="cpu").chosen_device().type == "cpu"
    assert RolloutConfig(precision="onednn").chosen_device().type == "cpu"


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_imagines_what_the_cpu_does(precision):
    model, actions = dynamics(), random(13, 64, 12, 3).clip(-1.0, 1.0)
    cpu, cuda = (
        imagined(make_rollout(model, RolloutConfig(precision=precision, device=device)),
                 model, start(), actions)
        for device in ("cpu", "cuda")
    )  # fmt: skip
    assert cuda.is_cpu and relative_error(cuda, cpu) < (1e-5 if precision == "fp32" else 3e-2)


def test_any_model_can_be_imagined_step_by_step():
    class PointMass:
        """State (position, velocity), action (acceleration,)."""

        space = SPACE

        def predict(self, context, state, action):
            position, velocity = state[..., 0], state[..., 1]
            return torch.stack([position + velocity, velocity + action[..., 0]], dim=-1)

    rollout = make_rollout(PointMass(), RolloutConfig())
    states = rollout.begin(Context({}), torch.tensor([1.0, 0.0]))(torch.ones(3, 4, 1))
    assert states.shape == (3, 4, 2)
    torch.testing.assert_close(states[0, :, 0], torch.tensor([1.0, 2.0, 4.0, 7.0]))
    torch.testing.assert_close(states[0, :, 1], torch.tensor([1.0, 2.0, 3.0, 4.0]))


def test_a_linear_model_is_imagined_step_by_step():
    assert isinstance(make_rollout(dynamics(hidden=()), RolloutConfig()), StepwiseRollout)


def test_a_precision_or_device_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="'auto', 'fp32'.*got 'fp16'"):
        RolloutConfig(precision="fp16")
    with pytest.raises(ValueError, match="device must be one of.*got 'tpu'"):
        RolloutConfig(device="tpu")
    with pytest.raises(ValueError, match="'onednn' is for device 'cpu'"):
        RolloutConfig(precision="onednn", device="cuda")
