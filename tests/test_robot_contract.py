"""One contract for everything that moves; a new driver joins by one line in `DRIVERS`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from robot_meta.errors import NotConnected
from robot_meta.robots.description import arm_description
from robot_meta.robots.fake import FakeRobot
from robot_meta.robots.robot import Robot
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.realtime import RealtimeTwin
from robot_meta.types import Array, Reference

ARM = arm_description("fr3")
REST = 0.03  # of an arm that stands, [rad/s]
FRICTION = 0.012  # what joint friction may leave between reference and arm, [rad]

DRIVERS: list[object] = [
    pytest.param(lambda: FakeRobot(ARM.spec), id="fake"),
    pytest.param(lambda: FakeRobot(ARM.spec, realtime=True), id="fake-realtime"),
    pytest.param(lambda: MujocoRobot(ARM), id="twin", marks=pytest.mark.sim),
    pytest.param(
        lambda: MujocoRobot(ARM, TwinConfig(limits="enforce")),
        id="twin-limits",
        marks=pytest.mark.sim,
    ),
    pytest.param(
        lambda: RealtimeTwin(ARM, TwinConfig(realtime=True)),
        id="twin-realtime",
        marks=pytest.mark.sim,
    ),
    pytest.param(
        ("open_topic_arm", "joint_trajectory"), id="joint_trajectory", marks=pytest.mark.ros
    ),
    pytest.param(("open_topic_arm", "target_pose"), id="target_pose", marks=pytest.mark.ros),
    pytest.param(("open_franka_at_home", "franka-sim"), id="franka", marks=pytest.mark.franka),
    pytest.param(
        ("open_franka_at_home", "franky-sim"), id="franka-friendly", marks=pytest.mark.franka
    ),
]


@pytest.fixture(params=DRIVERS, scope="module")  # one server after the other
def make(request: pytest.FixtureRequest) -> Callable[[], Robot]:
    """How to connect one driver; a tuple names a fixture for an arm in another process."""
    if isinstance(request.param, tuple):
        fixture, *peer = request.param
        connect = request.getfixturevalue(fixture)
        return lambda: connect(*peer)
    return request.param


@pytest.fixture
def robot(make: Callable[[], Robot]) -> Iterator[Robot]:
    with make() as robot:
        yield robot


def let_run(robot: Robot, periods: float) -> None:
    """Let control periods pass: by stepping in lockstep, by waiting for the robot's own clock."""
    end = robot.observe().stamp + periods * robot.spec.control_dt
    deadline = time.monotonic() + 120.0  # of a server on a busy machine
    while robot.observe().stamp < end - 1e-9:
        assert time.monotonic() < deadline, "the robot's clock stands still"
        if moves_by_itself(robot):
            time.sleep(0.0005)
        else:
            robot.step()  # type: ignore[attr-defined]


def moves_by_itself(robot: Robot) -> bool:
    return not hasattr(robot, "step") or getattr(robot, "realtime", False)


def move_reference(robot: Robot, start: Array, goal: Array, periods: int) -> list[Reference]:
    """A smooth motion from `start` to `goal`, as one reference per period."""
    spec, n = robot.spec, robot.spec.samples_per_tick
    s = np.arange(1, periods * n + 1) / (periods * n)
    way = 10 * s**3 - 15 * s**4 + 6 * s**5
    speed = (30 * s**2 - 60 * s**3 + 30 * s**4) / (periods * spec.control_dt)
    positions = start + way[:, None] * (goal - start)
    velocities = speed[:, None] * (goal - start)
    begin = robot.observe().stamp
    return [
        Reference(
            stamp=begin + k * spec.control_dt,
            position=positions[k * n : (k + 1) * n],
            velocity=velocities[k * n : (k + 1) * n],
        )
        for k in range(periods)
    ]


def move(robot: Robot, start: Array, goal: Array, periods: int = 25) -> None:
    for reference in move_reference(robot, start, goal, periods):
        robot.command(reference)
        let_run(robot, 1)


def still(robot: Robot, position: Array) -> Reference:
    n = robot.spec.samples_per_tick
    return Reference(
        stamp=robot.observe().stamp,
        position=np.tile(position, (n, 1)),
        velocity=np.zeros((n, robot.spec.num_joints)),
    )


def assert_stands_at(robot: Robot, position: Array, tolerance: float = FRICTION) -> None:
    let_run(robot, 25)
    for _ in range(500):  # a busy machine lets an arm in another process lag behind
        if np.abs(robot.observe().velocity).max() < REST:
            break
        let_run(robot, 1)
    observation = robot.observe()
    np.testing.assert_allclose(observation.position, position, atol=tolerance)
    np.testing.assert_allclose(observation.velocity, 0.0, atol=REST)


def elsewhere(robot: Robot, distance: float = 0.1) -> Array:
    return robot.spec.home + distance * np.where(np.arange(robot.spec.num_joints) % 2, 1, -1)


def test_observations_are_finite_and_have_one_value_per_joint(robot: Robot) -> None:
    observation = robot.observe()
    for value in (
        observation.position,
        observation.velocity,
        observation.torque,
        observation.external_torque,
    ):
        assert value.shape == (robot.spec.num_joints,)
        assert np.isfinite(value).all()


def test_stamps_grow_with_the_periods_that_pass(robot: Robot) -> None:
    stamps = []
    for _ in range(5):
        stamps.append(robot.observe().stamp)
        let_run(robot, 1)
    assert (np.diff(stamps) > 0.9 * robot.spec.control_dt).all()


