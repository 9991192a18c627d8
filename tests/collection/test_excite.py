"""From `robot-meta excite` to a run that trains."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from robot_meta.cli.main import main  # noqa: E402
from robot_meta.collection.run_reader import RunReader  # noqa: E402
from robot_meta.dynamics.files import load_model  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.sim]
SPEC = arm_description("fr3").spec


@pytest.fixture(scope="module")
def excited(excite, tmp_path_factory):
    """A short excitation of the twin in lockstep: the finished process and its run folder."""
    folder = tmp_path_factory.mktemp("excite")
    done = excite(folder / "run", "--duration=6", "slow_time:=2", "growth_time:=2")
    return done, folder / "run"


def test_it_ends_in_hold_where_it_began_and_says_what_to_do_next(excited):
    done, folder = excited
    assert done.returncode == 0, done.stdout
    assert f"robot-meta train dynamics --from {folder}" in done.stdout
    run = RunReader(folder)
    states = [msg.data for _, msg, _ in run.messages(["/state"])]
    assert states[-2:] == ["RUNNING", "HOLD OPERATOR"]
    sent = [commanded for _, commanded in run.steps(SPEC.joint_names)]
    np.testing.assert_allclose(sent[-1].position[1], sent[0].position[0], atol=1e-6)
    assert np.ptp([c.position[1] for c in sent], axis=0).min() > 0.05


def test_the_guard_altered_next_to_nothing_of_it(excited):
    _, folder = excited
    reasons = [c.reason for _, c in RunReader(folder).steps(SPEC.joint_names)]
    followed = [reason for reason in reasons if reason not in ("START", "OPERATOR")]
    assert len(followed) > 300
    assert sum(map(bool, followed)) <= 0.02 * len(followed)


def test_the_run_trains_a_model(excited, tmp_path):
    _, folder = excited
    losses = {}
    for steps in (1, 100):
        out = tmp_path / "mine.safetensors"
        command = ["train", "dynamics", "--from", str(folder), "--out", str(out)]
        assert main([*command, "--support", "8", "--windows", "16", "--steps", str(steps)]) == 0
        losses[steps] = load_model(out)[1].training["figures"]["train_after"]
    assert losses[100] < 0.9 * losses[1]
