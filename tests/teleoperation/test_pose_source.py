"""A hand in space: the tool follows its motion since the clutch closed, and nothing else."""

import mink
import numpy as np
import pytest

from robot_meta.perception.poses import Pose
from robot_meta.teleoperation.clutch import Hold
from robot_meta.teleoperation.following import FollowingConfig
from robot_meta.teleoperation.motion import MotionConfig
from robot_meta.teleoperation.pose_source import PoseSource

DT = 0.02
AWAY = np.array([3.0, -2.0, 1.0])  # where the hand is has nothing to do with where the tool is
pytestmark = pytest.mark.sim


def pose(position, turn=(0.0, 0.0, 0.0)):
    rotation = mink.SO3.exp(np.array(turn, float)).as_matrix()
    return Pose(position=np.array(position, float), rotation=rotation)


class Person:
    """Moves a hand, and says every period whether the clutch is held."""

    def __init__(self, driven, config=None):
        self.driven = driven(config or MotionConfig(share=1.0))
        self.source, self.now = PoseSource(), 0.0

    def move(self, hand, count=1, closed=True):
        """Hold the hand there for some periods; the word of the clutch is repeated in each."""
        for _ in range(count):
            self.now += DT
            self.source.take_hand(hand, self.now)
            self.source.take_clutch(closed, self.now)
            self.driven.period(self.source.read(self.now))

    def fall_silent(self, count):
        for _ in range(count):
            self.now += DT
            self.driven.period(self.source.read(self.now))

    def glide(self, begin, end, count, turn=(0.0, 0.0, 0.0)):
        for share in np.linspace(0.0, 1.0, count):
            place = np.array(begin) + share * (np.array(end) - np.array(begin))
            self.move(pose(place, share * np.array(turn)))


@pytest.fixture
def person(driven):
    return Person(driven)


def test_the_tool_goes_as_far_as_the_hand_wherever_the_hand_began(person):
    start = person.driven.tool
    way = np.array([0.06, -0.08, 0.05])
    person.glide(AWAY, AWAY + way, 80)
    person.move(pose(AWAY + way), 40)
    np.testing.assert_allclose(person.driven.tool, start + way, atol=2e-3)
    assert person.driven.reasons(2) == set()


def test_the_tool_turns_as_far_as_the_hand_about_its_own_point(person):
    place, turned = person.driven.tool, person.driven.rotation
    turn = np.array([0.2, -0.1, 0.4])
    person.glide(AWAY, AWAY, 80, turn)
    person.move(pose(AWAY, turn), 40)
    wanted = mink.SO3.exp(turn).as_matrix() @ turned
    np.testing.assert_allclose(person.driven.rotation, wanted, atol=0.02)
    np.testing.assert_allclose(person.driven.tool, place, atol=2e-3)


def test_what_the_hand_does_with_an_open_clutch_moves_nothing(person):
    start = person.driven.tool
    person.glide(AWAY, AWAY + 0.05, 40)
    reached = person.driven.tool
    person.move(pose(AWAY + 0.05), 10, closed=False)
    person.move(pose(AWAY - 1.0), 10, closed=False)  # put the hand somewhere else
    person.move(pose(AWAY - 1.0), 20)
    np.testing.assert_allclose(person.driven.tool, reached, atol=4e-3)
    person.glide(AWAY - 1.0, AWAY - 1.05, 40)
    person.move(pose(AWAY - 1.05), 40)
    np.testing.assert_allclose(person.driven.tool, start, atol=8e-3)
    assert person.driven.reasons(2) == set()


def rest_after(person, last_word, count):
    """How long after the last word the reference was at rest for good, in periods, [s]."""
    begin = len(person.driven.commanded)
    first = person.now + DT - last_word  # of the periods to come, after the last word
    person.fall_silent(count)
    velocities = [np.abs(c.velocity[1]).max() for c in person.driven.commanded[begin:]]
    assert velocities[0] > 0.0, "it was moving"
    moving = max(number for number, velocity in enumerate(velocities) if velocity > 0.0)
    return first + (moving + 2) * DT  # `velocity[1]` is that at the end of a period


