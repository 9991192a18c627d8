"""One contract for everything that walks; a new driver joins by one line in `DRIVERS`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from robot_meta.errors import NotConnected
from robot_meta.legged_types import LeggedObservation, VelocityReference
from robot_meta.robots.description import legged_description
from robot_meta.robots.robot import Driver
from robot_meta.safety.walking import is_sound
from robot_meta.twin.legged.robot import LeggedTwin

Walker = Driver[LeggedObservation, VelocityReference]

DRIVERS: list[object] = [
    pytest.param(lambda: LeggedTwin(legged_description("go2")), id="twin", marks=pytest.mark.sim),
    pytest.param(("open_topic_base", "Twist"), id="cmd_vel", marks=pytest.mark.ros),
    pytest.param(("open_go2",), id="go2", marks=pytest.mark.go2),
]
STANDING = 0.06  # how far a robot may shift on its feet while it stands, [m]


@pytest.fixture(params=DRIVERS, scope="module")
def make(request: pytest.FixtureRequest) -> Callable[[], Walker]:
    """How to connect one driver; a tuple names a fixture for a robot in another process."""
    if isinstance(request.param, tuple):
        fixture, *peer = request.param
        connect = request.getfixturevalue(fixture)
        return lambda: connect(*peer)
    return request.param


@pytest.fixture(scope="module")
def connected(make: Callable[[], Walker]) -> Iterator[Walker]:
    with make() as robot:
        yield robot


@pytest.fixture
def robot(connected: Walker) -> Walker:
    """It stands, however the last test left it."""
    if connected.stopped:
        assert connected.recover()
        let_run(connected, 35)
    connected.command(reference(connected, (0.0, 0.0, 0.0)))
    let_run(connected, 5)
    return connected


def let_run(robot: Walker, periods: float) -> None:
    """Let control periods pass: by stepping in lockstep, by waiting for the robot's own clock."""
    end = robot.observe().stamp + periods * robot.spec.control_dt
    deadline = time.monotonic() + 120.0  # of a server on a busy machine
    while robot.observe().stamp < end - 1e-9:
        assert time.monotonic() < deadline, "the robot's clock stands still"
        if hasattr(robot, "step"):
            robot.step()
        else:
            time.sleep(0.002)


def reference(robot: Walker, velocity: tuple[float, ...]) -> VelocityReference:
    return VelocityReference(stamp=robot.observe().stamp, velocity=np.array(velocity, dtype=float))


def walk(robot: Walker, velocity: tuple[float, ...], periods: int) -> np.ndarray:
    """The way (ahead, left, turned) of a walk, seen from its beginning."""
    start = robot.observe().pose
    for _ in range(periods):
        robot.command(reference(robot, velocity))
        let_run(robot, 1)
    x, y, turn = robot.observe().pose - start
    c, s = math.cos(start[2]), math.sin(start[2])
    return np.array([c * x + s * y, c * y - s * x, turn])


def assert_stands(robot: Walker) -> None:
    let_run(robot, 8)  # to come to rest
    start = robot.observe().pose
    let_run(robot, 8)
    assert np.linalg.norm(robot.observe().pose[:2] - start[:2]) < STANDING


def test_observations_are_finite_and_have_their_lengths(robot: Walker) -> None:
    assert is_sound(robot.observe(), robot.spec)


def test_stamps_grow_with_the_periods_that_pass(robot: Walker) -> None:
    stamps = []
    for _ in range(5):
        stamps.append(robot.observe().stamp)
        let_run(robot, 1)
    assert (np.diff(stamps) > 0.9 * robot.spec.control_dt).all()


def test_observing_twice_at_one_moment_gives_one_reading(robot: Walker) -> None:
    first, second = robot.observe(), robot.observe()
    if first.stamp == second.stamp:
        np.testing.assert_array_equal(first.pose, second.pose)
    else:
        assert second.stamp > first.stamp


def test_it_stands_when_connected(robot: Walker) -> None:
    assert_stands(robot)


