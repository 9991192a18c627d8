from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.network import init_mlp, mlp
from robot_meta.dynamics.normalizer import Normalizer
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.dynamics.window import Samples, Transition, Window


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


@dataclass(frozen=True)
class ChangedBody:
    """A body that `model` does not know: its own prediction plus a constant."""

    model: NeuralDynamics
    rng: np.random.Generator

    def steps(self, count: int, shift: float = 0.02) -> list[Transition]:
        """Random transitions."""
        space, steps = self.model.space, []
        for _ in range(count):
            state = 0.1 * self.rng.normal(size=space.state_size)
            action = 0.1 * self.rng.normal(size=space.action_size)
            s, a = torch.as_tensor(state).float(), torch.as_tensor(action).float()
            outputs = mlp(self.model.params, self.model.network_inputs(s, a))
            delta = self.model.deltas.denormalize(outputs) + shift
            following = space.next_state(s, a, delta).double().numpy()
            steps.append(Transition(state, action, following))
        return steps

    def samples(self, steps: list[Transition]) -> Samples:
        """`steps` as a regression sees them."""
        window = Window(self.model, len(steps))
        for step in steps:
            window.append(step)
        return window.samples()

    def rows(self, steps: list[Transition]) -> tuple[Tensor, Tensor]:
        """Network inputs and targets of `steps`."""
        samples = self.samples(steps)
        return samples.inputs, samples.targets


@pytest.fixture
def body(model: NeuralDynamics, rng: np.random.Generator) -> ChangedBody:
    return ChangedBody(model, rng)
