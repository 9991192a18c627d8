"""`robot-meta data` over stores of episodes: what is in them, and whether it makes sense."""

import json
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from robot_meta.annotation.annotations import label
from robot_meta.annotation.clips import Clip
from robot_meta.annotation.history import HISTORY, AnnotationHistory
from robot_meta.cli.main import main
from robot_meta.collection.recording import RUN_FILE
from robot_meta.errors import BadDataset, StoreDamaged, StoreVersion
from robot_meta.formats.checking import check_episodes
from robot_meta.formats.mcap.export import export_mcap
from robot_meta.replay.journal import JOURNAL
from robot_meta.replay.store import ReplayStore
from robot_meta.replay.transitions import TRUNCATED, Transitions


def test_ls_gives_a_line_per_episode_and_filters(recorded, capsys):
    assert main(["data", "ls", str(recorded)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == [
        f"episode {n}" for n in (0, 1, 3)
    ]
    assert "öffne die Schublade 1" in lines[3] and "| ben | fr3   | 29 " in lines[3]
    assert main(["data", "ls", str(recorded), "--all", "--task", "task 0"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and "discarded" in lines[3] and "discarded" not in lines[2]
    assert main(["data", "ls", str(recorded), "--who", "nobody"]) == 0
    assert capsys.readouterr().out == "no episode\n"


def test_info_counts_episodes_hours_tasks_people_and_robots(recorded, capsys):
    assert main(["data", "info", str(recorded)]) == 0
    text = capsys.readouterr().out
    assert "3 episodes, 0.00 h, 86 transitions" in text and "1 more episodes are discarded" in text
    for row in ("task  | task 1 | 2", "who   | ben    | 2", "robot | fr3    | 3"):
        assert row in text


def test_a_sound_store_verifies(recorded, capsys):
    assert main(["data", "verify", str(recorded), "--quiet"]) == 0
    assert "4 episodes checked: 0 problems" in capsys.readouterr().out


def write(path, state, stamp, ending=None):
    values = {"state": state[:-1, None], "next_state": state[1:, None]}
    with ReplayStore(path, fields={"state": 1, "next_state": 1}) as store:
        store.append(store.begin_episode("a"), Transitions(values, stamp, ending))


def test_time_that_runs_back_is_a_problem(tmp_path, capsys):
    stamp = np.arange(10.0)
    stamp[6] = 4.5
    write(tmp_path / "store", np.arange(11.0), stamp)
    assert main(["data", "verify", str(tmp_path / "store")]) == StoreDamaged.exit_code
    assert "'a': time runs back, or stands still, after step 5" in capsys.readouterr().out


def test_states_that_do_not_follow_are_a_problem_but_not_across_a_cut(tmp_path):
    store = tmp_path / "store"
    write(store, np.arange(11.0), np.arange(10.0))
    with ReplayStore(store, fields={"state": 1, "next_state": 1}) as writer:
        for key, ending in (("b", 0), ("c", TRUNCATED)):
            number = writer.begin_episode(key)
            for first in (0.0, 70.0):
                state, stamp = first + np.arange(6.0), first / 14 + np.arange(5.0)
                values = {"state": state[:-1, None], "next_state": state[1:, None]}
                endings = np.array([0, 0, 0, 0, ending], np.uint32)
                writer.append(number, Transitions(values, stamp, endings))
    (problem,) = check_episodes(store)
    assert problem.where == "'b'"
    assert problem.what == "what step 4 ended in is not what step 5 began in"


@pytest.mark.parametrize("name", [JOURNAL, HISTORY])
def test_altered_lines_about_episodes_are_found(recorded, capsys, name):
    AnnotationHistory(recorded).add(label("ann", Clip("episode 0", 0, 9), "opens it"))
    content = (recorded / name).read_bytes()
    (recorded / name).write_bytes(content.replace(b"ann", b"bnn", 1))
    assert main(["data", "verify", str(recorded)]) == StoreDamaged.exit_code
    assert f"{name}: 1 lines" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["lerobot", "mcap"])
def test_an_export_is_verified_and_damage_to_it_is_found(recorded, tmp_path, capsys, kind):
    target = tmp_path / "out"
    assert main(["data", "export", str(recorded), str(target), "--format", kind]) == 0
    assert main(["data", "verify", str(target), "--quiet"]) == 0
    assert "exported episodes checked: whole" in capsys.readouterr().out
    files = sorted(p for p in target.rglob("*") if p.suffix in (".parquet", ".mcap"))
    damaged = bytearray(files[0].read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    files[0].write_bytes(damaged[: 3 * len(damaged) // 4])
    assert main(["data", "verify", str(target), "--quiet"]) == BadDataset.exit_code
    assert str(target) in capsys.readouterr().err


@pytest.mark.parametrize("action", ["ls", "info", "verify", "export"])
def test_a_newer_store_is_refused_by_everything(recorded, tmp_path, action):
    content = json.loads((recorded / "manifest.json").read_text())
    (recorded / "manifest.json").write_text(json.dumps({**content, "format": 9}))
    more = [str(tmp_path / "out"), "--format", "mcap"] if action == "export" else []
    assert main(["data", action, str(recorded), *more]) == StoreVersion.exit_code
    assert not (tmp_path / "out").exists()


def test_an_import_that_was_killed_goes_on(recorded, recordings, tmp_path):
    target, store = tmp_path / "out", tmp_path / "back"
    assert main(["data", "export", str(recorded), str(target), "--format", "mcap"]) == 0
    script = """
import os, signal, sys
from pathlib import Path
from robot_meta.formats.mcap.importing import exported_episodes, import_mcap
import_mcap(
    exported_episodes(Path(sys.argv[1])), Path(sys.argv[2]),
    lambda: os.kill(os.getpid(), signal.SIGKILL))
"""
    done = subprocess.run([sys.executable, "-c", script, target, store], timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert main(["data", "import", str(target), str(store), "--quiet"]) == 0
    recordings.assert_same(recorded, store)


def test_videos_are_listed_and_checked(recorded, recordings, tmp_path, capsys):
    for key, begin in {"episode 0": 1000.0, "episode 1": 1000.0, "episode 3": 1000.0}.items():
        recordings.film(recorded, key, begin, 60)
    recordings.film(recorded, "episode 0", 1000.0, 60, camera="wrist")
    assert main(["data", "verify", str(recorded), "--quiet"]) == 0
    assert main(["data", "ls", str(recorded), "--episode", "episode 0"]) == 0
    assert "| front, wrist |" in capsys.readouterr().out
    assert main(["data", "info", str(recorded)]) == 0
    assert "3 episodes are filmed" in capsys.readouterr().out
    target = str(tmp_path / "out")
    assert main(["data", "export", str(recorded), target, "--format", "lerobot"]) == 0
    assert "not every episode was filmed alike: wrist" in capsys.readouterr().out
    assert main(["data", "import", target, str(tmp_path / "back")]) == 0
    assert "left out" not in capsys.readouterr().out
    recordings.assert_same(recorded, tmp_path / "back")
    recordings.film(recorded, "episode 2", 5000.0, 9)
    recordings.film(recorded, "nobody", 1000.0, 9)
    (recorded / "videos/episode 1/front.0.mp4").write_bytes(b"\0\0\0\x18ftypisom")
    assert main(["data", "verify", str(recorded), "--quiet"]) == StoreDamaged.exit_code
    out = capsys.readouterr().out
    assert "'episode 2': its video of 'front' is of another time than its steps" in out
    assert "'episode 1': its video of 'front' holds no frame" in out
    assert "videos/nobody: films an episode that is not there" in out


def test_a_half_copied_store_is_found_and_what_is_there_is_kept(recorded, tmp_path, capsys):
    half = tmp_path / "half"
    shutil.copytree(recorded, half)
    (rows,) = (half / "segments").glob("*.rows")
    with rows.open("r+b") as file:
        file.truncate(rows.stat().st_size // 2)
    assert main(["data", "verify", str(half)]) == StoreDamaged.exit_code
    for _ in range(2):
        assert main(["data", "repair", str(half)]) == 0
        assert main(["data", "verify", str(half), "--quiet"]) == 0
    assert "4 episodes" not in capsys.readouterr().out.splitlines()[-1]


def test_repair_closes_a_cut_run_and_leaves_a_whole_one_alone(
    recorded, recordings, tmp_path, capsys
):
    export_mcap(recordings.selection(recorded), tmp_path / "out")
    run = tmp_path / "out" / "episode_000000"
    whole = (run / RUN_FILE).read_bytes()
    assert main(["data", "repair", str(run)]) == 0
    assert (run / RUN_FILE).read_bytes() == whole
    (run / RUN_FILE).write_bytes(whole[:5000])
    for _ in range(2):
        assert main(["data", "repair", str(run)]) == 0
        repaired = (run / RUN_FILE).read_bytes()
    assert capsys.readouterr().out.splitlines()[-1].endswith("0 bytes of a torn end were cut off")
    assert repaired.startswith(whole[:4000])
