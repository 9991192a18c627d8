"""Episodes recorded from a live graph by services, into a store that survives kill -9."""

import contextlib
import os
import signal

import numpy as np
import pytest

pytest.importorskip("rclpy")

from sensor_msgs.msg import JointState  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402
from trajectory_msgs.msg import JointTrajectory  # noqa: E402

from robot_meta.benchmarks.store.disks import NoDisk, small_disk  # noqa: E402
from robot_meta.errors import StoreFull  # noqa: E402
from robot_meta.nodes import messages, qos  # noqa: E402
from robot_meta.replay.journal import discarded, read_notes  # noqa: E402
from robot_meta.replay.snapshot import Snapshot  # noqa: E402
from robot_meta.replay.transitions import TRUNCATED  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402
from robot_meta.types import Command, Commanded, Observation  # noqa: E402

pytestmark = pytest.mark.ros
ARM = arm_description("fr3")
SPACE = "/play"  # a namespace of its own, where nothing else publishes
NAMES, T = ARM.spec.joint_names, ARM.spec.control_dt


class Source:
    """Publishes numbered periods of an FR3 that does not exist, and the commands for them."""

    def __init__(self, client):
        node, self._client = client.node, client
        self._publishers = [
            node.create_publisher(kind, f"{SPACE}/{name}", qos.state())
            for name, kind in (
                ("command", JointTrajectory),
                ("joint_states", JointState),
                ("external_joint_torques", JointState),
                ("commanded", JointTrajectory),
            )
        ]
        self.instruction = node.create_publisher(String, f"{SPACE}/instruction", qos.latched())
        client.spin_until(self._heard, what="the episodes node")

    def _heard(self):
        return all(p.get_subscription_count() for p in (*self._publishers, self.instruction))

    def periods(self, first, count):
        """Each period carries its number: in every joint, in what is asked, in what is sent."""
        for k in range(first, first + count):
            value, stamp = np.full(7, 0.001 * k), k * T
            observation = Observation(
                stamp=stamp, position=value, velocity=value, torque=value, external_torque=value
            )
            sent = Commanded(
                stamp=stamp, position=np.tile(value, (2, 1)), velocity=np.tile(2 * value, (2, 1)),
                altered=False, reason="",
            )  # fmt: skip
            asked = Command(stamp=stamp - T, position=value, velocity=3 * value)
            for publisher, msg in zip(
                self._publishers,
                (
                    messages.command_msg(asked, NAMES, T),
                    messages.joint_state_msg(observation, NAMES),
                    messages.external_torque_msg(observation, NAMES),
                    messages.commanded_msg(sent, NAMES, T),
                ),
                strict=True,
            ):
                publisher.publish(msg)
            self._client.spin_until(lambda: True)


def recorder_node(processes, **parameters):
    return processes.node("episodes_node", namespace=SPACE, **parameters)


def call(client, verb):
    return client.call(Trigger, f"{SPACE}/{verb}_episode")


def stored(path):
    """The newest transitions and episodes; a writer may be at work."""
    snapshot = Snapshot(path)
    return snapshot.intact(np.arange(len(snapshot))), list(snapshot.episodes.values())


def until_stored(client, path, count):
    def rows():
        try:
            return len(Snapshot(path)) >= count
        except Exception:  # it is being made
            return False

    client.spin_until(rows, what=f"{count} transitions in the store")


def test_an_episode_is_what_was_asked_sent_and_measured_between_start_and_stop(
    processes, client, tmp_path
):
    path = tmp_path / "store"
    recorder_node(processes, store=path, who="me", task="drawer", seed=7, instruction="open it")
    source = Source(client)
    recording = client.hear(String, f"{SPACE}/recording", qos.latched())
    source.periods(1, 5)  # of these the newest may be kept: it is still open
    client.spin_until(lambda: recording)
    key = call(client, "start").message
    client.spin_until(lambda: recording[-1].data == key, what="the key")
    source.periods(6, 20)
    until_stored(client, path, 15)
    assert call(client, "mark").success
    assert call(client, "stop").success
    client.spin_until(lambda: recording[-1].data == "", what="the end")

    batch, (episode,) = stored(path)
    assert (episode.key, episode.task) == (key, "drawer")
    wanted = {"instruction": "open it", "who": "me", "seed": 7}
    assert {name: episode.about[name] for name in wanted} == wanted
    assert {"commit", "config", "version", "started"} <= set(episode.about)
    number = batch.values["state"][:, 0] / 0.001
    np.testing.assert_allclose(np.diff(number), 1.0, rtol=1e-3)
    assert number[0] < 6.5 and len(batch) >= 19
    k = 0.001 * number
    np.testing.assert_allclose(batch.values["next_state"][:, 6], k + 0.001, rtol=1e-3)
    np.testing.assert_allclose(batch.values["commanded"][:, 3], 2 * k, rtol=1e-3)
    np.testing.assert_allclose(batch.values["requested"][:, 3], 3 * k, rtol=1e-3)
    np.testing.assert_allclose(batch.values["measured"], 0.001 / T, rtol=1e-3)
    assert batch.ending[-1] == TRUNCATED
    assert [note.kind for note in read_notes(path)] == ["started", "mark", "stopped"]


