"""Paths on the ground: where they lead, how fast, and looking where."""

from __future__ import annotations

import numpy as np
import pytest

from robot_meta.planning.pose_paths import (
    RAMP,
    TURNING,
    figure_eight,
    line,
    placed,
    square,
    straight,
)

PATHS = [line, figure_eight, square]


@pytest.mark.parametrize("make", PATHS)
def test_a_path_begins_at_rest_at_the_origin_and_keeps_its_speed(make):
    path = make(speed=0.5, duration=40.0)
    np.testing.assert_allclose(path.pose[0], 0.0, atol=1e-12)
    steps = np.diff(path.pose, axis=0)
    speed = np.linalg.norm(steps[:, :2], axis=1) / np.diff(path.stamp)
    running = path.stamp[:-1] >= RAMP
    np.testing.assert_allclose(speed[running], 0.5, rtol=0.01)
    assert speed[0] < 0.02
    assert path.stamp[-1] == pytest.approx(40.0)


@pytest.mark.parametrize("make", PATHS)
def test_the_heading_is_where_the_path_leads_and_never_leaps(make):
    path = make(speed=0.5, duration=60.0)
    steps = np.diff(path.pose, axis=0)[100:]
    heading = 0.5 * (path.pose[101:, 2] + path.pose[100:-1, 2])
    off = np.arctan2(steps[:, 1], steps[:, 0]) - heading
    assert np.abs(np.arctan2(np.sin(off), np.cos(off))).max() < 0.05
    assert np.abs(np.diff(path.pose[:, 2])).max() < 0.05


def test_a_figure_eight_turns_both_ways_and_a_square_only_left():
    eight = figure_eight(speed=0.5, duration=60.0, radius=1.0).pose[:, 2]
    assert eight.max() > 6.0
    assert eight[-1] < eight.max() - 1.0
    corners = square(speed=0.5, duration=60.0, side=2.0, corner=0.4).pose
    assert (np.diff(corners[:, 2]) >= -1e-9).all()
    assert corners[:, :2].max() - corners[:, :2].min() < 2.5


@pytest.mark.parametrize(
    "arguments", [{"speed": 0.0, "duration": 9.0}, {"speed": 1, "duration": 1}]
)
def test_a_path_that_leads_nowhere_is_refused(arguments):
    with pytest.raises(ValueError, match="want speed > 0"):
        line(**arguments)


def test_corners_have_to_fit_into_the_square():
    with pytest.raises(ValueError, match="corner"):
        square(speed=0.5, duration=9.0, side=1.0, corner=0.5)


def test_a_goal_is_reached_straight_and_turned_as_asked():
    goal = np.array([1.0, -0.5, 0.8])
    path = straight(goal, speed=0.25)
    np.testing.assert_array_equal(path.pose[0], np.zeros(3))
    np.testing.assert_allclose(path.pose[-1], goal)
    speed = np.hypot(*np.diff(path.pose[:, :2], axis=0).T) / np.diff(path.stamp)
    assert speed.max() <= 0.25 + 1e-9
    across = path.pose[:, 0] * goal[1] - path.pose[:, 1] * goal[0]
    np.testing.assert_allclose(across, 0.0, atol=1e-12)


def test_turning_on_the_spot_takes_its_time_and_staying_none():
    turn = straight(np.array([0.0, 0.0, np.pi]), speed=0.25)
    rate = np.diff(turn.pose[:, 2]) / np.diff(turn.stamp)
    assert rate.max() <= TURNING + 1e-9
    assert len(straight(np.zeros(3), speed=0.25).stamp) == 1


def test_a_path_is_laid_from_where_the_robot_stands():
    path = line(speed=0.5, duration=5.0)
    laid = placed(path, np.array([1.0, 2.0, 0.5 * np.pi]), start=7.0)
    assert laid.stamp[0] == 7.0
    np.testing.assert_allclose(laid.pose[0], [1.0, 2.0, 0.5 * np.pi])
    np.testing.assert_allclose(laid.pose[:, 0], 1.0, atol=1e-12)
    np.testing.assert_allclose(laid.pose[:, 1], 2.0 + path.pose[:, 0])
