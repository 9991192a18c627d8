"""From a run of an arm with a hidden body to a twin that moves like it."""

import pytest
import yaml

pytest.importorskip("rclpy")

import rclpy  # noqa: E402
from rclpy.context import Context  # noqa: E402
from rclpy.node import Node  # noqa: E402

from robot_meta.cli.main import main  # noqa: E402
from robot_meta.nodes import backends  # noqa: E402
from robot_meta.nodes.params import refuse_unknown  # noqa: E402
from robot_meta.resources import resource  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.sim]
FRICTION = [2.0, 1.5, 0.8, 1.137, 0.4, 0.6, 0.4]
GAIN = [1.0, 0.8, 0.9, 0.7, 1.0, 0.6, 0.9]


@pytest.fixture(scope="module")
def run(excite, tmp_path_factory):
    """A lively run of a twin with another body, recorded in lockstep."""
    folder = tmp_path_factory.mktemp("hidden")
    twin = {
        "plant": {"friction": FRICTION},
        "perturbations": {"joint_gain": GAIN, "command_delay": 0.012},
    }
    params = folder / "hidden.yaml"
    params.write_text(yaml.safe_dump({"/**/robot": {"ros__parameters": {"twin": twin}}}))
    words = ["slow_time:=0", "growth_time:=1", f"params_file:={params}"]
    done = excite(folder / "run", "--duration=14", *words)
    assert done.returncode == 0, done.stdout
    return folder / "run"


def errors_in(text):
    """Position errors after the longest prediction, by row."""
    rows = text[text.index("position error after") :].splitlines()[2:]
    words = [row.split() for row in rows if row and row[-1].isdigit()]
    return {" ".join(row[:-3]): float(row[-1]) for row in words}


def test_the_fitted_twin_is_one_that_a_robot_node_takes(run, tmp_path, capsys):
    out = tmp_path / "mine" / "twin.yaml"
    model = resource("models/fr3_last_layer.safetensors")
    command = ["twin", "fit", str(run), "--out", str(out), "--segments", "8"]
    assert main([*command, "--model", str(model)]) == 0
    told = capsys.readouterr().out
    assert "times nearer to the run" in told
    errors = errors_in(told)
    assert errors["fitted twin"] < 0.1 * errors["nominal twin"]
    trained, adapted = (errors[f"fr3_last_layer, {how}"] for how in ("as trained", "adapted"))
    assert errors["fitted twin"] < adapted < 0.7 * trained

    context = Context()
    rclpy.init(args=["test", "--ros-args", "--params-file", str(out)], context=context)
    try:
        node = Node("robot", context=context)
        twin = backends.declare(node).twin
        refuse_unknown(node)
    finally:
        rclpy.shutdown(context=context)
    assert twin.plant.friction == pytest.approx(FRICTION, rel=0.1)
    assert twin.perturbations.joint_gain == pytest.approx(GAIN, rel=0.1)
    assert twin.perturbations.command_delay == pytest.approx(0.012, abs=0.001)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--robot", "panda"], "was recorded from robot 'fr3', want 'panda'"),
        (["--periods", "5000"], "want a run with an unbroken stretch of 5007 control periods"),
    ],
)
def test_a_run_that_does_not_fit_is_refused_in_one_line(run, tmp_path, capsys, arguments, message):
    out = tmp_path / "none.yaml"
    assert main(["twin", "fit", str(run), "--out", str(out), *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not out.exists()


def test_a_file_that_is_no_run_is_refused_in_one_line(tmp_path, capsys):
    path = tmp_path / "run.mcap"
    path.write_bytes(b"no recording at all" * 100)
    assert main(["twin", "fit", str(path)]) == 21
    assert "is not an MCAP file" in capsys.readouterr().err
