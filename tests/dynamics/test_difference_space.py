"""Models of robots that nothing is known about: the same model, data and training serve them."""

import numpy as np
import pytest
import torch

from robot_meta.controller import Controller, ControllerConfig
from robot_meta.dynamics.adapter import NoAdapter
from robot_meta.dynamics.dataset import EpisodeData, WindowDataset, fit_normalizers
from robot_meta.dynamics.difference_space import DifferenceSpace
from robot_meta.dynamics.last_layer import LastLayerAdapter
from robot_meta.dynamics.meta_training import MetaTrainer, MetaTrainingConfig
from robot_meta.dynamics.model import Context, NeuralDynamics
from robot_meta.dynamics.window import Transition
from robot_meta.embodiments.arm import Arm
from robot_meta.planning.mppi import MPPI
from robot_meta.robots.description import arm_description
from robot_meta.safety.config import GuardConfig

SPACE = DifferenceSpace(state_size=3, action_size=1, unseen=(0,))


def cart(gain, steps, rng):
    """An episode of (place, velocity, speed of a fan) whose push has a hidden gain."""
    state, states = np.array([50.0 * rng.normal(), rng.normal(), 0.0]), []
    actions = rng.uniform(-1, 1, (steps, 1))
    states.append(state)
    for (push,) in actions:
        velocity = 0.95 * state[1] + 0.2 * gain * push
        state = np.array([state[0] + 0.1 * velocity, velocity, 0.5 * state[2] + push])
        states.append(state)
    return EpisodeData(np.array(states), actions)


def untrained(episodes):
    inputs, deltas = fit_normalizers(SPACE, episodes)
    return NeuralDynamics(space=SPACE, params={}, inputs=inputs, deltas=deltas)


def test_a_step_that_happened_is_what_its_difference_says(rng):
    state, following = (torch.as_tensor(rng.normal(size=(5, 3))) for _ in range(2))
    action = torch.as_tensor(rng.normal(size=(5, 1)))
    delta = SPACE.delta(state, following)
    torch.testing.assert_close(SPACE.next_state(state, action, delta), following)
    assert (SPACE.feature_size, SPACE.delta_size) == (3, 3)


def test_the_network_does_not_see_what_motion_does_not_depend_on(rng):
    episodes = [cart(1.0, 30, rng) for _ in range(3)]
    config = MetaTrainingConfig(method="none", hidden=(8,), support=4, query=4, steps=1, windows=8)
    data = WindowDataset(untrained(episodes), episodes, 4, 4)
    trainer = MetaTrainer(untrained(episodes), data, data, config)
    trainer.step()
    model = trainer.result()
    state, action = torch.as_tensor(rng.normal(size=(4, 3))).float(), torch.ones(4, 1)
    elsewhere = state + torch.tensor([7.0, 0.0, 0.0])
    moved = [model.predict(Context(model.params), s, action) - s for s in (state, elsewhere)]
    torch.testing.assert_close(moved[0], moved[1], atol=1e-5, rtol=0.0)


def test_meta_training_learns_to_find_a_hidden_gain(rng):
    train, held_out = (
        [cart(gain, 60, rng) for gain in rng.uniform(0.2, 2.0, count)] for count in (60, 20)
    )
    plain = untrained(train)
    config = MetaTrainingConfig(
        method="last_layer", hidden=(32, 32), support=8, query=4, steps=300, windows=32
    )
    windows = [WindowDataset(plain, part, 8, 4) for part in (train, held_out)]
    trainer = MetaTrainer(plain, *windows, config)
    for _ in range(config.steps):
        trainer.step()
    losses = trainer.validate()
    assert losses["val_after"] < 0.3 * losses["val_before"]

    model, episode = trainer.result(), cart(2.0, 20, rng)
    errors = {}
    for name, adapter in {
        "adapted": LastLayerAdapter(model, 8),
        "static": NoAdapter(model, 8),
    }.items():
        for t in range(19):
            adapter.observe(Transition(episode.state[t], episode.action[t], episode.state[t + 1]))
        last = [torch.as_tensor(a[19]).float()[None] for a in (episode.state, episode.action)]
        with torch.no_grad():
            predicted = model.predict(adapter.context(), *last)[0].numpy()
        errors[name] = abs(predicted[1] - episode.state[20, 1])
    assert errors["adapted"] < 0.5 * errors["static"]


def test_a_space_that_shows_nothing_is_refused():
    with pytest.raises(ValueError, match="0 to 1"):
        DifferenceSpace(state_size=2, action_size=1, unseen=(0, 1))
    with pytest.raises(ValueError, match="0 to 1"):
        DifferenceSpace(state_size=2, action_size=1, unseen=(2,))
    with pytest.raises(ValueError, match=">= 1"):
        DifferenceSpace(state_size=0, action_size=1)


def test_the_arms_controller_wants_a_model_of_an_arm(rng):
    arm = arm_description("fr3")
    model, config = untrained([cart(1.0, 10, rng)]), ControllerConfig()
    with pytest.raises(ValueError, match="joint reference.*DifferenceSpace"):
        planner = MPPI(config.planner, 1)
        body = Arm(arm.spec, arm.chain, GuardConfig(), config.tracking, config.contact)
        Controller(body, model, NoAdapter(model), planner, config)
