"""Episodes in MCAP: other readers see standard messages, and no bit changes on the way back."""

import json
import os

import numpy as np
import pytest
from mcap.reader import make_reader
from rosbags.rosbag2.storage_mcap import McapReader
from rosbags.typesys import Stores, get_typestore

from robot_meta.cli.main import main
from robot_meta.collection.recording import RUN_FILE, RunWriter
from robot_meta.collection.run_reader import RunReader
from robot_meta.errors import BadDataset, RecordingFailed, StoreVersion, UnknownRobot
from robot_meta.formats.mcap import layout
from robot_meta.formats.mcap.export import export_mcap
from robot_meta.formats.mcap.importing import exported_episodes, import_mcap, read_episode
from robot_meta.formats.mcap.layout import checksum
from robot_meta.formats.mcap.runs import import_run
from robot_meta.formats.selection import PLAY
from robot_meta.replay.inspection import verify
from robot_meta.replay.journal import read_notes
from robot_meta.robots.description import arm_description

TYPES = get_typestore(Stores.ROS2_JAZZY)
NAMES = arm_description("fr3").spec.joint_names


@pytest.fixture
def exported(recorded, recordings, tmp_path):
    path = tmp_path / "mcap"
    assert export_mcap(recordings.selection(recorded), path) == 3
    return path


def test_out_and_in_again_changes_no_bit(recorded, recordings, exported, tmp_path):
    for _ in range(2):
        assert import_mcap(exported_episodes(exported), tmp_path / "back") == 3
        recordings.assert_same(recorded, tmp_path / "back")
    assert all(report.sound for report in verify(tmp_path / "back"))


def test_the_mcap_reader_sees_every_topic_and_its_schema(exported):
    with (exported / "episode_000000" / RUN_FILE).open("rb") as file:
        reader = make_reader(file)
        summary = reader.get_summary()
        assert reader.get_header().profile == "ros2"
    kinds = {c.topic: summary.schemas[c.schema_id].name for c in summary.channels.values()}
    assert kinds["/joint_states"] == "sensor_msgs/msg/JointState"
    assert kinds["/commanded"] == "trajectory_msgs/msg/JointTrajectory"
    assert kinds["/instruction"] == kinds["/recording"] == "std_msgs/msg/String"
    assert {schema.encoding for schema in summary.schemas.values()} == {"ros2msg"}
    counts = {
        c.topic: summary.statistics.channel_message_counts[i] for i, c in summary.channels.items()
    }
    assert counts["/joint_states"] == counts["/transition/fields/state"] == 29


def test_rosbags_decodes_what_was_recorded_in_order_of_time(recorded, recordings, exported):
    (episode, *_) = recordings.selection(recorded)
    reader = McapReader(exported / "episode_000000" / RUN_FILE)
    reader.open()
    found = {}
    stamps = []
    for connection, stamp, data in reader.messages(list(reader.connections)):
        found.setdefault(connection.topic, []).append(
            TYPES.deserialize_cdr(data, connection.msgtype)
        )
        stamps.append(stamp)
    reader.close()
    assert stamps == sorted(stamps)
    states = found["/joint_states"]
    assert states[0].name == list(NAMES)
    position = np.array([state.position for state in states])
    np.testing.assert_array_equal(position, episode.steps.values["state"][:, :7].astype(float))
    sent = found["/commanded"][4].points
    reference, velocity = (episode.steps.values[name][4] for name in ("reference", "commanded"))
    np.testing.assert_array_equal(
        np.concatenate([sent[0].positions, sent[0].velocities]), reference
    )
    np.testing.assert_array_equal(sent[1].velocities, velocity)
    assert found["/instruction"][0].data == "öffne die Schublade 0"


