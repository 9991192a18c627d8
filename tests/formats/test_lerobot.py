"""LeRobot data sets out and in: bit for bit, all or nothing, and clear about what is wrong."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from robot_meta.cli.main import main
from robot_meta.errors import BadConfig, BadDataset, RecordingFailed, StoreVersion
from robot_meta.formats.lerobot import layout
from robot_meta.formats.lerobot.export import export_lerobot
from robot_meta.formats.lerobot.importing import import_lerobot
from robot_meta.formats.lerobot.reader import LerobotReader
from robot_meta.formats.lerobot.statistics import Together, statistics
from robot_meta.formats.selection import PLAY
from robot_meta.replay.inspection import verify

DATA = "data/chunk-000/file-000.parquet"
EPISODES = "meta/episodes/chunk-000/file-000.parquet"


@pytest.fixture
def exported(recorded, recordings, tmp_path):
    path = tmp_path / "lerobot"
    export_lerobot(recordings.selection(recorded), path)
    return path


def test_out_and_in_again_changes_no_bit(recorded, recordings, exported, tmp_path):
    assert import_lerobot(LerobotReader(exported), tmp_path / "back") == 4
    recordings.assert_same(recorded, tmp_path / "back")
    assert all(report.sound for report in verify(tmp_path / "back"))


def test_an_import_that_is_repeated_adds_nothing(recorded, recordings, exported, tmp_path):
    for _ in range(2):
        import_lerobot(LerobotReader(exported), tmp_path / "back")
    recordings.assert_same(recorded, tmp_path / "back")


def test_what_was_imported_exports_to_the_same_files(recordings, exported, tmp_path):
    import_lerobot(LerobotReader(exported), tmp_path / "back")
    export_lerobot(recordings.selection(tmp_path / "back"), tmp_path / "again")
    names = sorted(p.relative_to(exported) for p in exported.rglob("*") if p.is_file())
    assert len(names) == 5
    for name in names:
        assert (exported / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_only_what_is_selected_is_exported(recorded, recordings, tmp_path):
    chosen = recordings.only(task="task 1", who="ben")
    export_lerobot(recordings.selection(recorded, chosen), tmp_path / "some")
    episodes = list(LerobotReader(tmp_path / "some"))
    assert [e.about["robot_meta/key"] for e in episodes] == ["episode 1"] + 2 * ["episode 3"]
    with pytest.raises(ValueError, match="no episode of .* is selected"):
        nothing = recordings.selection(recorded, recordings.only(task="dance"))
        export_lerobot(nothing, tmp_path / "none")
    with pytest.raises(ValueError, match="no episode 'x'"):
        recordings.selection(recorded, recordings.only(keys=("x",)))


def test_files_are_begun_anew_when_they_are_full(recorded, recordings, tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "DATA_MB", 0)
    monkeypatch.setattr("robot_meta.formats.lerobot.tables.CHUNK_FILES", 3)
    export_lerobot(recordings.selection(recorded), tmp_path / "many")
    files = sorted(str(p.relative_to(tmp_path / "many/data")) for p in tmp_path.rglob("data/*/*"))
    assert files[-2:] == ["chunk-000/file-002.parquet", "chunk-001/file-000.parquet"]
    import_lerobot(LerobotReader(tmp_path / "many"), tmp_path / "back")
    recordings.assert_same(recorded, tmp_path / "back")


def test_statistics_of_parts_join_to_those_of_the_whole():
    values = np.random.default_rng(0).standard_normal((100, 3))
    together = Together()
    for part in (values[:10], values[10:60], values[60:]):
        together.add({"x": statistics(part)})
    whole = statistics(values)
    for name in ("min", "max", "mean", "std", "count"):
        np.testing.assert_allclose(together.as_json()["x"][name], whole[name], rtol=1e-12)


def foreign(path, lengths=(5, 7), **changes):
    """A data set as others write it, with a picture that is left out."""
    features = {
        "observation.state": {"dtype": "float64", "shape": [2], "names": None},
        "action": {"dtype": "float32", "shape": [1], "names": None},
        "observation.images.front": {"dtype": "image", "shape": [4, 4, 3], "names": None},
        **{name: {"dtype": "int64", "shape": [1], "names": None} for name in layout.INDICES},
    }
    info = {
        "codebase_version": "v3.0",
        "robot_type": "so101",
        "total_episodes": len(lengths),
        "total_frames": sum(lengths),
        "fps": 10,
        "features": features,
        **changes,
    }
    count = np.arange(sum(lengths))
    episode = np.repeat(np.arange(len(lengths)), lengths)
    frame = np.concatenate([np.arange(n) for n in lengths])
    state = pa.array([[float(i), -float(i)] for i in count], pa.list_(pa.float64()))
    columns = {
        "observation.state": state,
        "action": pa.array(count.astype(np.float32)),
        "timestamp": frame / 10.0,
        "frame_index": frame,
        "episode_index": episode,
        "index": count,
        "task_index": 0 * count,
    }
    about = {
        "episode_index": list(range(len(lengths))),
        "tasks": [["pick it up"] for _ in lengths],
        "length": list(lengths),
    }
    for name, table in {DATA: columns, EPISODES: about}.items():
        (path / name).parent.mkdir(parents=True)
        pq.write_table(pa.table(table), path / name)
    (path / layout.INFO).write_text(json.dumps(info))


def test_data_sets_of_others_become_transitions(recordings, tmp_path, capsys):
    foreign(tmp_path / "theirs")
    assert main(["data", "import", str(tmp_path / "theirs"), str(tmp_path / "store")]) == 0
    assert (
        "left out, being neither numbers nor video: observation.images.front"
        in capsys.readouterr().out
    )
    first, second = recordings.selection(tmp_path / "store")
    assert (len(first.steps), len(second.steps)) == (4, 6)
    np.testing.assert_array_equal(second.steps.values["state"][:, 0], np.arange(5, 11))
    np.testing.assert_array_equal(second.steps.values["next_state"][:, 0], np.arange(6, 12))
    np.testing.assert_array_equal(second.steps.values["requested"][:, 0], np.arange(5, 11))
    assert second.instruction == "pick it up"
    assert main(["data", "verify", str(tmp_path / "store")]) == 0


def frames(store, key):
    """Numbers in the frames of an episode's video, and their stamps."""
    from robot_meta.collection.video.reader import open_videos

    with open_videos(store, key)["front"] as video:
        bars = [
            video.frame(k).mean(axis=(0, 2)).reshape(16, -1).mean(1) for k in range(len(video))
        ]
        return [sum(1 << i for i, bar in enumerate(b) if bar > 125) for b in bars], video.stamp


