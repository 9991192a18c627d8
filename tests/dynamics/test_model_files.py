"""Weights on disk: what is saved is what is loaded, and what does not fit is refused."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from robot_meta.dynamics.difference_space import DifferenceSpace
from robot_meta.dynamics.files import ModelCard, load_model, save_model
from robot_meta.dynamics.model import Context, NeuralDynamics
from robot_meta.dynamics.network import init_mlp
from robot_meta.dynamics.normalizer import Normalizer
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.errors import BadModelFile, ModelMismatch
from robot_meta.robots.description import arm_description

SPEC = arm_description("fr3").spec


def fr3_model(num_joints=7, hidden=16):
    space = JointReferenceSpace(num_joints=num_joints, control_dt=SPEC.control_dt)
    sizes = (space.feature_size, hidden, space.delta_size)
    return NeuralDynamics(
        space=space,
        params=init_mlp(sizes, torch.Generator().manual_seed(0)),
        inputs=Normalizer(torch.zeros(space.feature_size), torch.ones(space.feature_size)),
        deltas=Normalizer(torch.zeros(space.delta_size), torch.ones(space.delta_size)),
        extras={"last_layer.log_ridge": torch.tensor(1.0)},
    )


def fr3_card(**changes):
    values = {
        "robot": "fr3",
        "control_dt": SPEC.control_dt,
        "stiffness": tuple(map(float, SPEC.stiffness)),
        "damping": tuple(map(float, SPEC.damping)),
        "tool_mass": SPEC.tool_load.mass,
        "position_range": ((-1.0,) * 7, (1.0,) * 7),
        "method": "last_layer",
        "training": {"commit": "abc"},
    }
    return ModelCard(**{**values, **changes})


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "model.safetensors"
    save_model(path, fr3_model(), fr3_card())
    return path


def test_what_is_loaded_predicts_what_was_saved(weights):
    model, card = load_model(weights)
    assert card == fr3_card()
    assert model.space == fr3_model().space
    for name, value in fr3_model().params.items():
        assert torch.equal(model.params[name], value)
    assert float(model.extras["last_layer.log_ridge"]) == 1.0


def rewritten(path, **changes):
    """The same file with other entries in its header; None removes one."""
    with safe_open(path, framework="pt") as file:
        header = {**file.metadata(), **changes}
    kept = {key: value for key, value in header.items() if value is not None}
    save_file(load_file(path), path, metadata=kept)


def test_a_file_from_before_there_was_a_second_kind_of_space_still_loads(weights):
    rewritten(weights, space_kind=None)
    model, _ = load_model(weights)
    assert model.space == fr3_model().space


def test_a_space_of_a_later_version_is_refused(weights):
    rewritten(weights, space_kind="spherical")
    with pytest.raises(BadModelFile, match=r"joint_reference.*got 'spherical'"):
        load_model(weights)


def test_a_model_whose_state_is_what_is_observed_survives_the_file_too(tmp_path):
    space = DifferenceSpace(state_size=4, action_size=2, unseen=(0, 3))
    saved = dataclasses.replace(
        fr3_model(),
        space=space,
        params=init_mlp((4, 8, 4), torch.Generator().manual_seed(0)),
        inputs=Normalizer(torch.zeros(4), torch.ones(4)),
        deltas=Normalizer(torch.zeros(4), torch.ones(4)),
    )
    path = tmp_path / "model.safetensors"
    save_model(path, saved, fr3_card(robot="runner"))
    loaded, _ = load_model(path)
    assert loaded.space == space
    state, action = torch.ones(3, 4), torch.ones(3, 2)
    assert torch.equal(
        loaded.predict(Context(loaded.params), state, action),
        saved.predict(Context(saved.params), state, action),
    )


def test_a_truncated_file_is_refused_with_its_name(weights):
    data = weights.read_bytes()
    for share in (0, 7, len(data) // 2, len(data) - 1):
        weights.write_bytes(data[:share])
        with pytest.raises(BadModelFile, match=weights.name):
            load_model(weights)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(BadModelFile, match="no such file"):
        load_model(tmp_path / "nothing.safetensors")


def test_other_tensors_are_not_taken_for_a_model(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(3)}, path)
    with pytest.raises(BadModelFile, match="want format robot_meta/dynamics"):
        load_model(path)


def test_a_network_of_other_dimensions_is_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    narrow = dataclasses.replace(fr3_model(), params=fr3_model(num_joints=6).params)
    save_model(path, narrow, fr3_card())
    with pytest.raises(BadModelFile, match=r"want 42 inputs and 14 outputs for .*num_joints=7"):
        load_model(path)


def test_weights_that_are_not_finite_are_refused(weights):
    model = fr3_model()
    model.params["layer0.weight"][0, 0] = np.nan
    save_model(weights, model, fr3_card())
    with pytest.raises(BadModelFile, match="not finite"):
        load_model(weights)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("robot", "panda"),
        ("control_dt", 0.01),
        ("stiffness", (600.0,) * 7),
        ("damping", (50.0,) * 7),
        ("tool_mass", 0.0),
    ],
)
def test_weights_of_another_robot_are_refused_naming_what_differs(field, value):
    fr3_card().require_match(SPEC)
    with pytest.raises(ModelMismatch, match=field) as caught:
        fr3_card(**{field: value}).require_match(SPEC)
    assert set(caught.value.differences) == {field}


def test_a_save_that_fails_leaves_the_old_file(weights, monkeypatch):
    before = weights.read_bytes()

    def full(*args, **kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr("robot_meta.dynamics.files.save_file", full)
    with pytest.raises(OSError, match="no space"):
        save_model(weights, fr3_model(), fr3_card(method="none"))
    assert weights.read_bytes() == before


def test_no_tensor_beyond_the_network_is_needed(weights):
    names = set(load_file(weights))
    assert {n.split(".")[0] for n in names} == {"params", "extras", "inputs", "deltas"}
