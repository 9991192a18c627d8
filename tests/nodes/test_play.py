"""play.launch.xml from end to end: a person at a terminal drives the twin and records that."""

import signal
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

from geometry_msgs.msg import PoseStamped  # noqa: E402
from mcap.reader import make_reader  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402
from trajectory_msgs.msg import JointTrajectory  # noqa: E402

from robot_meta.collection.decoding import commanded_from  # noqa: E402
from robot_meta.collection.run_reader import RunReader  # noqa: E402
from robot_meta.errors import DeviceUnavailable  # noqa: E402
from robot_meta.formats.mcap.runs import import_run  # noqa: E402
from robot_meta.nodes import qos  # noqa: E402
from robot_meta.replay.snapshot import Snapshot  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.sim]
ROOT = Path(__file__).resolve().parents[2]
SPEC = arm_description("fr3").spec
PATIENT = "/**/robot:\n  ros__parameters: {guard: {max_gap: 5.0, max_silence: 5.0}}\n"


@pytest.fixture
def play(processes, client, tmp_path, terminal):
    """The launch, its terminal and what is heard, the robot armed."""
    (tmp_path / "patient.yaml").write_text(PATIENT)
    heard = {
        "state": client.hear(String, "state", qos.latched()),
        "tool": client.hear(PoseStamped, "tool_pose"),
        "commanded": client.hear(JointTrajectory, "commanded"),
    }
    launch = processes.python(
        "-m", "robot_meta.launching", "--runner", "own", ROOT / "launch/play.launch.xml",
        "device:=keyboard", "backend:=twin", f"store:={tmp_path / 'store'}",
        f"params_file:={tmp_path / 'patient.yaml'}", f"record:={tmp_path / 'run'}",
    )  # fmt: skip
    yield launch, terminal(processes.environment()), heard


def newest(heard):
    return commanded_from(heard["commanded"][-1], SPEC.joint_names)


def test_keys_move_the_tool_into_an_episode_and_a_lost_terminal_brings_it_to_rest(
    play, client, tmp_path
):
    launch, keys, heard = play

    def until(condition, what, timeout_s=120.0):
        return client.spin_until(condition, timeout_s, what)

    def lift():
        """Leave `e` pressed; armed anew where the machine was too busy."""
        if heard["state"] and heard["state"][-1].data.startswith("HOLD"):
            keys.press(b"1", every=2.0)
        keys.press(b"e")
        keys.shows("\n")  # a terminal that nobody reads would fill up
        return heard["tool"] and heard["tool"][-1].pose.position.z > start + 0.05

    def record():
        """Press enter again where the recorder was not found yet."""
        if keys.shows("nobody answers the service start_episode"):
            time.sleep(1.0)
            keys.press(b"\r")
        return keys.shows("| recording 20")

    until(lambda: keys.shows("robot RUNNING | clutch OPEN 50% | not recording"), "the status line")
    until(lambda: heard["tool"], "the tool")
    start = heard["tool"][-1].pose.position.z
    keys.press(b"\r")
    until(record, "the recording")
    until(lambda: lift() and newest(heard).velocity.any(), "the tool 5 cm higher, and moving")
    keys.close()
    until(lambda: not newest(heard).velocity.any(), "rest")
    assert heard["state"][-1].data == "RUNNING", "the guard had nothing to do with it"
    assert keys.process.wait(60.0) == DeviceUnavailable.exit_code
    (line,) = keys.errors.read_text().splitlines()
    assert line.startswith("robot-meta: error: the terminal was closed")

    # Of a robot that is too busy for every period, few join to a step.
    until(lambda: len(Snapshot(tmp_path / "store")) > 20, "enough of it")
    assert client.call(Trigger, "stop_episode").success
    snapshot = Snapshot(tmp_path / "store")
    batch = snapshot.intact(np.arange(len(snapshot)))
    assert np.ptp(batch.values["state"], axis=0).max() > 0.05
    assert np.abs(batch.values["requested"]).max() > 0.01

    launch.send_signal(signal.SIGINT)
    launch.wait(60.0)
    run = RunReader(tmp_path / "run" / "run.mcap", mend=False)
    counts = run.topics()
    assert {"/teleop_keys", "/teleop_state", "/recording", "/state"} <= set(counts)
    assert counts["/commanded"] > len(batch)
    with (tmp_path / "run" / "run.mcap").open("rb") as file:
        pressed = list(make_reader(file).iter_messages("/teleop_keys"))
    assert len(pressed) == counts["/teleop_keys"] > 10
    played = tmp_path / "imported"
    import_run(run, played)
    assert len(Snapshot(played)) >= len(batch)