def test_what_was_filmed_comes_back_with_a_frame_for_every_step(recorded, recordings, tmp_path):
    selection = recordings.selection(recorded)
    wanted = {}
    for seed, episode in enumerate(selection):
        key, stamps = episode.episode.key, episode.steps.stamp
        filmed = recordings.film(
            recorded, key, stamps[0] - 0.1, 400 if seed == 2 else 60, seed=seed
        )
        wanted[key] = (np.searchsorted(filmed, stamps + 1e-6, side="right") - 1).tolist()
    export_lerobot(selection, tmp_path / "out")
    for _ in range(2):
        import_lerobot(LerobotReader(tmp_path / "out"), tmp_path / "back")
    recordings.assert_same(recorded, tmp_path / "back")
    for episode in selection:
        numbers, stamps = frames(tmp_path / "back", episode.episode.key)
        assert numbers == wanted[episode.episode.key]
        np.testing.assert_allclose(stamps, episode.steps.stamp, atol=1e-6)
    assert main(["data", "verify", str(tmp_path / "back"), "--quiet"]) == 0
    (video,) = (tmp_path / "out/videos").glob("*/*/*.mp4")
    os.truncate(video, video.stat().st_size // 2)
    with pytest.raises(BadDataset, match=r"file-000\.mp4"):
        import_lerobot(LerobotReader(tmp_path / "out"), tmp_path / "again")
    video.unlink()
    with pytest.raises(BadDataset, match=r"file-000\.mp4: missing; episode 0 needs it"):
        LerobotReader(tmp_path / "out")


def test_a_newer_or_older_version_is_said(tmp_path):
    foreign(tmp_path / "newer", codebase_version="v4.0")
    with pytest.raises(StoreVersion, match=r"format v4\.0.* Update robot_meta"):
        LerobotReader(tmp_path / "newer")
    foreign(tmp_path / "older", codebase_version="v2.1")
    with pytest.raises(BadDataset, match=r"it is of v2\.1; convert it to v3\.0"):
        LerobotReader(tmp_path / "older")


DAMAGE = {
    "no info": (lambda p: (p / layout.INFO).unlink(), "no LeRobot data set"),
    "half an info": (lambda p: os.truncate(p / layout.INFO, 100), "not what a LeRobot data set"),
    "cut data": (lambda p: os.truncate(p / DATA, 1000), "cut or damaged"),
    "empty data": (lambda p: os.truncate(p / DATA, 0), "cut or damaged"),
    "a flipped bit": (lambda p: flipped(p / DATA), "CRC checksum verification failed"),
    "no data": (lambda p: (p / DATA).unlink(), "want 86 steps, it has 0"),
    "no episodes": (lambda p: shutil.rmtree(p / "meta/episodes"), "want 4 episodes, it lists 0"),
    "other widths": (lambda p: altered(p, "shape", [18]), "want 18 numbers a step .* got 17"),
    "a column less": (lambda p: without(p, "action"), r"lacks the columns \['action'\]"),
    "a step less": (lambda p: shortened(p), "want 86 steps, it has 85"),
}


def flipped(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)


def altered(path, name, value):
    info = json.loads((path / layout.INFO).read_text())
    info["features"]["observation.state"][name] = value
    (path / layout.INFO).write_text(json.dumps(info))


def without(path, column):
    pq.write_table(pq.read_table(path / DATA).drop_columns([column]), path / DATA)


def shortened(path):
    table = pq.read_table(path / DATA)
    pq.write_table(table.slice(0, table.num_rows - 1), path / DATA)


@pytest.mark.parametrize(("damage", "said"), DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_data_set_is_refused_in_one_line(exported, tmp_path, damage, said):
    damage(exported)
    with pytest.raises(BadDataset, match=said):
        import_lerobot(LerobotReader(exported), tmp_path / "back")
    store = tmp_path / "back"
    assert not store.exists() or not len(list((store / "segments").glob("*.rows")))


def test_an_existing_folder_is_never_written_into(recorded, recordings, exported):
    before = {p: p.read_bytes() for p in exported.rglob("*") if p.is_file()}
    with pytest.raises(BadConfig, match="is there already"):
        export_lerobot(recordings.selection(recorded), exported)
    assert before == {p: p.read_bytes() for p in exported.rglob("*") if p.is_file()}


def test_another_episode_of_the_same_key_is_not_mixed_in(recordings, exported, tmp_path):
    recordings.record(tmp_path / "other", episodes=1, steps=20)
    with pytest.raises(ValueError, match="holds another episode 'episode 0' already"):
        store = recordings.selection(tmp_path / "other").store
        altered_about(store)
        import_lerobot(LerobotReader(exported), store)


def altered_about(store):
    """The same key with another task: the lines about it are signed anew."""
    from robot_meta.replay.lines import checked_line, checked_lines

    (file,) = (store / "segments").glob("*.episodes")
    ((number, key, _, about),), _ = checked_lines(file.read_bytes())
    file.write_bytes(checked_line([number, key, "another task", about]))


def test_a_killed_export_is_not_there_and_the_next_one_is_whole(recorded, recordings, tmp_path):
    script = """
import os, signal, sys
from pathlib import Path
from robot_meta.formats.lerobot.export import export_lerobot
from robot_meta.formats.selection import EpisodeSelection
export_lerobot(
    EpisodeSelection(Path(sys.argv[1])), Path(sys.argv[2]),
    lambda: os.kill(os.getpid(), signal.SIGKILL))
"""
    target = tmp_path / "out"
    done = subprocess.run([sys.executable, "-c", script, recorded, target], timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert not target.exists() and (tmp_path / "out.partial").exists()
    export_lerobot(recordings.selection(recorded), target)
    assert not (tmp_path / "out.partial").exists()
    import_lerobot(LerobotReader(target), tmp_path / "back")
    recordings.assert_same(recorded, tmp_path / "back")


@pytest.mark.parametrize("filmed", [False, True])
def test_a_full_disk_leaves_nothing_and_says_so(recorded, recordings, tmp_path, filmed):
    if filmed:
        for key in ("episode 0", "episode 1", "episode 3"):
            recordings.film(recorded, key, 1000.0, 60)
    script = """
import resource, sys
from robot_meta.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
sys.exit(main(["data", "export", sys.argv[1], sys.argv[2], "--format", "lerobot", "--quiet"]))
"""
    target = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", script, recorded, target],
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert done.returncode == RecordingFailed.exit_code
    assert f"cannot write {target}: File too large. Nothing is left of it" in done.stderr
    assert not target.exists() and not (tmp_path / "out.partial").exists()
    recordings.assert_same(recorded, recorded)


def test_two_exports_to_one_folder_do_not_meet(recorded, recordings, tmp_path):
    partial = tmp_path / "out.partial"
    partial.mkdir()
    (partial / "of the other one").write_text("")
    held = os.open(partial, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(RecordingFailed, match="another process is writing"):
        export_lerobot(recordings.selection(recorded), tmp_path / "out")
    assert [path.name for path in partial.iterdir()] == ["of the other one"]
    os.close(held)
    export_lerobot(recordings.selection(recorded), tmp_path / "out")


def test_an_interrupted_export_cleans_up(recorded, recordings, tmp_path):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_lerobot(recordings.selection(recorded), tmp_path / "out", interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_two_rates_do_not_go_into_one_data_set(recordings, tmp_path):
    foreign(tmp_path / "theirs")
    import_lerobot(LerobotReader(tmp_path / "theirs"), tmp_path / "both")
    faster = tmp_path / "faster"
    foreign(faster)
    table = pq.read_table(faster / DATA)
    quick = pa.array(table.column("timestamp").to_numpy() / 2)
    place = table.column_names.index("timestamp")
    pq.write_table(table.set_column(place, "timestamp", quick), faster / DATA)
    import_lerobot(LerobotReader(faster), tmp_path / "both")
    with pytest.raises(ValueError, match="select episodes of one rate"):
        export_lerobot(recordings.selection(tmp_path / "both"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_a_store_says_of_all_its_episodes_goes_along(recorded, recordings, tmp_path):
    said = {"config": {"robot": "fr3", "seed": 3}, "action": ["x", "y"], "commit": "abc"}
    (recorded / PLAY).write_text(json.dumps(said))
    export_lerobot(recordings.selection(recorded), tmp_path / "out")
    import_lerobot(LerobotReader(tmp_path / "out"), tmp_path / "back")
    assert recordings.selection(tmp_path / "back").origin == said
    assert recordings.selection(tmp_path / "back").names == recordings.selection(recorded).names
