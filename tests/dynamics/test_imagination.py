"""The loss of imagined futures against futures imagined the slow way."""

import numpy as np
import pytest
import torch

from robot_meta.dynamics.dataset import EpisodeData, WindowDataset, fit_normalizers
from robot_meta.dynamics.imagination import imagination_loss
from robot_meta.dynamics.model import Context, NeuralDynamics
from robot_meta.dynamics.network import init_mlp, mlp
from robot_meta.dynamics.state_space import JointReferenceSpace

JOINTS, STEPS = 2, 6


@pytest.fixture
def model_and_futures():
    space, rng = JointReferenceSpace(num_joints=JOINTS, control_dt=0.02), np.random.default_rng(3)
    states = rng.normal(size=(40, space.state_size)).cumsum(axis=0) * 0.01
    episode = EpisodeData(states, states[1:, 3 * JOINTS :])
    inputs, deltas = fit_normalizers(space, [episode])
    sizes = (space.feature_size, 16, space.delta_size)
    params = init_mlp(sizes, torch.Generator().manual_seed(0))
    model = NeuralDynamics(space=space, params=params, inputs=inputs, deltas=deltas)
    return model, WindowDataset(model, [episode], support=1, query=STEPS).spread(5).part(1)


def test_the_loss_of_each_future_is_that_of_predict_repeated(model_and_futures):
    model, future = model_and_futures
    expected = []
    for b in range(len(future.state)):
        state, own = future.state[b, 0], []
        for h in range(STEPS):
            state = model.predict(Context(model.params), state, future.action[b, h])
            error = (state - future.next_state[b, h])[: 2 * JOINTS]
            own.append((error / model.deltas.std / (h + 1)).square().mean())
        expected.append(torch.stack(own).mean())
    loss = imagination_loss(model, lambda query: mlp(model.params, query), future)
    torch.testing.assert_close(loss, torch.stack(expected), rtol=1e-3, atol=0.0)


def test_the_loss_of_one_step_is_the_loss_of_the_delta(model_and_futures):
    model, future = model_and_futures
    first = future.part(0, 1)
    loss = imagination_loss(model, lambda query: mlp(model.params, query), first)
    plain = (mlp(model.params, first.inputs) - first.targets).square().mean(dim=(1, 2))
    torch.testing.assert_close(loss, plain, rtol=1e-3, atol=0.0)
