import json
import resource
import signal
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

from geometry_msgs.msg import TwistStamped  # noqa: E402
from nav_msgs.msg import Path as PathMsg  # noqa: E402
from rclpy.qos import qos_profile_sensor_data  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402
from trajectory_msgs.msg import JointTrajectory  # noqa: E402

from robot_meta.collection.run_reader import RunReader  # noqa: E402
from robot_meta.nodes import messages, qos  # noqa: E402
from robot_meta.nodes.recorder_node import RecorderConfig  # noqa: E402
from robot_meta.planning.paths import figure_eight  # noqa: E402
from robot_meta.types import Commanded, Observation  # noqa: E402

pytestmark = pytest.mark.ros

JOINTS = ("a", "b")
PATH = figure_eight(np.array([0.4, 0.0, 0.5]), duration=5.0)


class Source:
    """Publishes periods of a robot that does not exist."""

    def __init__(self, client, namespace=""):
        node = client.node
        self._client = client
        self._states = node.create_publisher(JointState, f"{namespace}/joint_states", qos.state())
        self._external = node.create_publisher(
            JointState, f"{namespace}/external_joint_torques", qos.state()
        )
        self._commanded = node.create_publisher(
            JointTrajectory, f"{namespace}/commanded", qos.state()
        )
        self.target = node.create_publisher(PathMsg, f"{namespace}/target", qos.latched())
        self.target.publish(messages.target_msg(PATH))

    def wait_for_listener(self):
        publishers = (self._states, self._external, self._commanded, self.target)
        self._client.spin_until(
            lambda: all(p.get_subscription_count() for p in publishers), what="the recorder"
        )

    def period(self, stamp):
        value = np.array([stamp, -stamp])
        observation = Observation(
            stamp=stamp, position=value, velocity=value, torque=value, external_torque=value
        )
        commanded = Commanded(
            stamp=stamp, position=np.stack([value] * 2), velocity=np.stack([value] * 2),
            altered=False, reason="",
        )  # fmt: skip
        self._states.publish(messages.joint_state_msg(observation, JOINTS))
        self._external.publish(messages.external_torque_msg(observation, JOINTS))
        self._commanded.publish(messages.commanded_msg(commanded, JOINTS, 0.02))


def test_a_run_cut_by_kill_9_is_repaired_and_loses_at_most_the_last_second(
    processes, client, tmp_path
):
    run = tmp_path / "run"
    recorder = processes.node("recorder_node", folder=run, note="cut")
    source = Source(client)
    source.wait_for_listener()
    sent = []
    for k in range(150):  # two seconds at 75 Hz
        source.period(k / 50)
        sent.append(time.monotonic())
        time.sleep(2.0 / 150)
    recorder.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    recorder.wait()

    reader = RunReader(run)
    found = [observation.stamp for observation, _ in reader.steps(JOINTS)]
    safe = sum(moment < killed - 1.0 for moment in sent)
    assert len(found) >= safe > 50
    assert found == [k / 50 for k in range(len(found))]
    assert RunReader(run).torn_bytes == 0
    (target,) = reader.targets()
    np.testing.assert_array_equal(target.position, PATH.position)
    assert reader.manifest["note"] == "cut" and reader.manifest["version"]


SAY_WHEN_SYNCED = """
import os, sys
from robot_meta.nodes.recorder_node import main
fdatasync = os.fdatasync
os.fdatasync = lambda file: (fdatasync(file), print("synced", os.fstat(file).st_size, flush=True))
sys.exit(main())
"""


def test_what_was_recorded_goes_to_the_disk_again_and_again(processes, client, tmp_path):
    run = tmp_path / "run"
    recorder = processes.python("-c", SAY_WHEN_SYNCED, "--ros-args", "-p", f"folder:={run}")
    source = Source(client)
    source.wait_for_listener()

    def synced():
        lines = recorder.log.read_text().splitlines()
        return [int(line.split()[1]) for line in lines if line.startswith("synced")]

    for k in range(3):
        before = synced()
        source.period(k / 50)
        wanted = (before or [0])[-1] + 100
        client.spin_until(lambda w=wanted: synced() and synced()[-1] >= w, what="a sync")


