"""What is exported is read by LeRobot itself, in an environment of its own."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from robot_meta.formats.lerobot.export import export_lerobot

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-lerobot/bin/python"


def read_with_lerobot(dataset, folder):
    if not PYTHON.exists():
        pytest.skip("LeRobot is not installed: make setup-lerobot")
    environment = {
        **{k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        **{"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hf"), "OMP_NUM_THREADS": "1"},
    }
    script = Path(__file__).with_name("lerobot_reader.py")
    done = subprocess.run(
        [PYTHON, script, dataset, folder / "read.npz"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), np.load(folder / "read.npz")


def test_lerobot_sees_at_every_step_the_frame_that_was_newest(recorded, recordings, tmp_path):
    pytest.importorskip("av")
    selection = recordings.selection(recorded)
    wanted = []
    for seed, episode in enumerate(selection):
        stamps = episode.steps.stamp
        frames = 400 if seed == 2 else 60
        filmed = recordings.film(recorded, episode.episode.key, stamps[0] - 0.2, frames, seed=seed)
        wanted += (np.searchsorted(filmed, stamps + 1e-6, side="right") - 1).tolist()
    recordings.film(
        recorded, "episode 0", 1000.0, 30, camera="wrist"
    )  # of one episode only: left out
    assert export_lerobot(selection, tmp_path / "lerobot") == 4
    report, _ = read_with_lerobot(tmp_path / "lerobot", tmp_path)
    assert report["filmed"] == {"observation.images.front": wanted}
    assert report["colours"] == {"observation.images.front": [3, 1, 1]}


def test_lerobot_reads_every_number_of_an_export(recorded, recordings, tmp_path):
    exported = tmp_path / "lerobot"
    selection = recordings.selection(recorded)
    assert export_lerobot(selection, exported) == 4  # three, of which one has a gap
    report, columns = read_with_lerobot(exported, tmp_path)
    episodes = list(selection)
    lengths = [29, 29, 14, 14]
    ends = np.cumsum(lengths).tolist()
    assert report["bounds"] == list(map(list, zip([0, *ends[:-1]], ends, strict=True)))
    assert (report["episodes"], report["frames"], report["rate"]) == (4, sum(lengths), 20)
    assert report["robot"] == "fr3" and report["names"] == [f"s{i}" for i in range(17)]
    wanted = [e.instruction for e in episodes for _ in e.steps.stamp]
    assert report["tasks"] == wanted
    for column, field in {"observation.state": "state", "action": "requested"}.items():
        values = np.concatenate([e.steps.values[field] for e in episodes])
        assert columns[column].dtype == np.float32
        assert columns[column].tobytes() == values.tobytes()
    stamps = np.concatenate([e.steps.stamp for e in episodes])
    assert columns["stamp"].dtype == np.float64 and columns["stamp"].tobytes() == stamps.tobytes()
    assert report["item"] == episodes[0].steps.values["state"][5].tolist()
    assert report["window"] == [2, 17] and report["window_is_before"]
    assert report["batch"] == [16, 17]
    actions = np.concatenate([e.steps.values["requested"] for e in episodes])
    np.testing.assert_allclose(report["mean"], actions.mean(0, dtype=float), rtol=1e-9)