def test_a_cut_episode_is_refused(exported, tmp_path):
    file = exported / "episode_000001" / RUN_FILE
    os.truncate(file, file.stat().st_size // 2)
    with pytest.raises(BadDataset, match="episode_000001: cut or damaged"):
        import_mcap(exported_episodes(exported), tmp_path / "back")


def test_damage_anywhere_is_refused_or_harmless(exported, tmp_path):
    source, damaged = exported / "episode_000000", tmp_path / "damaged"
    damaged.mkdir()
    whole, rng = (source / RUN_FILE).read_bytes(), np.random.default_rng(0)
    about, steps = read_episode(source)
    refused = 0
    for number in range(60):
        content = bytearray(whole)
        content[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))
        if number % 3 == 0:
            del content[int(rng.integers(len(content))) :]
        (damaged / RUN_FILE).write_bytes(content)
        try:
            found, read = read_episode(damaged)
        except (BadDataset, StoreVersion):
            refused += 1
            assert (damaged / RUN_FILE).read_bytes() == content  # looked at, not mended
        else:
            assert found == about and checksum(read) == checksum(steps)
    assert refused >= 20


def test_an_altered_number_is_noticed(exported, recorded, recordings, tmp_path):
    (episode, *_) = recordings.selection(recorded)
    file = exported / "episode_000000" / RUN_FILE
    number = episode.steps.values["measured"][3, 2].tobytes()
    content = file.read_bytes()
    assert content.count(number) == 1
    altered = bytes([number[0] ^ 1]) + number[1:]
    file.write_bytes(content.replace(number, altered))
    with pytest.raises(BadDataset, match="its numbers are not those that were exported"):
        import_mcap(exported_episodes(exported), tmp_path / "back")


def test_a_newer_export_is_refused(recorded, recordings, tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "VERSION", 2)
    export_mcap(recordings.selection(recorded), tmp_path / "newer")
    monkeypatch.undo()
    with pytest.raises(StoreVersion, match="has format 2, this version reads formats up to 1"):
        import_mcap(exported_episodes(tmp_path / "newer"), tmp_path / "back")


def test_stores_without_an_arm_are_exported_too(recordings, tmp_path):
    from robot_meta.replay.store import ReplayStore
    from robot_meta.replay.transitions import Transitions

    with ReplayStore(tmp_path / "store", fields={"state": 2, "reward_less": 1}) as store:
        values = {"state": np.full((5, 2), 0.1), "reward_less": np.arange(5.0)[:, None]}
        store.append(store.begin_episode("a", "walk"), Transitions(values, np.arange(5.0) / 3))
    export_mcap(recordings.selection(tmp_path / "store"), tmp_path / "out")
    import_mcap(exported_episodes(tmp_path / "out"), tmp_path / "back")
    recordings.assert_same(tmp_path / "store", tmp_path / "back")


def header(stamp, frame=""):
    time = TYPES.types["builtin_interfaces/msg/Time"](*divmod(round(stamp * 1e9), 10**9))
    return TYPES.types["std_msgs/msg/Header"](time, frame)


def joint_state(stamp, values):
    kind = "sensor_msgs/msg/JointState"
    msg = TYPES.types[kind](header(stamp), list(NAMES), values, 10.0 * values, 100.0 * values)
    return kind, bytes(TYPES.serialize_cdr(msg, kind))


def trajectory(stamp, values, points):
    kind = "trajectory_msgs/msg/JointTrajectory"
    after = TYPES.types["builtin_interfaces/msg/Duration"](0, 0)
    make = TYPES.types["trajectory_msgs/msg/JointTrajectoryPoint"]
    parts = [
        make((1 + i) * values, -values, np.zeros(0), np.zeros(0), after) for i in range(points)
    ]
    msg = TYPES.types[kind](header(stamp), list(NAMES), parts)
    return kind, bytes(TYPES.serialize_cdr(msg, kind))


PERIOD = arm_description("fr3").spec.control_dt


def recorded_run(folder, stamps, robot="fr3"):
    """A run as the recorder node writes it."""
    rng = np.random.default_rng(0)
    writer = RunWriter(folder, {"started": "2030-01-02", "commit": "abc", "version": "0.1.0"})
    if robot:
        writer.add_parameters("/robot", {"robot": robot, "twin.seed": 4})
    for place, stamp in enumerate(stamps):
        values, ns = rng.standard_normal(7), 10**9 + place
        writer.write("/joint_states", *joint_state(stamp, values), ns)
        writer.write("/external_joint_torques", *joint_state(stamp, values), ns)
        writer.write("/commanded", *trajectory(stamp, values, 2), ns)
        writer.write("/command", *trajectory(stamp, 3.0 * values, 1), ns)
    writer.close()
    return folder


