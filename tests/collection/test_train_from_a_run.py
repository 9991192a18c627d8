"""From a recorded run to weights that a controller acts with."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from robot_meta.benchmarks.launched import LaunchedArm  # noqa: E402
from robot_meta.build import BuildConfig, build_controller  # noqa: E402
from robot_meta.cli.main import main  # noqa: E402
from robot_meta.collection.recording import RUN_FILE  # noqa: E402
from robot_meta.dynamics.files import load_model  # noqa: E402
from robot_meta.types import TargetPath  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.sim]
SMALL = ["--support", "8", "--windows", "16"]


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    """An arm that was launched and recorded for three seconds of its time."""
    arm = LaunchedArm(
        tmp_path_factory.mktemp("arm"),
        {"controller": {"planner.sampling.num_samples": 16}},
        {"backend": "twin", "lockstep": "true"},
    )
    with arm:
        arm.wait_until(3.0)
    return arm


def test_weights_trained_from_a_recorded_run_drive_the_robot_that_was_recorded(
    launched, tmp_path, capsys
):
    run, out = launched.recording(), tmp_path / "from_run.safetensors"
    losses = {}
    for steps in (1, 120):
        command = ["train", "dynamics", "--from", str(run.path), "--out", str(out), *SMALL]
        assert main([*command, "--steps", str(steps)]) == 0
        losses[steps] = load_model(out)[1].training["figures"]["train_after"]
    assert losses[120] < 0.9 * losses[1]
    assert str(out) in capsys.readouterr().out

    controller = build_controller(BuildConfig(model=str(out)))
    steps = list(run.steps(controller.embodiment.spec.joint_names))
    _, card = load_model(out)
    training = card.training
    assert training["data"] == {"recordings": [f"run/{RUN_FILE}"]}
    assert training["transitions"] == len(steps) - 1 > 100
    positions = np.array([observation.position for observation, _ in steps])
    np.testing.assert_allclose(
        card.position_range, [positions.min(0), positions.max(0)], atol=1e-4
    )

    controller.set_target(TargetPath(stamp=np.zeros(1), position=np.array([[0.4, 0.0, 0.5]])))
    for observation, commanded in steps[:10]:
        controller.act(observation, commanded)
    figures = controller.diagnostics()
    assert figures["window"] == 9.0 and figures["loss_after"] < figures["loss_before"]


def test_a_run_that_is_too_short_for_the_window_is_refused_in_one_line(launched, tmp_path, capsys):
    run, out = launched.recording().path, tmp_path / "none.safetensors"
    assert main(["train", "dynamics", "--from", str(run), "--out", str(out), "--support", "999"])
    assert "want an unbroken stretch of 2022 steps" in capsys.readouterr().err
    assert not out.exists()