@pytest.mark.parametrize(
    ("velocity", "axis"), [((0.4, 0.0, 0.0), 0), ((0.0, 0.3, 0.0), 1), ((0.0, 0.0, 0.8), 2)]
)
def test_it_walks_where_it_is_told_to(
    robot: Walker, velocity: tuple[float, ...], axis: int
) -> None:
    way = walk(robot, velocity, 15)
    assert way[axis] > 0.4 * 1.5 * velocity[axis]


def test_a_new_velocity_replaces_the_one_before(robot: Walker) -> None:
    robot.command(reference(robot, (0.5, 0.0, 0.0)))
    robot.command(reference(robot, (0.0, 0.0, 0.0)))
    assert_stands(robot)


def test_it_measures_the_velocity_that_it_walks_with(robot: Walker) -> None:
    walk(robot, (0.4, 0.0, 0.0), 10)
    seen = []
    for _ in range(10):
        walk(robot, (0.4, 0.0, 0.0), 1)
        seen.append(robot.observe().velocity[0])
    assert 0.15 < np.mean(seen) < 0.6


@pytest.mark.parametrize("velocity", [(0.1, 0.0), (math.nan, 0.0, 0.0), (0.0, math.inf, 0.0)])
def test_a_bad_reference_is_refused_and_it_goes_on_standing(
    robot: Walker, velocity: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="3 finite"):
        robot.command(reference(robot, velocity))
    assert_stands(robot)


def test_a_stop_latches_and_later_references_are_ignored(robot: Walker) -> None:
    robot.stop("TEST")
    robot.stop("AGAIN")
    assert robot.stopped == "TEST"
    let_run(robot, 20)  # to lie down, where it does
    way = walk(robot, (0.5, 0.0, 0.0), 10)
    assert np.linalg.norm(way[:2]) < STANDING
    assert robot.stopped == "TEST"


def test_a_bad_reference_is_refused_while_stopped_too(robot: Walker) -> None:
    robot.stop("TEST")
    with pytest.raises(ValueError, match="3 finite"):
        robot.command(reference(robot, (math.nan, 0.0, 0.0)))


def test_after_recovering_it_stands_and_then_walks_again(robot: Walker) -> None:
    walk(robot, (0.4, 0.0, 0.0), 5)
    robot.stop("TEST")
    let_run(robot, 15)
    assert robot.recover() is True
    assert robot.stopped == ""
    let_run(robot, 30)  # to get up, where it lay
    assert_stands(robot)
    assert walk(robot, (0.4, 0.0, 0.0), 15)[0] > 0.2


def test_recovering_without_a_stop_changes_nothing(robot: Walker) -> None:
    walk(robot, (0.4, 0.0, 0.0), 5)
    assert robot.recover() is True
    assert walk(robot, (0.4, 0.0, 0.0), 15)[0] > 0.2


def test_arrays_that_were_handed_over_are_not_shared(robot: Walker) -> None:
    before = robot.observe()
    kept = before.pose.copy()
    standing = reference(robot, (0.0, 0.0, 0.0))
    robot.command(standing)
    standing.velocity[:] = 0.5  # a caller that reuses its buffer
    assert_stands(robot)
    np.testing.assert_array_equal(before.pose, kept)


def test_silence_makes_what_moves_by_itself_stand(robot: Walker) -> None:
    if hasattr(robot, "step"):
        pytest.skip("in lockstep nobody can fall silent")
    walk(robot, (0.5, 0.0, 0.0), 5)
    let_run(robot, 5)
    assert_stands(robot)


def test_closing_twice_is_harmless_and_using_it_afterwards_is_not(
    make: Callable[[], Walker],
) -> None:
    robot = make()
    standing = reference(robot, (0.0, 0.0, 0.0))
    robot.close()
    robot.close()
    robot.stop("AFTER THE END")
    with pytest.raises(NotConnected):
        robot.observe()
    with pytest.raises(NotConnected):
        robot.command(standing)
    with pytest.raises(NotConnected):
        robot.recover()


def test_leaving_the_block_by_an_error_closes_it(make: Callable[[], Walker]) -> None:
    with pytest.raises(KeyError), make() as robot:
        raise KeyError("trouble in the caller")
    with pytest.raises(NotConnected):
        robot.observe()
