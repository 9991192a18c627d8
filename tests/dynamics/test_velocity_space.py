"""The state of a robot that is driven by velocities."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from robot_meta.collection.walking_data import walking_space
from robot_meta.dynamics.files import ModelCard, load_model, save_model
from robot_meta.dynamics.model import Context, NeuralDynamics
from robot_meta.dynamics.network import init_mlp
from robot_meta.dynamics.normalizer import Normalizer
from robot_meta.dynamics.rollout import RolloutConfig, StepwiseRollout, make_rollout
from robot_meta.dynamics.velocity_space import VelocityCommandSpace
from robot_meta.errors import ModelMismatch
from robot_meta.legged_types import LeggedObservation
from robot_meta.robots.description import arm_description, legged_description

GO2 = legged_description("go2").spec
SPACE = walking_space(GO2)


@pytest.fixture
def states():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 50, SPACE.state_size, generator=generator, dtype=torch.float64)


def test_delta_and_next_state_undo_each_other(states):
    state, following = states
    action = SPACE.last_action(following)
    again = SPACE.next_state(state, action, SPACE.delta(state, following))
    torch.testing.assert_close(again, following)


def test_what_is_to_be_learned_depends_neither_on_place_nor_on_heading(states):
    state, following = states
    turn = torch.tensor(1.1, dtype=torch.float64)
    c, s = torch.cos(turn), torch.sin(turn)

    def moved(x):
        x = x.clone()
        place = x[:, :2] @ torch.stack([torch.stack([c, s]), torch.stack([-s, c])])
        x[:, :2], x[:, 2] = place + 3.0, x[:, 2] + turn
        return x

    torch.testing.assert_close(
        SPACE.delta(moved(state), moved(following)), SPACE.delta(state, following)
    )
    action = SPACE.last_action(state)
    torch.testing.assert_close(SPACE.features(moved(state), action), SPACE.features(state, action))


def test_a_robot_that_goes_on_as_it_was_measured_leaves_nothing_to_learn():
    state = torch.zeros(SPACE.state_size, dtype=torch.float64)
    state[2:6] = torch.tensor([0.5, 0.4, -0.1, 0.3])
    following = state.clone()
    way = GO2.control_dt * np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
    following[:2] += torch.as_tensor(way @ [0.4, -0.1])
    following[2] += 0.3 * GO2.control_dt
    torch.testing.assert_close(
        SPACE.delta(state, following), torch.zeros(SPACE.delta_size, dtype=torch.float64)
    )


def test_the_state_is_what_was_measured_and_what_was_asked():
    seen = LeggedObservation(
        stamp=0.0,
        pose=np.array([1.0, 2.0, 3.0]),
        velocity=np.array([4.0, 5.0, 6.0]),
        attitude=np.array([7.0, 8.0]),
        rates=np.array([9.0, 10.0]),
        feet=np.array([11.0, 12.0, 13.0, 14.0]),
        joint_position=np.zeros(12),
        joint_velocity=np.zeros(12),
        joint_torque=np.zeros(12),
    )
    state = SPACE.state(seen, np.array(SPACE.command_scale))
    np.testing.assert_array_equal(state, [*range(1, 15), 1.0, 1.0, 1.0])
    assert SPACE.features(torch.as_tensor(state), torch.zeros(3)).shape == (SPACE.feature_size,)


def test_a_model_of_it_survives_its_file_and_names_the_robot_it_is_for(tmp_path):
    model = NeuralDynamics(
        space=SPACE,
        params=init_mlp((SPACE.feature_size, 8, SPACE.delta_size), torch.Generator()),
        inputs=Normalizer(torch.zeros(SPACE.feature_size), torch.ones(SPACE.feature_size)),
        deltas=Normalizer(torch.zeros(SPACE.delta_size), torch.ones(SPACE.delta_size)),
    )
    card = ModelCard(**GO2.trained_for, position_range=((), ()), method="last_layer", training={})
    save_model(tmp_path / "m.safetensors", model, card)
    loaded, read = load_model(tmp_path / "m.safetensors")
    assert loaded.space == SPACE
    assert read == card
    read.require_match(GO2)
    with pytest.raises(ModelMismatch, match="control_dt"):
        read.require_match(dataclasses.replace(GO2, control_dt=0.2))
    with pytest.raises(ModelMismatch, match="robot"):
        read.require_match(arm_description("fr3").spec)


def test_the_fast_rollout_imagines_what_the_model_predicts_step_by_step():
    generator = torch.Generator().manual_seed(3)

    def normalizer(size):
        mean, std = torch.randn(2, size, generator=generator)
        return Normalizer(mean, std.abs() + 0.5)

    model = NeuralDynamics(
        space=SPACE,
        params=init_mlp((SPACE.feature_size, 16, 16, SPACE.delta_size), generator),
        inputs=normalizer(SPACE.feature_size),
        deltas=normalizer(SPACE.delta_size),
    )
    state = torch.randn(SPACE.state_size, generator=generator)
    actions = torch.rand(9, 6, 3, generator=generator) * 2.0 - 1.0
    fast = make_rollout(model, RolloutConfig(precision="fp32", device="cpu"))
    assert not isinstance(fast, StepwiseRollout)
    context = Context(model.params)
    torch.testing.assert_close(
        fast.begin(context, state)(actions),
        StepwiseRollout(model).begin(context, state)(actions),
        rtol=1e-4,
        atol=1e-4,
    )


def test_a_scale_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="command_scale"):
        VelocityCommandSpace(num_legs=4, control_dt=0.1, command_scale=(1.0, 0.0, 1.0))
