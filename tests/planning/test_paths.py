import numpy as np
import pytest

from robot_meta.planning.paths import figure_eight, hold, straight

CENTER = np.array([0.5, 0.1, 0.4])


def test_the_eight_starts_and_ends_at_rest_at_its_crossing_point():
    path = figure_eight(CENTER, duration=20.0, start=2.0)
    np.testing.assert_allclose(path.position[[0, -1]], [CENTER, CENTER], atol=1e-12)
    speed = np.linalg.norm(np.diff(path.position, axis=0), axis=1) * 50.0
    assert speed[0] < 0.002 and speed[-1] < 0.002


def test_the_eight_keeps_its_extent_and_its_highest_speed():
    path = figure_eight(CENTER, period=6.0, duration=24.0)
    extent = np.ptp(path.position, axis=0)
    np.testing.assert_allclose(extent, [0.0, 0.3, 0.14], atol=1e-3)
    speed = np.linalg.norm(np.diff(path.position, axis=0), axis=1) * 50.0
    fastest = 2.0 * np.pi / 6.0 * np.hypot(0.15, 2.0 * 0.07)
    assert speed.max() == pytest.approx(fastest, rel=1e-3)


def test_one_period_at_full_speed_takes_the_period():
    path = figure_eight(CENTER, period=5.0, duration=21.0, ramp=1.0)
    first, later = path.at(np.array([3.0, 3.0 + 5.0]))
    np.testing.assert_allclose(first, later, atol=1e-12)


def test_the_speed_of_the_eight_never_jumps():
    path = figure_eight(CENTER, ramp=1.0)
    acceleration = np.diff(path.position, n=2, axis=0) * 50.0**2
    assert np.abs(acceleration).max() < 1.0


def test_stamps_are_whole_nanoseconds_divided_once():
    for stamp in figure_eight(CENTER, start=0.3).stamp.tolist():
        assert round(stamp * 1e9) / 1e9 == stamp


def test_a_straight_path_is_never_faster_than_asked():
    path = straight(CENTER, CENTER + [0.2, 0.0, -0.1], speed=0.1, start=1.0)
    np.testing.assert_allclose(path.position[-1], CENTER + [0.2, 0.0, -0.1])
    assert np.linalg.norm(np.diff(path.position, axis=0), axis=1).max() * 50.0 <= 0.1 + 1e-9


def test_holding_is_a_path_of_one_point():
    path = hold(CENTER, start=4.0)
    np.testing.assert_array_equal(path.at(np.array([0.0, 9.0])), [CENTER, CENTER])


def test_an_eight_too_short_to_start_and_stop_is_refused():
    with pytest.raises(ValueError, match="duration"):
        figure_eight(CENTER, duration=1.0)