def test_the_newest_instruction_is_kept_with_the_next_episode(processes, client, tmp_path):
    path = tmp_path / "store"
    recorder_node(processes, store=path, instruction="nothing")
    source = Source(client)
    source.instruction.publish(String(data="shut the drawer"))

    def recorded():
        """Of the newest episode; the topic may come after the first call of the service."""
        call(client, "start")
        source.periods(1, 4)
        call(client, "stop")
        return {episode.about["instruction"] for episode in stored(path)[1]}

    client.spin_until(lambda: "shut the drawer" in recorded(), what="the instruction")


def resumed(client, recording, key):
    """Ask until the new node answers; the service of the killed one is still announced."""
    if not recording or recording[-1].data != key:
        with contextlib.suppress(AssertionError):
            client.call(Trigger, f"{SPACE}/resume_episode", timeout_s=3.0)
    return recording and recording[-1].data == key


def further(source, path, number, count):
    source.periods(number, 1)
    return len(Snapshot(path)) >= count


def test_a_killed_recorder_goes_on_with_its_episode(processes, client, tmp_path):
    path = tmp_path / "store"
    node = recorder_node(processes, store=path)
    source = Source(client)
    assert call(client, "start").success
    source.periods(1, 30)
    until_stored(client, path, 27)  # the three newest periods are still open
    node.send_signal(signal.SIGKILL)
    node.wait()
    before, _ = stored(path)

    (begun,) = read_notes(path)
    recording = client.hear(String, f"{SPACE}/recording", qos.latched())
    recorder_node(processes, store=path, name="again")
    client.spin_until(lambda: resumed(client, recording, begun.episode), 120.0, "the resumption")
    numbers = iter(range(100, 10_000))  # until the new node has found everybody who publishes
    client.spin_until(lambda: further(source, path, next(numbers), len(before) + 10), 120.0)
    (node,) = processes._running[1:]
    node.send_signal(signal.SIGINT)  # which stops the episode, as `stop_episode` does
    assert node.wait(60.0) == 0
    batch, (episode,) = stored(path)
    assert episode.key == read_notes(path)[0].episode
    assert batch.step.tolist() == list(range(len(batch)))
    kept = batch.values["state"][: len(before)]
    np.testing.assert_array_equal(kept, before.values["state"])
    assert batch.values["state"][len(before), 0] >= 0.0999


def test_a_disk_that_is_full_in_the_middle_ends_the_episode_with_one_line_and_loses_nothing(
    processes, client, tmp_path
):
    with contextlib.ExitStack() as mounted:
        try:
            disk = mounted.enter_context(small_disk(tmp_path / "disk"))
        except NoDisk as reason:
            pytest.skip(str(reason))
        path = disk / "store"
        node = recorder_node(processes, store=path)
        source = Source(client)
        assert call(client, "start").success
        source.periods(1, 30)
        until_stored(client, path, 27)
        before, _ = stored(path)
        space = os.statvfs(disk)
        (disk / "ballast").write_bytes(bytes(space.f_bavail * space.f_bsize - 4096))
        numbers = iter(range(31, 5000))
        client.spin_until(lambda: source.periods(next(numbers), 1) or node.poll() is not None)
        assert node.returncode == StoreFull.exit_code
        (line,) = [x for x in node.log.read_text().splitlines() if "error" in x]
        assert "no space left on the disk" in line and "Free some space" in line
        kept, _ = stored(path)
        np.testing.assert_array_equal(kept.values["state"][: len(before)], before.values["state"])
        (disk / "ballast").unlink()
        recording = client.hear(String, f"{SPACE}/recording", qos.latched())
        again = recorder_node(processes, store=path, name="again")
        key = read_notes(path)[0].episode
        client.spin_until(lambda: resumed(client, recording, key), 120.0, "the resumption")
        client.spin_until(
            lambda: further(source, path, next(numbers), len(kept) + 10), 120.0, "more of it"
        )
        again.send_signal(signal.SIGINT)
        assert again.wait(60.0) == 0


def test_what_cannot_be_done_is_answered_and_a_discarded_episode_is_marked(
    processes, client, tmp_path
):
    path = tmp_path / "store"
    recorder_node(processes, store=path)
    refused = call(client, "stop")
    assert not refused.success and "start one first" in refused.message
    key = call(client, "start").message
    again = call(client, "start")
    assert not again.success and key in again.message
    assert call(client, "discard").success
    assert discarded(read_notes(path)) == {key}


def test_a_store_of_another_layout_is_one_clear_line(processes, client, tmp_path):
    from robot_meta.replay.store import ReplayStore

    with ReplayStore(tmp_path / "store", fields={"state": 3}):
        pass
    node = recorder_node(processes, store=tmp_path / "store")
    assert node.wait(60.0) != 0
    (line,) = [x for x in node.log.read_text().splitlines() if "error" in x]
    assert line.startswith("episodes: error:")
