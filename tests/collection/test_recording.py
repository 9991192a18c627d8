import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2.storage_mcap import McapReader
from rosbags.typesys import Stores, get_typestore

from robot_meta.collection.recording import MAGIC, RunWriter, repair
from robot_meta.collection.run_reader import RunReader
from robot_meta.errors import RecordingFailed

ROOT = Path(__file__).resolve().parents[2]
TYPES = get_typestore(Stores.ROS2_JAZZY)
JOINTS = ("a", "b")


def header(stamp, frame=""):
    time = TYPES.types["builtin_interfaces/msg/Time"](*divmod(round(stamp * 1e9), 10**9))
    return TYPES.types["std_msgs/msg/Header"](time, frame)


def joint_state(stamp, values):
    kind = "sensor_msgs/msg/JointState"
    array = np.array(values, dtype=float)
    msg = TYPES.types[kind](header(stamp), list(JOINTS), array, 10.0 * array, 100.0 * array)
    return kind, bytes(TYPES.serialize_cdr(msg, kind))


def commanded(stamp, values, reason=""):
    kind = "trajectory_msgs/msg/JointTrajectory"
    after = TYPES.types["builtin_interfaces/msg/Duration"](0, 0)
    array, none = np.array(values, dtype=float), np.zeros(0)
    point = TYPES.types["trajectory_msgs/msg/JointTrajectoryPoint"](
        array, array, none, none, after
    )
    msg = TYPES.types[kind](header(stamp, reason), list(JOINTS), [point, point])
    return kind, bytes(TYPES.serialize_cdr(msg, kind))


def write_period(writer, stamp, values, base="/"):
    ns = round(stamp * 1e9)
    writer.write(base + "joint_states", *joint_state(stamp, values), ns)
    writer.write(base + "external_joint_torques", *joint_state(stamp, values), ns)
    writer.write(base + "commanded", *commanded(stamp, values, "LEAD"), ns)


@pytest.fixture
def run(tmp_path):
    """A finished run of ten periods."""
    writer = RunWriter(tmp_path / "run", {"seed": 4, "version": "0.1.0"})
    for i in range(10):
        write_period(writer, i / 50, [i, -i])
    writer.add_parameters("/robot", {"lockstep": True, "twin.seed": 4})
    writer.close()
    return tmp_path / "run"


def stamps(folder):
    return [observation.stamp for observation, _ in RunReader(folder).steps(JOINTS)]


def test_what_was_written_comes_back_with_its_manifest(run):
    reader = RunReader(run)
    steps = list(reader.steps(JOINTS))
    assert reader.manifest == {
        "seed": 4,
        "version": "0.1.0",
        "parameters": {"/robot": {"lockstep": True, "twin.seed": 4}},
    }
    assert reader.torn_bytes == 0
    assert [o.stamp for o, _ in steps] == [i / 50 for i in range(10)]
    observation, sent = steps[3]
    np.testing.assert_array_equal(observation.velocity, [30.0, -30.0])
    np.testing.assert_array_equal(observation.external_torque, [300.0, -300.0])
    assert sent.altered and sent.reason == "LEAD" and sent.position.shape == (2, 2)


def test_another_reader_of_bags_understands_it(run):
    reader = McapReader(run / "run.mcap")
    reader.open()
    assert {c.topic: c.msgtype for c in reader.connections}["/commanded"] == (
        "trajectory_msgs/msg/JointTrajectory"
    )
    assert reader.metadata.message_count == 30
    reader.close()


def test_a_file_cut_at_any_byte_keeps_every_whole_message(run, tmp_path):
    whole = (run / "run.mcap").read_bytes()
    first_data = whole.index(b"joint_states")
    for cut in range(first_data, len(whole), 97):
        path = tmp_path / "cut.mcap"
        path.write_bytes(whole[:cut])
        repair(path)
        sound = path.read_bytes()
        assert repair(path) == 0 and path.read_bytes() == sound
        count = sum(RunReader(path).topics().values())
        assert count >= whole[:cut].count(b"LEAD") * 3 - 3
        assert whole.startswith(sound[: sound.rindex(MAGIC) - 9 - 20 - 9 - 4])
        reader = McapReader(path)
        reader.open()
        assert reader.metadata.message_count == count
        reader.close()


def test_a_sound_file_is_left_as_it_is(run):
    before = (run / "run.mcap").read_bytes()
    assert repair(run / "run.mcap") == 0
    assert (run / "run.mcap").read_bytes() == before


def test_zeros_behind_the_last_message_are_cut(run, tmp_path):
    whole = (run / "run.mcap").read_bytes()
    path = tmp_path / "zeros.mcap"
    path.write_bytes(whole[: whole.rindex(b"LEAD") - 60] + bytes(5000))
    assert repair(path) >= 5000
    assert len(stamps(path)) == 9


@pytest.mark.parametrize("content", [b"", b"not a bag", MAGIC[:5]])
def test_what_is_no_recording_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "run.mcap"
    path.write_bytes(content)
    with pytest.raises(RecordingFailed, match="not an MCAP file"):
        RunReader(tmp_path)
    assert path.read_bytes() == content