@pytest.mark.parametrize("share", [0.5, 1.0])
@pytest.mark.parametrize("late", np.linspace(0.0, 0.0199, 12))
def test_the_tool_is_at_rest_100_ms_after_the_last_word_or_after_being_let_go(driven, late, share):
    """Whenever between two readings that is."""
    person = Person(driven, MotionConfig(share=share))
    for closed in (True, False):
        person.move(pose(AWAY), closed=False)
        person.glide(AWAY, AWAY + [0.05, 0.0, 0.2], 20)
        word = person.now + late
        person.source.take_hand(pose(AWAY + [0.05, 0.0, 0.2]), word)
        person.source.take_clutch(closed, word)
        assert rest_after(person, word, 12) <= 0.1 + 1e-9
        assert person.driven.teleoperator.clutch.hold is Hold.OPEN
    assert person.driven.reasons(2) == set()


@pytest.mark.parametrize("what", ["hand", "clutch"])
def test_a_hand_that_is_not_seen_any_more_has_let_go_like_one_that_says_nothing(person, what):
    person.glide(AWAY, AWAY + [0.0, 0.0, 0.2], 20)
    for _ in range(12):
        person.now += DT
        if what == "hand":
            person.source.take_clutch(True, person.now)
        else:
            person.source.take_hand(pose(AWAY + [0.0, 0.0, 0.2]), person.now)
        person.driven.period(person.source.read(person.now))
    assert person.driven.teleoperator.clutch.hold is Hold.OPEN
    assert not person.driven.commanded[-7].velocity[1].any()


def test_a_source_that_stutters_rests_for_a_moment_and_goes_on_as_far_as_the_hand(person):
    start, way = person.driven.tool, np.array([0.0, 0.0, 0.06])
    for number in range(30):
        person.move(pose(AWAY + way * number / 30))
        if number % 10 == 9:
            person.fall_silent(3)
            assert not person.driven.commanded[-1].velocity[1].any()
            assert person.driven.teleoperator.clutch.hold is Hold.CLOSED
    person.move(pose(AWAY + way), 40)
    np.testing.assert_allclose(person.driven.tool, start + way, atol=2e-3)
    assert person.driven.reasons(2) == set()


def test_a_hand_that_is_suddenly_elsewhere_opens_the_clutch_for_good(person):
    person.move(pose(AWAY), 5)
    place = person.driven.tool
    person.move(pose(AWAY + 0.5), 50)
    np.testing.assert_array_equal(person.driven.tool, place)
    assert person.driven.teleoperator.clutch.hold is Hold.WAITING
    person.move(pose(AWAY + 0.5), 5, closed=False)
    person.glide(AWAY + 0.5, AWAY + 0.55, 30)
    assert np.linalg.norm(person.driven.tool - place) > 0.03


def test_a_tool_that_cannot_keep_up_stays_on_its_leash(driven):
    """Whatever the hand did meanwhile, the tool has at most 10 cm to go once the hand rests."""
    person = Person(driven, MotionConfig(share=0.1))
    person.glide(AWAY, AWAY + [0.0, 0.0, 1.0], 100)
    before = person.driven.tool
    person.move(pose(AWAY + [0.0, 0.0, 1.0]), 600)
    assert np.linalg.norm(person.driven.tool - before) < FollowingConfig().leash + 1e-3


def test_a_hand_that_was_seen_long_before_the_clutch_closed_does_not_count():
    source = PoseSource()
    source.take_hand(pose(AWAY), 1.0)
    source.take_clutch(True, 2.0)
    assert not source.read(2.0).engaged
    source.take_hand(pose(AWAY), 2.02)
    assert source.read(2.02).engaged


def test_the_width_of_the_hand_stands_and_one_that_was_asked_for_is_said_once():
    source = PoseSource()
    assert source.read(0.0).width is source.read(0.0).grip is None
    source.take_width(0.03)
    source.take_grip(0.08)
    reading = source.read(0.0)
    assert (reading.width, reading.grip) == (0.03, 0.08)
    reading = source.read(0.0)
    assert (reading.width, reading.grip) == (0.03, None)


def test_wrong_settings_are_said():
    with pytest.raises(ValueError, match="leash must be > 0"):
        FollowingConfig(leash=0.0)
    with pytest.raises(ValueError, match="want 0 < max_gap <= max_silence"):
        PoseSource(max_silence=0.01)
