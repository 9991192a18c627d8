"""Walks go out of a store and come back like the play of an arm."""

import numpy as np
import pytest

from robot_meta.cli import data
from robot_meta.collection.live_steps import LiveSteps
from robot_meta.collection.lockstep import lockstep
from robot_meta.collection.period_record import record_of
from robot_meta.collection.recorder import Recorder
from robot_meta.formats.selection import EpisodeSelection
from robot_meta.legged_types import VelocityCommand
from robot_meta.robots.description import legged_description
from robot_meta.robots.guarded import GuardedDriver
from robot_meta.safety.walking_guard import WalkingGuard
from robot_meta.twin.legged.robot import LeggedTwin

GO2 = legged_description("go2")
WANTED = np.array([0.3, 0.0, 0.1])


@pytest.fixture
def walk(tmp_path):
    """A store with a walk of three seconds, and what the guard sent in it."""
    record, sent = record_of("go2"), []
    live = LiveSteps(record)

    def act(observation, commanded):
        live.ask(command := VelocityCommand(stamp=observation.stamp, velocity=WANTED))
        return command

    about = {"config": {"robot": "go2"}, "state": record.names, "instruction": "go", "who": "ada"}
    store = tmp_path / "store"
    with LeggedTwin(GO2) as twin, Recorder(store, record.fields, record.control_dt) as recorder:
        driver = GuardedDriver(twin, WalkingGuard(GO2.spec))
        driver.arm()
        recorder.start("walk", "door", about)
        for tick in lockstep(driver, act, 30):
            sent.append(tick.commanded.velocity[1])
            for step in live.period(tick.observation, tick.commanded):
                recorder.add(step)
    return store, np.array(sent)


def test_a_walk_holds_what_was_asked_sent_and_came_of_it(walk):
    store, sent = walk
    (episode,) = EpisodeSelection(store)
    values = episode.steps.values
    state = dict(zip(record_of("go2").names, values["state"].T, strict=True))
    count = len(episode.steps)
    np.testing.assert_allclose(values["commanded"], sent[:count], atol=1e-6)
    np.testing.assert_allclose(values["reference"][1:], values["commanded"][:-1])
    np.testing.assert_allclose(values["requested"][1:], np.tile(WANTED, (count - 1, 1)), atol=1e-6)
    np.testing.assert_array_equal(values["measured"][:-1, 2], state["turning"][1:])
    assert state["vx"][-1] == pytest.approx(0.3, abs=0.1)
    heading = 0.5 * (state["heading"][1:] + state["heading"][:-1])
    ahead = np.cos(heading) * state["vx"][1:] - np.sin(heading) * state["vy"][1:]
    assert np.ptp(state["x"]) == pytest.approx(GO2.spec.control_dt * ahead.sum(), abs=0.05)


@pytest.mark.parametrize("form", ["lerobot", "mcap"])
def test_a_walk_goes_out_and_comes_back_bit_for_bit(walk, recordings, tmp_path, form):
    store, out, back = walk[0], tmp_path / "out", tmp_path / "back"
    assert data.main(["export", "--quiet", "--format", form, str(store), str(out)]) == 0
    assert data.main(["import", "--quiet", str(out), str(back)]) == 0
    recordings.assert_same(store, back)
    assert data.main(["verify", "--quiet", str(back)]) == 0


def test_there_is_no_desk_before_a_robot_that_walks():
    with pytest.raises(ValueError, match="go2 walks.*want scene 'table'"):
        record_of("go2", scene=True)
