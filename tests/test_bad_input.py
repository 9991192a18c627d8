"""Bad input, one row each: a clear line, a code of its own, and nothing lost.

The same through real processes: tests/nodes (parameter files, full disks, joint states).
"""

import dataclasses

import pytest
import torch
from safetensors.torch import load_file, save_file

from robot_meta import errors
from robot_meta.build import BuildConfig, build_controller
from robot_meta.cli.main import main
from robot_meta.collection.decoding import by_joint
from robot_meta.dynamics.files import load_model, save_model
from robot_meta.resources import resource
from robot_meta.robots.description import arm_description

SHIPPED = resource("models/fr3_last_layer.safetensors")
JOINTS = arm_description("fr3").spec.joint_names


def unknown_robot(folder):
    build_controller(BuildConfig(robot="fr4"))


def truncated_model(folder):
    path = folder / "cut.safetensors"
    path.write_bytes(SHIPPED.read_bytes()[:5000])
    build_controller(BuildConfig(model=str(path)))


def model_of_another_robot(folder):
    model, card = load_model(SHIPPED)
    path = folder / "other.safetensors"
    save_model(path, model, dataclasses.replace(card, robot="panda"))
    build_controller(BuildConfig(model=str(path)))


def checkpoint_of_other_dimensions(folder):
    model, card = load_model(SHIPPED)
    params = {**model.params, "layer0.weight": torch.zeros(256, 35)}
    path = folder / "narrow.safetensors"
    save_model(path, dataclasses.replace(model, params=params), card)
    build_controller(BuildConfig(model=str(path)))


def foreign_tensors(folder):
    path = folder / "foreign.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    build_controller(BuildConfig(model=str(path)))


def joint_missing_in_a_message(folder):
    by_joint(JOINTS[:6], [0.0] * 6, JOINTS, "position")


ROWS = [
    (unknown_robot, errors.UnknownRobot, ["fr4", "fr3"]),
    (truncated_model, errors.BadModelFile, ["cut.safetensors", "truncated or damaged"]),
    (model_of_another_robot, errors.ModelMismatch, ["panda", "fr3", "robot"]),
    (checkpoint_of_other_dimensions, errors.BadModelFile, ["want 42 inputs", "35"]),
    (foreign_tensors, errors.BadModelFile, ["want format robot_meta/dynamics"]),
    (joint_missing_in_a_message, errors.MissingJoint, ["fr3_joint7", "fr3_joint1"]),
]


@pytest.mark.parametrize(("do", "kind", "parts"), ROWS, ids=lambda v: getattr(v, "__name__", ""))
def test_bad_input_says_what_was_wanted_and_what_was_given(do, kind, parts, tmp_path):
    before = SHIPPED.read_bytes()
    with pytest.raises(kind) as caught:
        do(tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    assert all(part in message for part in parts), message
    assert SHIPPED.read_bytes() == before


def test_every_kind_of_trouble_has_an_exit_code_of_its_own():
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.RobotMetaError)
    ]
    codes = [kind.exit_code for kind in kinds]
    assert len(set(codes)) == len(codes)
    assert all(10 <= code < 64 for code in codes)


def test_the_command_line_ends_with_that_code_and_one_line(capsys, tmp_path):
    out = str(tmp_path / "weights.safetensors")
    code = main(["train", "dynamics", "--robot", "fr4", "--out", out])
    assert code == errors.UnknownRobot.exit_code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("robot-meta: error: no robot 'fr4'")


def test_training_data_of_another_configuration_is_kept_and_refused(capsys, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "manifest.json").write_text("{}")
    arguments = ["train", "dynamics", "--data", str(data), "--out", str(tmp_path / "w")]
    assert main(arguments) == errors.BadConfig.exit_code
    assert "another configuration" in capsys.readouterr().err
    assert (data / "manifest.json").read_text() == "{}"


def test_a_damaged_episode_is_named(tmp_path):
    from robot_meta.collection.episode_files import load_episode

    path = tmp_path / "episode_00000.npz"
    path.write_bytes(b"PK\x03\x04 not all of it")
    with pytest.raises(errors.BadModelFile, match="collect again"):
        load_episode(path)


def test_weights_that_are_shipped_load_and_fit():
    for name in ("subspace", "last_layer", "plain", "gradient"):
        path = resource(f"models/fr3_{name}.safetensors")
        model, card = load_model(path)
        card.require_match(arm_description("fr3").spec)
        assert set(load_file(path)) >= {f"params.{n}" for n in model.params}
        assert path.with_suffix(".md").is_file()
