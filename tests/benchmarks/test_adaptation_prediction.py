"""Prediction after N transitions, on bodies whose motion is known in closed form."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from robot_meta.benchmarks.adaptation.contenders import Player
from robot_meta.benchmarks.adaptation.held_out import held_out_episodes
from robot_meta.benchmarks.adaptation.prediction import (
    COUNTS,
    HORIZON,
    Judge,
    Prediction,
    anchors,
    delta_scale,
    predict,
    seen,
)
from robot_meta.collection.episode_files import save_episode
from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.dynamics.files import load_model, save_model
from robot_meta.dynamics.last_layer import LastLayerAdapter
from robot_meta.dynamics.model import Context
from robot_meta.robots.description import arm_description

JOINTS = 7


def moved(space, step, steps=159, seed=0):
    """An episode under random actions in which q and dq change by `step(state)`."""
    rng = np.random.default_rng(seed)
    home = arm_description("fr3").spec.home
    states = [np.concatenate([home, np.zeros(3 * JOINTS)])]
    actions = 0.1 * rng.normal(size=(steps, JOINTS))
    for action in actions:
        state = torch.as_tensor(states[-1])
        following = space.next_state(state, torch.as_tensor(action), step(state, action))
        states.append(following.numpy())
    return EpisodeData(np.array(states), actions)


def body(space, gain):
    """Velocity follows that of the reference with a gain of its own."""

    def step(state, action):
        change = gain * (torch.as_tensor(action) - space.velocity(state))
        return torch.cat([0.5 * space.control_dt * change, change])

    return step


@pytest.fixture
def model(untrained_models):
    return load_model(untrained_models / "fr3_gradient.safetensors")[0]


def test_a_model_that_made_the_episode_itself_is_never_wrong(model):
    context = Context(model.params)

    def step(state, action):
        outputs = model.network_outputs(context, state.float(), torch.as_tensor(action).float())
        return model.deltas.denormalize(outputs).double()

    episode = moved(model.space, step)
    judge = Judge(model, delta_scale(model, [episode]))
    one_step, tool_mm = judge(context, episode, 64)
    assert one_step < 1e-6 and tool_mm < 1e-2
    name = "layer1.bias"
    wrong = Context({**model.params, name: model.params[name] + 1.0})
    one_step, tool_mm = judge(wrong, episode, 64)
    assert one_step > 0.1 and tool_mm > 1.0


def test_a_constant_error_of_velocity_is_the_distance_that_it_leads_to(model):
    """The tool moves with the first joint by radius times angle."""
    context = Context({n: torch.zeros_like(p) for n, p in model.params.items()})
    drift = torch.zeros(2 * JOINTS)
    drift[0] = 1e-3  # [rad] per step that the model does not know of
    episode = moved(model.space, lambda state, action: drift.double())
    judge = Judge(model, torch.ones(2 * JOINTS))
    chain = arm_description("fr3").chain
    tool = chain.tool_position_in_base(episode.state[64, :JOINTS])
    radius = np.hypot(tool[0], tool[1])
    expected = 1e3 * radius * np.sqrt(np.mean((1e-3 * np.arange(1, HORIZON + 1)) ** 2))
    _, tool_mm = judge(context, episode, 64)
    assert tool_mm == pytest.approx(expected, rel=0.02)


def test_an_adapter_sees_the_transitions_right_before_the_anchor_and_nothing_else(model):
    episode = moved(model.space, body(model.space, 0.5))
    adapter = LastLayerAdapter(model, window=64)
    assert seen(adapter, episode, 80, 0).params is model.params
    before = seen(adapter, episode, 80, 16)
    changed = EpisodeData(episode.state.copy(), episode.action.copy())
    changed.state[:64] += 0.1  # older than the 16
    changed.state[81:] += 0.1  # the future
    changed.action[80:] += 0.1
    after = seen(adapter, changed, 80, 16)
    for name, value in before.params.items():
        torch.testing.assert_close(after.params[name], value, rtol=0.0, atol=0.0)
    changed.state[80] += 0.1
    other = seen(adapter, changed, 80, 16).params
    assert any(not torch.equal(other[name], value) for name, value in before.params.items())


def test_futures_begin_after_as_many_transitions_as_the_largest_n_and_end_in_time(model):
    episode = moved(model.space, body(model.space, 0.5))
    places = anchors(episode, 3)
    assert min(places) == max(COUNTS) and max(places) + HORIZON <= len(episode.action)
    short = EpisodeData(episode.state[:70], episode.action[:69])
    with pytest.raises(ValueError, match="want episodes of at least"):
        anchors(short, 1)


def test_error_falls_with_transitions_of_the_own_body_and_not_with_those_of_another(
    model, untrained_models, tmp_path
):
    tests = tuple(held_out_episodes("extrapolation", 1, tmp_path))
    for gain, test in zip((0.2, 0.5, 1.0), tests, strict=True):
        test.path.parent.mkdir(parents=True, exist_ok=True)
        save_episode(test.path, moved(model.space, body(model.space, gain)), {})
    linear = {  # what these bodies do is linear in what the network sees
        "layer0.weight": torch.zeros(model.space.delta_size, model.space.feature_size),
        "layer0.bias": torch.zeros(model.space.delta_size),
    }
    _, card = load_model(untrained_models / "fr3_gradient.safetensors")
    weights = tmp_path / "linear.safetensors"
    save_model(weights, dataclasses.replace(model, params=linear), card)
    trusting = {"ridge_scale": 1e-3}
    player = Player(name="own", kind="last_layer", weights=str(weights), settings=trusting)
    results = predict(Prediction(player=player, tests=tests, anchors=2))["tests"]
    errors = np.array([result["tool_mm"] for result in results])  # (bodies, N, anchors)
    assert errors.shape == (3, len(COUNTS), 2)
    assert (errors[:, -1] < 0.7 * errors[:, 0]).all()
    control = np.array([result["shuffled_tool_mm"] for result in results])
    assert control.mean() > 1.5 * errors[:, -1].mean()
