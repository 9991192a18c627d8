import numpy as np
import pytest
import torch

from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.network import init_mlp
from robot_meta.dynamics.normalizer import Normalizer
from robot_meta.dynamics.state_space import JointReferenceSpace


@pytest.fixture
def space() -> JointReferenceSpace:
    return JointReferenceSpace(num_joints=2, control_dt=0.02)


@pytest.fixture
def model(space: JointReferenceSpace) -> NeuralDynamics:
    size_in = space.feature_size
    return NeuralDynamics(
        space=space,
        params=init_mlp((size_in, 32, 32, space.delta_size), torch.Generator().manual_seed(0)),
        inputs=Normalizer(torch.zeros(size_in), torch.ones(size_in)),
        deltas=Normalizer(torch.zeros(space.delta_size), 0.01 * torch.ones(space.delta_size)),
    )


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