def test_a_missing_run_is_named(tmp_path):
    with pytest.raises(RecordingFailed, match="no recording .*absent"):
        RunReader(tmp_path / "absent.mcap")


def test_a_run_that_is_still_being_recorded_is_not_touched(tmp_path):
    writer = RunWriter(tmp_path, {})
    write_period(writer, 0.0, [1, 2])
    writer.flush()
    with pytest.raises(RecordingFailed, match="being recorded"):
        RunReader(tmp_path)
    writer.close()
    assert stamps(tmp_path) == [0.0]


def test_a_folder_with_a_run_is_not_written_over(run):
    before = (run / "run.mcap").read_bytes()
    with pytest.raises(RecordingFailed, match="holds a run already"):
        RunWriter(run, {})
    assert (run / "run.mcap").read_bytes() == before


def test_state_that_is_repeated_while_waiting_counts_once(tmp_path):
    writer = RunWriter(tmp_path, {})
    for stamp in (0.0, 0.0, 0.0, 0.02, 0.04, 0.04):
        write_period(writer, stamp, [1, 2])
    writer.close()
    assert stamps(tmp_path) == [0.0, 0.02, 0.04]


def test_two_robots_in_one_run_are_told_apart_by_namespace(tmp_path):
    writer = RunWriter(tmp_path, {})
    write_period(writer, 0.0, [1, 2], "/left/")
    write_period(writer, 0.0, [3, 4], "/right/")
    writer.close()
    with pytest.raises(RecordingFailed, match="2 namespaces"):
        list(RunReader(tmp_path).steps(JOINTS))
    ((observation, _),) = RunReader(tmp_path).steps(JOINTS, "/right")
    np.testing.assert_array_equal(observation.position, [3.0, 4.0])


def test_what_stands_before_a_robot_is_no_other_robot(tmp_path):
    writer = RunWriter(tmp_path, {})
    write_period(writer, 0.0, [1, 2], "/left/")
    writer.write("/left/scene/joint_states", *joint_state(0.0, [5, 6]), 0)
    writer.close()
    ((observation, _),) = RunReader(tmp_path).steps(JOINTS)
    np.testing.assert_array_equal(observation.position, [1.0, 2.0])


def test_after_a_power_cut_everything_that_was_synced_is_there(tmp_path, monkeypatch):
    on_disk = []
    keep = os.fdatasync

    def note(file):
        keep(file)
        on_disk.append((tmp_path / "run.mcap").read_bytes())

    monkeypatch.setattr(os, "fdatasync", note)
    writer = RunWriter(tmp_path, {})
    for i in range(30):
        write_period(writer, i / 50, [i, -i])
        if i % 10 == 9:
            writer.sync()
    writer.close()
    for count, content in zip((10, 20, 30), on_disk, strict=True):
        path = tmp_path / f"cut{count}.mcap"
        path.write_bytes(content)
        assert stamps(path) == [i / 50 for i in range(count)]


WRITE_FOREVER = """
    import sys, time
    sys.path[:0] = [{tests!r}, {root!r}]
    from test_recording import RunWriter, write_period
    from pathlib import Path
    writer = RunWriter(Path(sys.argv[1]), {{}})
    for i in range(10**6):
        write_period(writer, i / 50, [i, -i])
        if i % 7 == 0:
            writer.flush()
            print(i, flush=True)
"""


def start_writer(folder, prepare=None):
    code = textwrap.dedent(WRITE_FOREVER).format(tests=str(Path(__file__).parent), root=str(ROOT))
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=prepare,
    )


def test_after_kill_9_everything_that_was_flushed_is_there(tmp_path):
    writer = start_writer(tmp_path)
    for _ in range(40):
        flushed = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    rest = writer.stdout.read().split()
    writer.wait()
    flushed = max([flushed, *map(int, rest)])
    found = stamps(tmp_path)
    assert len(found) >= flushed + 1
    assert found == [i / 50 for i in range(len(found))]


def test_when_the_disk_is_full_one_line_says_so_and_the_rest_stays_readable(tmp_path):
    def little_space():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    writer = start_writer(tmp_path, little_space)
    _, errors = writer.communicate(timeout=60)
    assert "RecordingFailed: cannot write" in errors and "stays readable" in errors
    assert (tmp_path / "run.mcap").read_bytes()[-8:] == MAGIC
    found = stamps(tmp_path)
    assert found == [i / 50 for i in range(len(found))]
    assert len(found) * 3 * 150 > 50_000


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_file_system_keeps_what_it_holds(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this container may not mount")
    try:
        writer = start_writer(small / "run")
        _, errors = writer.communicate(timeout=60)
        assert "No space left on device" in errors
        shutil.copytree(small / "run", tmp_path / "copy")
    finally:
        subprocess.run(["umount", str(small)], check=True)
    assert len(stamps(tmp_path / "copy")) > 50
    manifest = json.loads((tmp_path / "copy" / "manifest.json").read_text())
    assert manifest == {"parameters": {}}
