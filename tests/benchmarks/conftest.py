"""Weights that know nothing, for tests of everything around them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from robot_meta.benchmarks.arm_payload.rows import LEARNED, STIFF
from robot_meta.dynamics import gradient, subspace
from robot_meta.dynamics.files import ModelCard, save_model
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.network import init_mlp
from robot_meta.dynamics.normalizer import Normalizer
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.robots.description import arm_description


@pytest.fixture(scope="session")
def untrained_models(tmp_path_factory):
    """A folder with a small, untrained network in the place of every shipped one."""
    folder = tmp_path_factory.mktemp("models")
    for name, file in LEARNED.items():
        spec = arm_description("fr3").spec
        if name == "stiff":
            spec = dataclasses.replace(
                spec, stiffness=spec.stiffness * STIFF, damping=spec.damping * np.sqrt(STIFF)
            )
        space = JointReferenceSpace(num_joints=spec.num_joints, control_dt=spec.control_dt)
        inputs, outputs = space.feature_size, space.delta_size
        generator = torch.Generator().manual_seed(0)
        params = init_mlp((inputs, 16, outputs), generator)
        extras = {
            **subspace.initial_extras(params, 4, generator),
            **gradient.initial_extras(params, 0.01),
        }
        model = NeuralDynamics(
            space=space,
            params=params,
            inputs=Normalizer(torch.zeros(inputs), torch.ones(inputs)),
            deltas=Normalizer(torch.zeros(outputs), 0.01 * torch.ones(outputs)),
            extras=extras,
        )
        card = ModelCard(
            robot=spec.name,
            control_dt=spec.control_dt,
            stiffness=tuple(map(float, spec.stiffness)),
            damping=tuple(map(float, spec.damping)),
            tool_mass=spec.tool_load.mass,
            position_range=((-3.0,) * spec.num_joints, (3.0,) * spec.num_joints),
            method=name,
            training={},
        )
        save_model(folder / file, model, card)
    return folder