@pytest.mark.parametrize("wrong", [{"sync_period": 1.5}, {"flush_period": 0.0}])
def test_periods_that_could_lose_more_than_a_second_are_refused(wrong):
    with pytest.raises(ValueError, match=r"flush_period and sync_period in \(0, 1\]"):
        RecorderConfig(**wrong)


def test_ctrl_c_finishes_the_file_with_everything_in_it(processes, client, tmp_path):
    recorder = processes.node("recorder_node", folder=tmp_path / "run", namespace="/left")
    left, right = Source(client, "/left"), Source(client, "/right")
    left.wait_for_listener()
    for k in range(50):
        left.period(k / 50)
        right.period(k / 50)
        time.sleep(0.005)
    time.sleep(0.3)
    recorder.send_signal(signal.SIGINT)
    assert recorder.wait(timeout=120) == 0
    before = (tmp_path / "run" / "run.mcap").read_bytes()
    topics = RunReader(tmp_path / "run").topics()
    assert topics["/left/joint_states"] == topics["/left/commanded"] == 50
    assert not any(topic.startswith("/right") for topic in topics)
    assert (tmp_path / "run" / "run.mcap").read_bytes() == before


def test_topics_that_appear_later_are_recorded_even_when_they_are_best_effort(
    processes, client, tmp_path
):
    recorder = processes.node("recorder_node", folder=tmp_path / "run")
    Source(client).wait_for_listener()
    late = client.node.create_publisher(TwistStamped, "cmd_vel", qos_profile_sensor_data)
    client.spin_until(late.get_subscription_count, what="the recorder to find cmd_vel")
    for _ in range(20):
        late.publish(TwistStamped())
        time.sleep(0.01)
    time.sleep(0.3)
    recorder.send_signal(signal.SIGINT)
    recorder.wait(timeout=120)
    assert RunReader(tmp_path / "run").topics()["/cmd_vel"] >= 15


def test_the_manifest_says_with_which_parameters_the_other_nodes_ran(processes, client, tmp_path):
    processes.node("recorder_node", folder=tmp_path / "run", namespace="/cell")
    client.node.declare_parameter("gains", [1.5, 2.0])
    manifest = tmp_path / "run" / "manifest.json"
    outside = client.node.get_fully_qualified_name()
    processes.node("task_node", namespace="/cell", path="hold", start=2.5)
    client.spin_until(
        lambda: manifest.is_file() and "/cell/task" in manifest.read_text(), what="the task"
    )
    parameters = json.loads(manifest.read_text())["parameters"]
    assert parameters["/cell/task"]["start"] == 2.5
    assert parameters["/cell/task"]["wide"] == [0.0, 0.15, 0.0]
    assert outside not in parameters


def test_a_full_disk_ends_the_recorder_with_one_line_and_its_own_code(processes, client, tmp_path):
    recorder = processes.node("recorder_node", folder=tmp_path / "run")
    source = Source(client)
    source.wait_for_listener()
    resource.prlimit(recorder.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
    for k in range(400):
        source.period(k / 50)
        time.sleep(0.002)
        if recorder.poll() is not None:
            break
    assert recorder.wait(timeout=120) == 21
    lines = [x for x in Path(recorder.log).read_text().splitlines() if "error" in x.lower()]
    assert len(lines) == 1 and "cannot write" in lines[0] and "stays readable" in lines[0]
    found = [observation.stamp for observation, _ in RunReader(tmp_path / "run").steps(JOINTS)]
    assert len(found) > 30 and found == [k / 50 for k in range(len(found))]


def test_a_folder_that_cannot_be_written_is_one_line_and_its_own_code(processes, tmp_path):
    (tmp_path / "file").write_text("")
    recorder = processes.node("recorder_node", folder=tmp_path / "file" / "run")
    assert recorder.wait(timeout=120) == 21
    lines = Path(recorder.log).read_text().splitlines()
    assert lines == [f"recorder: error: cannot record to {tmp_path / 'file' / 'run'}: "
                     "Not a directory"]  # fmt: skip
