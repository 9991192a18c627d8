"""Generated play in a store: reproducible, resumable, told again from what was stored."""

import dataclasses
import json

import numpy as np
import pytest

from robot_meta.cli.main import main
from robot_meta.collection.play.episode import PlayConfig
from robot_meta.collection.play.generate import ABOUT, generate
from robot_meta.collection.play.summary import all_states, stored_episodes, summarize
from robot_meta.collection.recorder import Recorder
from robot_meta.errors import BadConfig
from robot_meta.replay.journal import Journal, Note
from robot_meta.replay.snapshot import Snapshot

pytestmark = pytest.mark.sim
SHORT = PlayConfig(duration=0.5)


def content(path):
    """Everything in a store that a seed decides, by key of the episode."""
    return {
        episode.key: (episode.task, episode.about, batch.stamp.tobytes())
        + tuple(values.tobytes() for values in batch.values.values())
        for episode, batch in stored_episodes(path)
    }


@pytest.fixture(scope="module")
def four(tmp_path_factory):
    """Four short episodes."""
    path = tmp_path_factory.mktemp("play") / "four"
    generate(SHORT, path, 4)
    return path


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_workers(four, tmp_path):
    generate(SHORT, tmp_path / "two", 4, workers=2)
    assert content(tmp_path / "two") == content(four)
    generate(dataclasses.replace(SHORT, seed=1), tmp_path / "other", 1)
    one, other = content(four)["play 0 0"], content(tmp_path / "other")["play 1 0"]
    assert one[3] != other[3]


def test_what_is_there_is_kept_and_the_rest_is_played(four, tmp_path):
    counted = []
    assert generate(SHORT, tmp_path, 2, progress=lambda: counted.append(1)) == 2
    assert generate(SHORT, tmp_path, 4, progress=lambda: counted.append(1)) == 2
    assert len(counted) == 6
    assert content(tmp_path) == content(four)


def test_an_episode_that_a_kill_cut_is_completed(four, tmp_path, monkeypatch):
    """As a kill between two commits leaves it: begun, with some of its transitions."""

    def cut(self, whole):
        half = {name: values[:4] for name, values in whole.values.items()}
        extend(self, dataclasses.replace(whole, values=half, stamp=whole.stamp[:4], ending=None))
        raise KeyboardInterrupt

    extend = Recorder.extend
    generate(SHORT, tmp_path, 1)
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(Recorder, "extend", cut)
        generate(SHORT, tmp_path, 4)
    assert len(Snapshot(tmp_path)) == SHORT.ticks + 4
    generate(SHORT, tmp_path, 4)
    assert content(tmp_path) == content(four)


def test_a_folder_with_other_play_or_other_things_is_left_alone(four, tmp_path):
    with pytest.raises(BadConfig, match="another configuration"):
        generate(dataclasses.replace(SHORT, seed=1), four, 1)
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(BadConfig, match="something else"):
        generate(SHORT, tmp_path, 1)


def test_it_says_what_is_stored(four):
    about = json.loads((four / ABOUT).read_text())
    (_, batch), *_ = stored_episodes(four)
    assert len(about["state"]) == batch.values["state"].shape[1]
    assert len(about["action"]) == batch.values["requested"].shape[1]
    assert about["config"]["seed"] == 0


def test_each_next_state_is_the_state_that_follows(four):
    for _, batch in stored_episodes(four):
        states = all_states(batch)
        np.testing.assert_array_equal(states[1:-1], batch.values["state"][1:])
        np.testing.assert_array_equal(states[1:], batch.values["next_state"])


def test_discarded_episodes_do_not_count(four, tmp_path):
    generate(SHORT, tmp_path, 2)
    journal = Journal(tmp_path)
    journal.add(Note(episode="play 0 1", kind="discarded", step=0))
    journal.close()
    assert [episode.key for episode, _ in stored_episodes(tmp_path)] == ["play 0 0"]


def test_the_command_plays_and_tells_what_happened(tmp_path, capsys):
    command = ["collect", "play", "--episodes", "1", "--out", str(tmp_path / "play"), "--quiet"]
    assert main([*command, "--seed", "3"]) == 0
    assert "1 episodes: 1 " in capsys.readouterr().out
    assert sum(summarize(tmp_path / "play", 0.05).kinds.values()) == 1
    assert main([*command, "--seed", "4"]) == BadConfig.exit_code
    assert "another configuration" in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--episodes", "0"], ["--skills", "fly"], ["--workers", "0"]])
def test_bad_arguments_are_one_clear_line(tmp_path, capsys, option):
    assert main(["collect", "play", "--out", str(tmp_path / "p"), "--quiet", *option]) == 2
    error = capsys.readouterr().err
    assert error.startswith("robot-meta: error:") and error.count("\n") == 1
    assert not (tmp_path / "p").exists()
