"""How periods of reference join when they come late or early."""

import dataclasses

import numpy as np
import pytest

from robot_meta.robots.description import arm_description
from robot_meta.robots.playback import ReferencePlayback
from robot_meta.types import Reference

SPEC = arm_description("fr3").spec
N, J, SLACK = SPEC.samples_per_tick, SPEC.num_joints, 8


def period(k):
    """Samples k·n + 1 … (k + 1)·n of a motion by one unit per sample."""
    position = np.repeat(np.arange(k * N + 1, (k + 1) * N + 1)[:, None], J, axis=1).astype(float)
    return Reference(stamp=k * SPEC.control_dt, position=position, velocity=np.ones((N, J)))


def played(late, periods=30):
    """The stream when period k comes `late(k)` milliseconds after its stamp; slips counted."""
    playback, target, stream = ReferencePlayback(SPEC), np.zeros(2 * J), []
    playback.hold_at(np.zeros(J))
    arrivals = {k * N + late(k): k for k in range(periods)}
    for now in range(periods * N):
        if now in arrivals:
            playback.join(period(arrivals[now]), now * SPEC.reference_dt, SLACK)
        playback.next(target)
        stream.append(target[0])
    return np.array(stream), playback.slipped


def test_periods_that_come_in_time_join_exactly():
    stream, slipped = played(lambda k: 0)
    np.testing.assert_array_equal(np.diff(stream), 1.0)
    assert slipped == 0


def test_lateness_within_the_slack_costs_a_hold_once_and_none_later():
    late = np.random.default_rng(0).integers(0, SLACK + 1, 30)
    late[3] = SLACK
    stream, slipped = played(lambda k: int(late[k]))
    steps = np.diff(stream)
    assert set(steps) == {0.0, 1.0}  # never a leap
    assert slipped <= SLACK
    np.testing.assert_array_equal(steps[4 * N :], 1.0)


def test_a_period_that_comes_too_late_is_entered_where_its_stamp_says_and_counts_as_a_slip():
    stream, slipped = played(lambda k: SLACK + 3 if k == 10 else 0)
    assert slipped == SLACK + 3
    assert stream[10 * N + SLACK + 3] == 10 * N + SLACK + 4
    np.testing.assert_array_equal(np.diff(stream[12 * N :]), 1.0)


@pytest.mark.parametrize("left", [SLACK + 1, N])
def test_a_reference_that_comes_far_too_early_replaces_what_is_left(left):
    playback, target = ReferencePlayback(SPEC), np.zeros(2 * J)
    playback.play(period(0), N - left)
    playback.join(period(5), 5 * SPEC.control_dt, SLACK)
    playback.next(target)
    assert target[0] == 5 * N + 1
    assert playback.slipped == left


def test_standing_still_without_a_reference_is_no_slip():
    playback, target = ReferencePlayback(SPEC), np.zeros(2 * J)
    still = Reference(stamp=0.0, position=np.zeros((N, J)), velocity=np.zeros((N, J)))
    playback.join(still, 0.0, SLACK)
    for _ in range(3 * N):
        playback.next(target)
    assert playback.slipped == 0


@pytest.mark.parametrize("enter", ["play", "append", "join"])
def test_a_period_that_is_said_again_changes_what_is_still_to_come_and_no_timing(enter):
    playback, target, stream = ReferencePlayback(SPEC), np.zeros(2 * J), []
    playback.hold_at(np.zeros(J))
    more = {"play": (), "append": (SLACK,), "join": (0.0, SLACK)}[enter]
    first = period(0)
    getattr(playback, enter)(first, *more)
    lag = SLACK if enter == "append" else 0
    slower = first.position.copy()
    slower[12:] = slower[11]
    for sample in range(N + lag):
        if sample == 5:
            again = Reference(
                stamp=first.stamp, position=slower, velocity=first.velocity, first=12
            )
            getattr(playback, enter)(again, *more)
        playback.next(target)
        stream.append(target[0])
    np.testing.assert_array_equal(stream, [*[0.0] * lag, *slower[:, 0]])
    assert playback.slipped == 0


def test_what_is_said_again_of_a_period_that_was_dropped_moves_nothing():
    playback, target = ReferencePlayback(SPEC), np.zeros(2 * J)
    playback.play(period(0))
    playback.hold_at(np.full(J, 0.5))
    again = dataclasses.replace(period(0), first=12)
    playback.join(again, 0.0, SLACK)
    playback.next(target)
    assert (target == [*[0.5] * J, *[0.0] * J]).all()
