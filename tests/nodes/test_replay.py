"""What a controller learned live, its recording teaches again."""

import dataclasses
import json
import signal

import pytest

rclpy = pytest.importorskip("rclpy")

import torch  # noqa: E402
from nav_msgs.msg import Path as PathMsg  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402

from robot_meta.build import BuildConfig, build_controller  # noqa: E402
from robot_meta.cli.main import main  # noqa: E402
from robot_meta.cli.replay import recorded_config  # noqa: E402
from robot_meta.collection.decoders import decoder_of  # noqa: E402
from robot_meta.collection.recording import MANIFEST, RunWriter  # noqa: E402
from robot_meta.collection.replay import replay  # noqa: E402
from robot_meta.collection.run_reader import RunReader  # noqa: E402
from robot_meta.errors import RecordingFailed  # noqa: E402
from robot_meta.nodes import controller_node, messages, qos  # noqa: E402
from robot_meta.planning.paths import figure_eight  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.sim]

FR3 = arm_description("fr3")
ARM = decoder_of("fr3")
END = 2.0  # of the run, [s]
CHANGE = "1.0 payload_mass 1.5"
SMALL = ["-p", "planner.sampling.num_samples:=16", "-p", "lockstep:=true"]


@pytest.fixture
def live_contexts(monkeypatch):
    """What the controllers of this process adapt to, by stamp."""
    contexts = {}

    def watched(config):
        controller = build_controller(config)
        act = controller.act

        def act_and_tell(observation, *rest):
            try:
                return act(observation, *rest)
            finally:
                contexts[observation.stamp] = controller.context

        controller.act = act_and_tell
        return controller

    monkeypatch.setattr(controller_node, "build_controller", watched)
    return contexts


@pytest.fixture
def recorded(live_contexts, processes, client, tmp_path):
    """A run of the real nodes, the controller in this process; its recording."""
    folder = tmp_path / "run"
    recorder = processes.node("recorder_node", folder=folder)
    target = client.node.create_publisher(PathMsg, "target", qos.latched())
    home = FR3.chain.tool_position_in_base(FR3.spec.home)
    target.publish(messages.target_msg(figure_eight(home)))
    rclpy.init(args=["test", "--ros-args", *SMALL])
    node = controller_node.ControllerNode()
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        processes.node(
            "robot_node",
            backend="twin",
            lockstep=True,
            arm_on_start=True,
            wait_for="[controller, recorder]",
            twin__schedule=CHANGE,
        )

        def done():
            executor.spin_once(timeout_sec=0.01)
            ended = max(live_contexts, default=0.0) >= END
            return ended and {"/controller", "/robot"} <= set(
                json.loads((folder / MANIFEST).read_text())["parameters"]
            )

        client.spin_until(done, 240.0, "the end of the run")
        processes.end()
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown()
    assert recorder.returncode in (0, -signal.SIGINT)
    return RunReader(folder)


def differences(run, config, live):
    """Largest difference between adapted weights live and replayed, at every update."""
    for again in replay(run, ARM, build_controller(config)):
        params = live[again.stamp].params
        assert set(again.context.params) == set(params)
        yield max(
            float((again.context.params[name] - params[name]).abs().max()) for name in params
        )


def test_a_replayed_recording_gives_the_adapted_weights_of_the_live_run(
    recorded, live_contexts, capsys
):
    torch.set_num_threads(1)
    config = recorded_config(recorded, "/")
    moved = list(differences(recorded, config, live_contexts))
    assert len(moved) >= 0.9 * END / FR3.spec.control_dt
    assert max(moved) <= 1e-5
    figures = [again.figures for again in replay(recorded, ARM, build_controller(config))]
    assert figures[-1]["window"] > 10.0 and figures[-1]["shift"] > 0.01

    assert main(["replay", str(recorded.path.parent)]) == 0
    kind = config.adapter.kind
    assert f"{len(moved)} updates of adapter '{kind}'" in capsys.readouterr().out

    other = dataclasses.replace(config.adapter, window=8)
    changed = dataclasses.replace(config, adapter=other)
    assert max(differences(recorded, changed, live_contexts)) > 1e-3
    assert max(r.difference for r in replay(recorded, ARM, build_controller(changed))) > 1e-3


def test_a_run_of_no_known_controller_is_refused_with_the_nodes_that_are_known(tmp_path):
    writer = RunWriter(tmp_path / "run", {})
    writer.add_parameters("/left/controller", {})
    writer.close()
    run = RunReader(writer.path)
    assert recorded_config(run, "/left") == BuildConfig()
    with pytest.raises(RecordingFailed, match=r"'/controller', only of \['/left/controller'\]"):
        recorded_config(run, "/")
