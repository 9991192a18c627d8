"""From the command to weights that a controller drives with."""

import numpy as np
import pytest
import torch

from robot_meta.build import BuildConfig, build_controller
from robot_meta.cli.main import main
from robot_meta.cli.train import training_device
from robot_meta.collection.episode_files import load_episode
from robot_meta.collection.walking_data import WalkDataConfig, walking_space
from robot_meta.controller import ControllerConfig
from robot_meta.dynamics.files import load_model
from robot_meta.planning.mppi import MPPIConfig
from robot_meta.planning.planner import SamplingConfig
from robot_meta.robots.description import arm_description, legged_description
from robot_meta.types import Commanded, Observation, TargetPath

ARM = arm_description("fr3")
SMALL = "--episodes 2 --late 1 --ticks 80 --support 8 --windows 4 --jobs 1".split()


@pytest.mark.sim
def test_weights_trained_with_past_actions_and_late_bodies_drive_a_controller(tmp_path):
    out, data = tmp_path / "late.safetensors", tmp_path / "data"
    command = ["train", "dynamics", "--out", str(out), "--data", str(data), *SMALL]
    assert main([*command, "--steps", "3", "--action-history", "2", "--device", "cpu"]) == 0
    model, card = load_model(out)
    assert model.space.action_history == 2
    assert card.training["episodes"] == 3
    assert card.training["data"]["late"]["split"] == "train_late"
    assert len(list(data.glob("*.npz"))) == 2
    assert "past actions that the network sees: 2" in out.with_suffix(".md").read_text()

    sampling = SamplingConfig(num_samples=16, horizon=4)
    config = ControllerConfig(planner=MPPIConfig(sampling=sampling))
    controller = build_controller(BuildConfig(model=str(out), controller=config))
    home = ARM.chain.tool_position_in_base(ARM.spec.home)
    controller.set_target(TargetPath(stamp=np.zeros(1), position=home[None]))
    answers = [drive(controller, earlier) for earlier in (0.0, 0.3)]
    assert np.abs(answers[0] - answers[1]).max() > 0.0


def drive(controller, earlier):
    """The answer to a reference at rest that moved this fast before, [rad/s]."""
    controller.reset()
    for tick, (begin, end) in enumerate([(earlier, earlier), (earlier, 0.0), (0.0, 0.0)]):
        stamp = tick * ARM.spec.control_dt
        observation = Observation(
            stamp=stamp,
            position=ARM.spec.home,
            velocity=np.zeros(7),
            torque=np.zeros(7),
            external_torque=np.zeros(7),
        )
        commanded = Commanded(
            stamp=stamp,
            position=np.stack([ARM.spec.home, ARM.spec.home]),
            velocity=np.stack([np.full(7, begin), np.full(7, end)]),
            altered=False,
            reason="",
        )
        command = controller.act(observation, commanded)
    return command.velocity


def test_without_a_gpu_training_takes_the_cpu_unless_a_gpu_is_asked_for():
    if torch.cuda.is_available():
        pytest.skip("torch sees a GPU here")
    assert training_device("auto") == training_device("cpu") == torch.device("cpu")
    with pytest.raises(ValueError, match="--device cuda: torch sees no GPU"):
        training_device("cuda")


@pytest.mark.sim
def test_a_walking_robot_is_trained_by_the_same_command(tmp_path):
    out = tmp_path / "legs.safetensors"
    arguments = ["--episodes", "3", "--ticks", "60", "--support", "16", "--windows", "4"]
    more = ["--steps", "3", "--data", str(tmp_path / "data"), "--out", str(out), "--jobs", "1"]
    assert main(["train", "dynamics", "--robot", "go2", *arguments, *more]) == 0
    model, card = load_model(out)
    spec = legged_description("go2").spec
    card.require_match(spec)
    assert model.space == walking_space(spec)
    assert card.training["episodes"] == 3
    assert "`go2` at 10 Hz" in out.with_suffix(".md").read_text()
    again, _ = load_episode(tmp_path / "data" / "episode_00001.npz")
    config = WalkDataConfig(episodes=3, ticks=60)
    np.testing.assert_array_equal(again.state, config.episode(1)[0].state)


@pytest.mark.parametrize("option", [["--action-history", "2"], ["--stiffness-scale", "2"]])
def test_what_is_for_arms_alone_is_refused_for_a_walking_robot(tmp_path, option, capsys):
    out = tmp_path / "legs.safetensors"
    assert main(["train", "dynamics", "--robot", "go2", "--out", str(out), *option]) == 2
    assert "go2 walks: --from, --late" in capsys.readouterr().err
    assert not out.exists()