def test_a_recorded_run_becomes_an_episode_with_what_was_asked_sent_and_measured(
    recordings, tmp_path
):
    run = recorded_run(tmp_path / "first", 5.0 + PERIOD * np.arange(20))
    for _ in range(2):
        code = main(["data", "import", str(run), str(tmp_path / "store"), "--task", "reach"])
        assert code == 0
    (episode,) = recordings.selection(tmp_path / "store")
    assert episode.episode.key == "run first 2030-01-02" and episode.episode.task == "reach"
    assert episode.episode.about["seed"] == 4 and episode.episode.about["commit"] == "abc"
    assert len(episode.steps) == 19 and len(read_notes(tmp_path / "store")) == 2
    periods = list(RunReader(run).steps(NAMES))
    values = episode.steps.values
    for name, wanted in {
        "state": [np.concatenate([o.position, o.velocity]) for o, _ in periods[:-1]],
        "reference": [np.concatenate([c.position[0], c.velocity[0]]) for _, c in periods[:-1]],
        "commanded": [c.velocity[1] for _, c in periods[:-1]],
    }.items():
        width = len(wanted[0])
        np.testing.assert_array_equal(values[name][:, :width], np.array(wanted, np.float32))
    np.testing.assert_array_equal(episode.steps.stamp, [o.stamp for o, _ in periods[:-1]])
    asked = np.array([-3.0 * o.position for o, _ in periods[:-2]], np.float32)
    np.testing.assert_array_equal(values["requested"][1:], asked)  # due a period after its stamp


def test_a_run_in_which_time_ran_back_becomes_two_episodes(recordings, tmp_path):
    stamps = PERIOD * np.array([*range(100, 110), *range(50, 70)])
    run = RunReader(recorded_run(tmp_path / "twice", stamps))
    assert len(import_run(run, tmp_path / "store")) == 2
    assert [len(e.steps) for e in recordings.selection(tmp_path / "store")] == [9, 19]
    assert main(["data", "verify", str(tmp_path / "store"), "--quiet"]) == 0


def test_a_run_that_says_too_little_is_refused(tmp_path, capsys):
    run = recorded_run(tmp_path / "nameless", PERIOD * np.arange(5), robot="")
    store = str(tmp_path / "store")
    assert main(["data", "import", str(run), store]) == RecordingFailed.exit_code
    assert "does not say which robot it is of; give --robot" in capsys.readouterr().err
    assert (
        main(["data", "import", str(run), store, "--robot", "toaster"]) == UnknownRobot.exit_code
    )
    assert main(["data", "import", str(run), store, "--robot", "fr3", "--quiet"]) == 0
    empty = recorded_run(tmp_path / "empty", [])
    assert main(["data", "import", str(empty), store]) == RecordingFailed.exit_code
    (tmp_path / "folder").mkdir()
    for source in ("nowhere", "folder"):
        assert main(["data", "import", str(tmp_path / source), store]) == BadDataset.exit_code


def test_what_is_known_of_an_exported_episode_is_plain_json(exported):
    ((_, message, _),) = RunReader(exported / "episode_000001").messages([layout.ABOUT])
    about = json.loads(message.data)
    assert about["key"] == "episode 1" and about["about"]["config"]["share"] == 0.1 + 0.2


def test_what_a_store_says_of_all_its_episodes_goes_along(recorded, recordings, tmp_path):
    said = {"config": {"robot": "fr3", "seed": 3}, "action": ["x", "y"], "commit": "abc"}
    (recorded / PLAY).write_text(json.dumps(said))
    export_mcap(recordings.selection(recorded), tmp_path / "out")
    import_mcap(exported_episodes(tmp_path / "out"), tmp_path / "back")
    assert recordings.selection(tmp_path / "back").origin == said
    assert recordings.selection(tmp_path / "back").names == recordings.selection(recorded).names
