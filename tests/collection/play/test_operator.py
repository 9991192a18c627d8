"""The scripted operator does what it means to, through the guard, on desks of any seed."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from robot_meta.collection.desk_state import desk_states, state_names
from robot_meta.collection.play.episode import PlayConfig, Stage
from robot_meta.collection.play.operator import OperatorConfig
from robot_meta.twin.desk.predicates import SKILLS, events
from robot_meta.twin.desk.state import STATE

pytestmark = pytest.mark.sim
ALWAYS = OperatorConfig(complete=1, partial=0, wrong=0, arm_only=0, idle=0, two_events=0)
NEVER = {"complete": 0, "partial": 0, "wrong": 0, "arm_only": 0, "idle": 0, "two_events": 0}


def play(config, number):
    """Episode `number`, and what can be seen on the desk in it."""
    stage = Stage(config)
    episode = stage.play(number)
    stage.close()
    return episode, desk_states(np.array([step.state for step in episode.steps]))


def played_kind(kind, numbers, **options):
    config = PlayConfig(operator=OperatorConfig(**{**NEVER, kind: 1, **options}))
    stage = Stage(config)
    for number in numbers:
        episode = stage.play(number)
        yield episode, desk_states(np.array([step.state for step in episode.steps]))
    stage.close()


@pytest.mark.parametrize("name", SKILLS)
def test_every_skill_is_within_reach(name):
    """Shown on the first desk on which it is possible."""
    config = PlayConfig(operator=dataclasses.replace(ALWAYS, skills=(name,)))
    stage = Stage(config)
    episodes = (stage.play(number) for number in range(40))
    episode = next(e for e in episodes if e.about["kind"] == "complete")
    stage.close()
    states = desk_states(np.array([step.state for step in episode.steps]))
    assert SKILLS[name].success(states, config.control_dt).any()
    assert name in [event.skill for event in events(states, config.control_dt)]
    assert episode.about["held"] == ""


def test_a_partial_episode_gets_somewhere_and_not_all_the_way():
    pushes = ("open_drawer", "close_drawer", "slide_door_left", "slide_door_right")
    seen = 0
    for episode, states in played_kind("partial", range(6), skills=pushes):
        if episode.about["kind"] == "partial":
            progress = SKILLS[episode.about["skill"]].progress(states[0], states)
            assert 0.15 < progress.max() < 0.99
            seen += 1
    assert seen >= 3


def test_in_a_wrong_episode_something_else_happens_than_was_meant():
    wrong = 0
    for episode, states in played_kind("wrong", range(4)):
        happened = {event.skill for event in events(states, 0.05)}
        assert episode.about["skill"] not in happened
        wrong += bool(happened)
    assert wrong >= 3


@pytest.mark.parametrize("kind", ["arm_only", "idle"])
def test_where_nothing_is_touched_nothing_happens(kind):
    for episode, states in played_kind(kind, range(2)):
        assert events(states, 0.05) == []
        tool = np.array([step.state[14:17] for step in episode.steps])
        travelled = np.linalg.norm(np.diff(tool, axis=0), axis=1).sum()
        assert (travelled > 0.2) == (kind == "arm_only")


def test_random_actions_move_the_arm():
    ((episode, _),) = played_kind("random", [0])
    requested = np.array([step.requested[:3] for step in episode.steps])
    assert requested.std(axis=0).min() > 0.1
    assert episode.task == "random"


def test_kinds_come_in_the_shares_that_were_asked_for():
    """Drawn without playing: the first thing that an episode's operator does."""
    from robot_meta.collection.play.moves import Sight
    from robot_meta.collection.play.operator import Operator

    sight = Sight(tool=np.zeros(3), state=np.zeros(len(STATE)), handles={}, period=0.05)
    config = OperatorConfig()
    kinds = Counter(Operator(config, (0, n), 0.24, sight).intent.kind for n in range(2000))
    for kind, count in kinds.items():
        assert count / 2000 == pytest.approx(getattr(config, kind), abs=0.04)


def test_the_same_number_is_the_same_episode_whatever_was_played_before():
    config = PlayConfig(duration=2.0)
    stage = Stage(config)
    first = stage.play(5)
    stage.play(6)
    again = stage.play(5)
    stage.close()
    assert first.about == again.about
    for one, other in zip(first.steps, again.steps, strict=True):
        np.testing.assert_array_equal(one.state, other.state)
        np.testing.assert_array_equal(one.requested, other.requested)


def test_another_seed_is_another_episode():
    one, _ = play(PlayConfig(duration=0.5), 0)
    other, _ = play(PlayConfig(duration=0.5, seed=1), 0)
    assert not np.array_equal(one.steps[0].state, other.steps[0].state)


def test_what_is_sent_is_what_the_guard_sent_and_stays_within_its_limits():
    episode, _ = play(PlayConfig(operator=ALWAYS), 1)
    assert len(episode.steps) == 201
    for before, after in zip(episode.steps, episode.steps[1:], strict=False):
        np.testing.assert_array_equal(after.commanded.position[0], before.commanded.position[1])
        np.testing.assert_array_equal(after.commanded.velocity[0], before.commanded.velocity[1])


def test_every_entry_of_a_recorded_state_has_a_name():
    episode, _ = play(PlayConfig(duration=0.5), 0)
    assert len(state_names(7)) == len(episode.steps[0].state)


@pytest.mark.parametrize(
    "options, hint",
    [({"complete": 0.9}, "sum to 1"), ({"skills": ("fly",)}, "fly"), ({"two_events": 0.6}, "two")],
)
def test_a_bad_mixture_is_refused(options, hint):
    with pytest.raises(ValueError, match=hint):
        OperatorConfig(**options)
