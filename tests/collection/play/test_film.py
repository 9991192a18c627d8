"""Play that was generated without pictures is filmed afterwards, from its states."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av")

from robot_meta.collection.play.episode import PlayConfig  # noqa: E402
from robot_meta.collection.play.film import FilmConfig, film  # noqa: E402
from robot_meta.collection.play.generate import generate  # noqa: E402
from robot_meta.collection.play.summary import stored_episodes  # noqa: E402
from robot_meta.collection.video.files import parts  # noqa: E402
from robot_meta.collection.video.reader import open_videos  # noqa: E402
from robot_meta.errors import BadConfig, NotConnected  # noqa: E402
from robot_meta.replay.store import ReplayStore  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402
from robot_meta.twin.desk.layout import draw_layout  # noqa: E402
from robot_meta.twin.state_camera import StateCamera  # noqa: E402

pytestmark = pytest.mark.sim
SMALL = {"width": 96, "height": 64}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    try:
        StateCamera(arm_description("fr3"), "camera", 96, 64).close()
    except NotConnected as error:
        pytest.skip(str(error))
    path = tmp_path_factory.mktemp("play")
    generate(PlayConfig(duration=2.0), path, 3)
    return path


def test_every_episode_is_seen_as_its_states_say_and_once_only(store):
    config = FilmConfig(fps=5.0, **SMALL)
    assert film(config, store) == 3
    files = [path for e, _ in stored_episodes(store) for path in parts(store, e.key)["camera"]]
    before = [path.stat().st_mtime_ns for path in files]
    assert film(config, store) == 0
    assert [path.stat().st_mtime_ns for path in files] == before
    description = arm_description("fr3")
    for episode, batch in stored_episodes(store):
        with open_videos(store, episode.key)["camera"] as video:
            np.testing.assert_allclose(video.stamp, batch.stamp[::4], atol=1e-6)
            number = len(video) - 1
            seen = video.frame(number).astype(float)
        state = batch.values["state"][4 * number].astype(float)
        with StateCamera(description, "camera", 96, 64) as camera:
            camera.lay_out(draw_layout(episode.about["layout_seed"]))
            true = camera.picture(state[:7], state[17:])
            assert np.abs(seen - true).mean() < 6.0
            camera.lay_out(draw_layout(episode.about["layout_seed"] + 1))
            assert np.abs(seen - camera.picture(state[:7], state[17:])).mean() > 12.0


def test_the_command_films_with_the_camera_on_the_hand(store):
    """In a process of its own, which has to find out by itself how to draw."""
    arguments = ["collect", "film", "--out", store, "--camera", "wrist_camera", "--quiet"]
    environment = {k: v for k, v in os.environ.items() if k != "MUJOCO_GL"}
    done = subprocess.run(
        [sys.executable, "-m", "robot_meta.cli.main", *map(str, arguments), "--fps", "2"]
        + ["--size", "32", "32"],
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "3 episodes filmed" in done.stdout
    for episode, _ in stored_episodes(store):
        with open_videos(store, episode.key)["wrist_camera"] as video:
            assert len(video) == 4 and video.frame(3).shape == (32, 32, 3)


def test_a_store_without_a_desk_is_told(store, tmp_path):
    with ReplayStore(tmp_path / "other", fields={"state": 3}):
        pass
    with pytest.raises(BadConfig, match="holds the state of a desk"):
        film(FilmConfig(**SMALL), tmp_path / "other")


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"camera": "eye"}, "camera must be one of"),
        ({"width": 95}, "even width"),
        ({"fps": 0}, "fps"),
    ],
)
def test_a_film_that_cannot_be_is_refused(values, match):
    with pytest.raises(ValueError, match=match):
        FilmConfig(**values)
