"""Meta-training on a family of bodies that differ by what one number does."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from robot_meta.dynamics.attention import ContextAdapter
from robot_meta.dynamics.calibration import coverage
from robot_meta.dynamics.dataset import EpisodeData, WindowDataset, fit_normalizers
from robot_meta.dynamics.files import ModelCard, load_model, save_model
from robot_meta.dynamics.gradient import GradientAdapter
from robot_meta.dynamics.history import HistoryAdapter
from robot_meta.dynamics.imagination import imagination_loss
from robot_meta.dynamics.last_layer import LastLayerAdapter
from robot_meta.dynamics.meta_training import (
    METHODS,
    MetaTrainer,
    MetaTrainingConfig,
    mean_of_worst,
)
from robot_meta.dynamics.mixture import MixtureAdapter
from robot_meta.dynamics.model import NOISE, NeuralDynamics
from robot_meta.dynamics.network import init_mlp, mlp
from robot_meta.dynamics.recurrent import RecurrentAdapter
from robot_meta.dynamics.subspace import SubspaceAdapter


def episode(space, rng, gain, steps=60):
    """A body whose velocity follows the reference with its own `gain`."""
    states = [np.concatenate([np.zeros(4), 0.1 * rng.normal(size=2), np.zeros(2)])]
    actions = 0.5 * rng.normal(size=(steps, 2))
    for action in actions:
        state = torch.as_tensor(states[-1])
        change = gain * space.lead(state) - 0.2 * space.velocity(state)
        delta = torch.cat([0.5 * space.control_dt * change, change])
        states.append(space.next_state(state, torch.as_tensor(action), delta).numpy())
    return EpisodeData(np.array(states), actions)


@pytest.fixture
def sets(space):
    rng = np.random.default_rng(0)
    train = [episode(space, rng, gain) for gain in rng.uniform(0.2, 3.0, 30)]
    validation = [episode(space, rng, gain) for gain in rng.uniform(0.2, 3.0, 8)]
    inputs, deltas = fit_normalizers(space, train)
    model = NeuralDynamics(space=space, params={}, inputs=inputs, deltas=deltas)
    return model, *(WindowDataset(model, e, 8, 8) for e in (train, validation))


def trainer(sets, method, steps=150, **changes):
    sizes = {"support": 8, "query": 8, "windows": 32}
    config = MetaTrainingConfig(method=method, hidden=(32, 32), steps=steps, **sizes, **changes)
    return MetaTrainer(*sets, config)


@pytest.mark.parametrize(("method", "imagined_weight"), [("last_layer", 1.0), ("gradient", 0.0)])
def test_the_update_helps_on_bodies_never_seen(sets, method, imagined_weight):
    training = trainer(
        sets, method, 300, inner_rate=0.1, learning_rate=5e-3, imagined_weight=imagined_weight
    )
    for _ in range(300):
        training.step()
    figures = training.validate()
    assert figures["val_after"] < 0.7 * figures["val_before"]


@pytest.mark.parametrize("method", [name for name in METHODS if name != "none"])
def test_the_meta_gradient_equals_finite_differences(sets, method):
    windows = sets[1].spread(4)
    inputs, targets = windows.inputs.double(), windows.targets.double()
    training = trainer(sets, method)
    params = {n: p.detach().double() for n, p in training._params.items()}
    extras = {n: p.detach().double() for n, p in training._extras.items()}

    def loss(name, value):
        changed = {**params, name: value}
        adapted = training._method.adapted(changed, extras, inputs[:, :8], targets[:, :8])
        return (adapted(inputs[:, 8:]) - targets[:, 8:]).square().mean()

    name = "layer1.weight"
    value = params[name].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(name, value), value)
    bump = torch.zeros_like(value)
    bump[2, 3] = 1e-5
    numerical = (loss(name, params[name] + bump) - loss(name, params[name] - bump)) / 2e-5
    assert float(gradient[2, 3]) == pytest.approx(float(numerical), rel=1e-4)


def test_training_on_futures_makes_futures_better(sets):
    losses = {}
    for weight in (0.0, 1.0):
        training = trainer(sets, "last_layer", imagined_weight=weight, learning_rate=5e-3)
        for _ in range(150):
            training.step()
        training.config = dataclasses.replace(training.config, imagined_weight=1.0)
        losses[weight] = training.validate()["val_imagined"]
    assert losses[1.0] < 0.9 * losses[0.0]


def test_a_batch_that_blows_up_does_not_spoil_the_model(sets):
    training = trainer(sets, "last_layer")
    training._params["layer0.weight"].data.mul_(1e30)
    before = training._params["layer1.weight"].detach().clone()
    training.step()
    assert torch.equal(training._params["layer1.weight"], before)


@pytest.mark.parametrize("method", METHODS)
def test_a_run_resumed_from_a_file_equals_an_unbroken_one(sets, method, tmp_path):
    unbroken, broken, resumed = (trainer(sets, method, 12) for _ in range(3))
    for training in (unbroken, broken):
        for _ in range(6):
            training.step()
        training.validate()
    save_file(broken.checkpoint(), tmp_path / "checkpoint")
    resumed.restore(load_file(tmp_path / "checkpoint"))
    for _ in range(6):
        assert unbroken.step() == resumed.step()
    assert unbroken.validate() == resumed.validate()
    one, other = unbroken.result(), resumed.result()
    for kind in ("params", "extras"):
        tensors = getattr(other, kind)
        assert all(torch.equal(t, tensors[name]) for name, t in getattr(one, kind).items())


@pytest.mark.parametrize("method", METHODS)
def test_the_losses_are_computed_where_the_data_is(sets, method):
    elsewhere = torch.device("meta")  # mixing it with the CPU fails, as with a GPU
    training = trainer(sets, method)
    windows = sets[1].spread(4).to(elsewhere)
    params, extras = (
        {name: p.detach().to(elsewhere) for name, p in tensors.items()}
        for tensors in (training._params, training._extras)
    )
    support, query = windows.part(0, 8), windows.part(8)
    adapted = training._method.adapted(params, extras, support.inputs, support.targets)
    loss = imagination_loss(sets[0].to(elsewhere), adapted, query)
    spread = training._method.spread(params, extras, support.inputs, query.inputs)
    assert loss.device == spread.device == elsewhere


ADAPTERS = {
    "subspace": lambda model: SubspaceAdapter(model, 8),
    "last_layer": lambda model: LastLayerAdapter(model, 8),
    "mixture": lambda model: MixtureAdapter(model, 8),
    "gradient": lambda model: GradientAdapter(model, 8),
    "history": HistoryAdapter,
    "recurrent": lambda model: RecurrentAdapter(model, 8),
    "context": lambda model: ContextAdapter(model, 8),
}


@pytest.mark.parametrize("method", ADAPTERS)
def test_what_was_trained_adapts_after_a_save_and_a_load_as_it_did_in_training(
    sets, method, tmp_path
):
    training = trainer(sets, method, 3)
    for _ in range(3):
        training.step()
    trained = training.result()
    save_model(tmp_path / "model.safetensors", trained, card(method))
    loaded, read = load_model(tmp_path / "model.safetensors")
    assert read.method == method
    adapter = ADAPTERS[method](loaded)
    windows = sets[1].spread(1)
    inputs, targets = windows.inputs, windows.targets
    for row in zip(inputs[0, :8], targets[0, :8], strict=True):
        adapter._window.append_row(*row)  # instead of transitions, to compare exactly
        adapter._count += 1
        adapter.absorb(adapter._window.samples().newest(1))
    said = mlp(adapter.context().params, inputs[0, 8:])
    adapted = training._method.adapted(
        trained.params, trained.extras, inputs[:, :8], targets[:, :8]
    )
    torch.testing.assert_close(said, adapted(inputs[:, 8:])[0], rtol=1e-4, atol=1e-5)
    assert (loaded.noise > 0.0).all() and NOISE in loaded.extras


def card(method):
    return ModelCard(
        robot="two",
        control_dt=0.02,
        stiffness=(1.0, 1.0),
        damping=(1.0, 1.0),
        tool_mass=0.0,
        position_range=((-1.0, -1.0), (1.0, 1.0)),
        method=method,
        training={},
    )


def test_the_noise_that_training_measures_covers_the_errors_of_bodies_never_seen(sets):
    training = trainer(sets, "last_layer", steps=150, learning_rate=5e-3)
    for _ in range(150):
        training.step()
    trained = training.result()
    windows = sets[1].spread(400)  # other bodies than those that noise was measured on
    support, query = windows.part(0, 8), windows.part(8, 9)
    learned = trained.params, trained.extras
    adapted = training._method.adapted(*learned, support.inputs, support.targets)
    error = (adapted(query.inputs) - query.targets).detach()
    spread = training._method.spread(*learned, support.inputs, query.inputs)
    std = (trained.noise * (1.0 + spread[..., None]).sqrt()).detach()
    assert 0.8 < coverage(error, std)["coverage_90"] < 0.99


def test_the_best_model_is_chosen_by_the_loss_after_the_update(sets):
    training = trainer(sets, "last_layer", imagined_weight=0.0)
    for _ in range(60):
        training.step()
    best = training.validate()["val_after"]
    kept = training.result()
    training._params["layer0.weight"].data.mul_(3.0)
    assert training.validate()["val_after"] > best
    assert torch.equal(training.result().params["layer0.weight"], kept.params["layer0.weight"])


def test_windows_never_cross_episodes_and_query_follows_support(space):
    rng = np.random.default_rng(0)
    episodes = [
        episode(space, rng, 1.0, 20),
        episode(space, rng, 2.0, 10),
        episode(space, rng, 1.0, 25),
    ]
    inputs, deltas = fit_normalizers(space, episodes)
    model = NeuralDynamics(space=space, params={}, inputs=inputs, deltas=deltas)
    data = WindowDataset(model, episodes, support=8, query=8)
    assert len(data) == (20 - 15) + (25 - 15)
    positions = model.inputs.denormalize(data.spread(1000).inputs)[
        ..., :2
    ]  # features begin with q
    whole = [torch.as_tensor(e.state[:-1, :2]).float() for e in episodes]
    for window in positions:
        assert any(
            torch.allclose(window, w[i : i + 16], atol=1e-4)
            for w in whole
            for i in range(max(0, len(w) - 15))
        )


def test_too_short_episodes_are_named(space):
    rng = np.random.default_rng(0)
    episodes = [episode(space, rng, 1.0, 10)]
    inputs, deltas = fit_normalizers(space, episodes)
    model = NeuralDynamics(space=space, params={}, inputs=inputs, deltas=deltas)
    with pytest.raises(ValueError, match="16 steps"):
        WindowDataset(model, episodes, support=8, query=8)


def test_no_method_by_that_name():
    with pytest.raises(ValueError, match="last_layer"):
        MetaTrainingConfig(method="magic")


def test_networks_start_from_the_seed_alone():
    one, other = (init_mlp((3, 8, 2), torch.Generator().manual_seed(4)) for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_worst_share_of_bodies_is_what_training_looks_at(sets):
    config = trainer(sets, "none", worst_share=0.25).config
    losses = torch.tensor([1.0, 8.0, 2.0, 4.0, 0.5, 0.1, 3.0, 6.0])
    assert float(mean_of_worst(losses, config)) == 7.0
    assert float(mean_of_worst(losses, dataclasses.replace(config, worst_share=1.0))) == float(
        losses.mean()
    )
    assert float(mean_of_worst(losses, dataclasses.replace(config, worst_share=1e-6))) == 8.0
    with pytest.raises(ValueError, match="worst_share"):
        dataclasses.replace(config, worst_share=0.0)


def test_training_on_the_worst_share_makes_the_worst_windows_better_and_the_mean_worse(sets):
    model, windows, _ = sets
    judged = windows.spread(1000)
    plain = trainer(sets, "none", 200, imagined_weight=0.0, learning_rate=1e-2).config
    mean, worst = [], []
    for share in (1.0, 0.1):
        config = dataclasses.replace(plain, windows=256, worst_share=share)
        training = MetaTrainer(model, windows, windows, config)
        for _ in range(config.steps):
            training.step()
        said = mlp(training.result().params, judged.inputs)
        losses = (said - judged.targets).square().mean(dim=(1, 2))
        mean.append(float(losses.mean()))
        worst.append(float(losses.topk(100).values.mean()))
    assert worst[1] < 0.95 * worst[0]
    assert mean[1] > mean[0]
