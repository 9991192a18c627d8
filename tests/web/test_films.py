"""Clips as pictures: filmed ones as the camera saw them, others drawn from their states."""

import io

import numpy as np
import pytest
from PIL import Image

from robot_meta.annotation.clips import Clip
from robot_meta.collection.desk_state import recorded_state
from robot_meta.replay.store import ReplayStore
from robot_meta.replay.transitions import Transitions
from robot_meta.robots.description import arm_description
from robot_meta.web.films import DRAWN, Films

pytestmark = pytest.mark.sim
CLIP = Clip("play 0", 20, 60)


def pictures(film):
    return [np.asarray(Image.open(io.BytesIO(frame)), dtype=int) for frame in film.frames]


def test_a_clip_is_drawn_from_its_states_as_fast_as_it_was(play):
    with Films(play) as films:
        film = films.of(CLIP)
        assert films.of(CLIP) is film, "drawn once"
    first, *_, last = seen = pictures(film)
    assert film.source == DRAWN
    assert len(seen) / film.fps == pytest.approx(2.0)
    assert np.abs(first - last).max(axis=2).astype(bool).mean() > 0.02, "the arm does not move"
    colours = len(np.unique(first.reshape(-1, 3) // 32, axis=0))
    assert colours > 20, "there is no desk in the picture"


def test_a_filmed_clip_shows_what_the_camera_saw(play, film):
    film(play, "play 0", "camera", 20)
    with Films(play) as films:
        seen = films.of(CLIP)
        assert films.of(Clip("play 1", 20, 60)).source == DRAWN, "the other one was not filmed"
    assert (seen.source, seen.sources) == ("camera", ("camera", DRAWN))
    shades = [picture.mean() for picture in pictures(seen)]
    assert shades[0] == pytest.approx(20 + 2 * 20, abs=6)
    assert np.diff(shades).min() > 0


def test_of_several_cameras_one_is_chosen_and_the_clip_can_still_be_drawn(play, film):
    film(play, "play 0", "camera", 20)
    film(play, "play 0", "wrist_camera", 60)
    with Films(play) as films:
        wrist, drawn = films.of(CLIP, "wrist_camera"), films.of(CLIP, DRAWN)
        assert films.of(CLIP).sources == wrist.sources == ("camera", "wrist_camera", DRAWN)
        with pytest.raises(ValueError, match="'roof' did not film .*; camera, wrist_camera did"):
            films.of(CLIP, "roof")
    assert pictures(wrist)[0].mean() == pytest.approx(60 + 2 * 20, abs=6)
    assert (drawn.source, len(drawn.frames)) == (DRAWN, len(wrist.frames))
    assert pictures(drawn)[0].std() > 20, "the desk, not a grey picture"


def test_an_episode_that_was_recorded_since_is_shown(play, record):
    with Films(play) as films:
        films.of(CLIP)
        record(play, "play 9")
        assert films.of(Clip("play 9", 0, 40)).source == DRAWN


def test_a_video_that_is_none_does_not_keep_anybody_from_the_clip(play):
    folder = play / "videos" / "play 0"
    folder.mkdir(parents=True)
    (folder / "camera.0.mp4").write_bytes(b"no video" * 100)
    with Films(play) as films:
        assert films.of(CLIP).source == ""


def test_an_episode_that_is_not_there_is_named(play):
    with Films(play) as films, pytest.raises(ValueError, match="no episode of the clip 'x' 0 to"):
        films.of(Clip("x", 0, 40))


def test_an_arm_without_a_desk_is_drawn_alone(tmp_path):
    position = arm_description("fr3").spec.home
    state = recorded_state(position, np.zeros(7), np.zeros(3))
    with ReplayStore(tmp_path, fields={"state": len(state)}) as store:
        moves = Transitions({"state": np.tile(state, (40, 1))}, 0.02 * np.arange(40))
        store.append(store.begin_episode("alone"), moves)
    with Films(tmp_path) as films:
        film = films.of(Clip("alone", 0, 40))
    assert len(film.frames) / film.fps == pytest.approx(0.8, abs=0.06)
    assert len(np.unique(pictures(film)[0].reshape(-1, 3) // 32, axis=0)) > 5