def test_observing_twice_at_one_moment_gives_one_reading(robot: Robot) -> None:
    first, second = robot.observe(), robot.observe()
    if first.stamp == second.stamp:
        np.testing.assert_array_equal(first.position, second.position)
        np.testing.assert_array_equal(first.velocity, second.velocity)
    else:
        assert second.stamp > first.stamp


def test_it_holds_where_it_stands_when_connected(robot: Robot) -> None:
    assert_stands_at(robot, robot.observe().position, 0.002)


def test_a_reference_moves_it(robot: Robot) -> None:
    goal = elsewhere(robot)
    move(robot, robot.spec.home, goal)
    assert_stands_at(robot, goal)


def test_it_holds_the_last_sample_when_the_reference_runs_out(robot: Robot) -> None:
    goal = elsewhere(robot)
    references = move_reference(robot, robot.spec.home, goal, 25)
    for reference in references[:13]:  # about half way, at full speed
        robot.command(reference)
        let_run(robot, 1)
    assert_stands_at(robot, references[12].position[-1])


def test_a_new_reference_replaces_what_is_left_of_the_last(robot: Robot) -> None:
    first = move_reference(robot, robot.spec.home, elsewhere(robot), 1)[0]
    robot.command(first)
    robot.command(still(robot, robot.spec.home))
    assert_stands_at(robot, robot.spec.home)


@pytest.mark.parametrize("field", ["position", "velocity"])
@pytest.mark.parametrize("fault", ["nan", "inf", "too short", "too few joints"])
def test_a_bad_reference_is_refused_and_it_keeps_holding(
    robot: Robot, field: str, fault: str
) -> None:
    good = still(robot, elsewhere(robot))
    value = getattr(good, field).copy()
    if fault in ("nan", "inf"):
        value[3, 2] = float(fault)
    else:
        value = value[:-1] if fault == "too short" else value[:, :-1]
    fields = {"stamp": good.stamp, "position": good.position, "velocity": good.velocity}
    with pytest.raises(ValueError, match=field):
        robot.command(Reference(**{**fields, field: value}))
    assert_stands_at(robot, robot.spec.home, 0.002)


def test_a_stop_latches_and_later_references_are_ignored(robot: Robot) -> None:
    robot.stop("TEST")
    robot.stop("AGAIN")
    robot.command(still(robot, elsewhere(robot)))
    assert_stands_at(robot, robot.spec.home, 0.002)


def test_a_stop_in_the_middle_of_a_motion_holds_the_reference_of_that_moment(
    robot: Robot,
) -> None:
    references = move_reference(robot, robot.spec.home, elsewhere(robot), 25)
    for reference in references[:13]:
        robot.command(reference)
        let_run(robot, 1)
    robot.stop("TEST")
    for reference in references[13:]:
        robot.command(reference)
        let_run(robot, 1)
    assert_stands_at(robot, references[12].position[-1])


def test_a_bad_reference_is_refused_while_stopped_too(robot: Robot) -> None:
    robot.stop("TEST")
    with pytest.raises(ValueError, match="position"):
        robot.command(still(robot, np.full(robot.spec.num_joints, np.nan)))


def test_recovering_holds_in_place_and_then_follows_again(robot: Robot) -> None:
    robot.command(still(robot, robot.spec.home))
    robot.stop("TEST")
    assert robot.recover() is True
    assert_stands_at(robot, robot.spec.home, 0.002)
    goal = elsewhere(robot)
    move(robot, robot.spec.home, goal)
    assert_stands_at(robot, goal)


def test_after_recovering_the_arm_stays_where_it_stood_and_not_where_it_was_sent(
    robot: Robot,
) -> None:
    far = elsewhere(robot, 0.2)
    robot.command(still(robot, far))
    let_run(robot, 1)
    robot.stop("TEST")
    there = robot.observe().position
    assert robot.recover() is True
    assert_stands_at(robot, there, 0.03)
    assert (np.abs(robot.observe().position - far) > 0.04).all()


def test_recovering_without_a_stop_changes_nothing(robot: Robot) -> None:
    goal = elsewhere(robot)
    references = move_reference(robot, robot.spec.home, goal, 25)
    for reference in references:
        robot.command(reference)
        assert robot.recover() is True
        let_run(robot, 1)
    assert_stands_at(robot, goal)


def test_arrays_that_were_handed_over_are_not_shared(robot: Robot) -> None:
    before = robot.observe()
    kept = before.position.copy()
    reference = still(robot, robot.spec.home)
    robot.command(reference)
    reference.position[:] = 2.0  # a caller that reuses its buffer
    let_run(robot, 5)
    np.testing.assert_array_equal(before.position, kept)
    assert_stands_at(robot, robot.spec.home, 0.002)


def test_closing_twice_is_harmless_and_using_it_afterwards_is_not(robot: Robot) -> None:
    reference = still(robot, robot.spec.home)
    robot.close()
    robot.close()
    robot.stop("AFTER THE END")
    with pytest.raises(NotConnected):
        robot.observe()
    with pytest.raises(NotConnected):
        robot.command(reference)
    with pytest.raises(NotConnected):
        robot.recover()


def test_leaving_the_block_by_an_error_closes_it(make: Callable[[], Robot]) -> None:
    with pytest.raises(KeyError), make() as robot:
        raise KeyError("trouble in the caller")
    with pytest.raises(NotConnected):
        robot.observe()
