"""The real-time twin is the lockstep twin at the pace of a clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from robot_meta.errors import NotConnected
from robot_meta.robots.description import arm_description
from robot_meta.robots.fake import FakeRobot
from robot_meta.robots.playback import ReferencePlayback
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.realtime import RealtimeTwin, open_twin
from robot_meta.types import Array, Reference

ARM = arm_description("fr3")
SPEC = ARM.spec


def ramp(stamp: float, offset: float = 0.0) -> Reference:
    """Joint positions that count the samples: sample i is at home + offset + (i + 1) mm-rad."""
    n = SPEC.samples_per_tick
    way = offset + 1e-3 * np.arange(1, n + 1)[:, None]
    return Reference(stamp=stamp, position=SPEC.home + way, velocity=np.ones((n, SPEC.num_joints)))


def played(playback: ReferencePlayback, samples: int) -> Array:
    rows = np.zeros((samples, 2 * SPEC.num_joints))
    for row in rows:
        playback.next(row)
    return rows


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.001)


@pytest.fixture
def robot() -> Iterator[RealtimeTwin]:
    with RealtimeTwin(ARM, TwinConfig(realtime=True)) as robot:
        yield robot


@pytest.mark.parametrize(
    ("now", "first"),
    [(1.0, 0), (1.0004, 0), (1.003, 3), (1.019, 19), (1.020, 0), (0.5, 0), (7.0, 0)],
)
def test_a_late_reference_is_entered_where_its_stamp_says(now: float, first: int) -> None:
    assert ReferencePlayback(SPEC).late_start(ramp(1.0), now) == first


def test_playback_holds_the_last_sample_at_rest() -> None:
    playback = ReferencePlayback(SPEC)
    playback.play(ramp(0.0), first=18)
    rows = played(playback, 4)
    np.testing.assert_allclose(rows[:, 0] - SPEC.home[0], [0.019, 0.020, 0.020, 0.020])
    np.testing.assert_array_equal(rows[:, -1], [1.0, 1.0, 0.0, 0.0])


@pytest.mark.sim
def test_the_configuration_decides_who_keeps_the_time() -> None:
    with open_twin(ARM, TwinConfig()) as stepped:
        assert isinstance(stepped, MujocoRobot)
    with open_twin(ARM, TwinConfig(realtime=True)) as moving:
        assert isinstance(moving, RealtimeTwin)
    with pytest.raises(ValueError, match="realtime=True"):
        RealtimeTwin(ARM, TwinConfig())


@pytest.mark.sim
def test_observing_never_waits_for_the_physics(robot: RealtimeTwin) -> None:
    """Even while another thread is inside the robot."""
    with robot._lock:
        first = robot.observe()
        assert robot.observe() is first
    until(lambda: robot.observe() is not first)


@pytest.mark.sim
def test_robot_time_advances_by_whole_milliseconds(robot: RealtimeTwin) -> None:
    stamps = set()
    until(lambda: stamps.add(robot.observe().stamp) or len(stamps) > 50)
    milliseconds = np.array(sorted(stamps)) * 1000
    np.testing.assert_allclose(milliseconds, np.round(milliseconds), atol=1e-6)


@pytest.mark.sim
def test_robot_time_is_the_time_of_the_clock() -> None:
    clock = Clock()
    config = TwinConfig(realtime=True)
    with RealtimeTwin(ARM, config, clock=clock, sleep=clock.sleep) as robot:
        until(lambda: robot.time > 0.3)
    assert abs(robot.time - (clock.now - 100.0)) < 0.0021


@pytest.mark.sim
def test_a_short_pause_is_caught_up_and_a_long_one_is_let_go() -> None:
    """So that a suspended process does not wake up to a burst of motion."""
    for pause, lost in ((0.05, 0.0), (5.0, 5.0)):
        clock = Clock()
        pauses = [pause]

        def sleep(seconds: float, clock: Clock = clock, pauses: list[float] = pauses) -> None:
            clock.now += seconds
            if clock.now > 100.1 and pauses:
                clock.now += pauses.pop()

        config = TwinConfig(realtime=True)
        with RealtimeTwin(ARM, config, clock=clock, sleep=sleep) as robot:
            until(lambda robot=robot: robot.time > 0.3)  # type: ignore[misc]
        assert not pauses
        assert abs(robot.time + lost - (clock.now - 100.0)) < 0.0031


@pytest.mark.sim
def test_changes_and_holds_reach_the_running_body(robot: RealtimeTwin) -> None:
    robot.change("payload_mass", 2.0)
    until(lambda: robot.observe().external_torque[1] > 2.0)
    assert robot.snapshot().perturbations.payload_mass == 2.0
    robot.change("payload_mass", 0.0)
    robot.hold_tool(True)
    until(lambda: bool(np.linalg.norm(robot.snapshot().contact_force) > 0.0))


@pytest.mark.sim
def test_a_failure_of_the_physics_is_told_to_whoever_asks_next(robot: RealtimeTwin) -> None:
    def broken(milliseconds: int) -> None:
        raise ArithmeticError("the plant blew up")

    robot._robot.advance = broken  # type: ignore[method-assign]
    until(lambda: not robot._thread.is_alive())
    with pytest.raises(NotConnected, match="the plant blew up"):
        robot.observe()
    with pytest.raises(NotConnected, match="the plant blew up"):
        robot.command(ramp(0.0))
    robot.stop("AFTER A FAILURE")


@pytest.mark.sim
def test_no_thread_is_left_after_closing() -> None:
    robot = RealtimeTwin(ARM, TwinConfig(realtime=True))
    robot.close()
    assert not robot._thread.is_alive()


def test_a_fake_robot_in_real_time_follows_its_clock() -> None:
    clock = Clock()
    fake = FakeRobot(SPEC, realtime=True, clock=clock)
    fake.command(ramp(0.0))
    clock.now += 0.0105
    assert fake.observe().stamp == 0.010
    clock.now += 1.0
    np.testing.assert_allclose(fake.observe().position, SPEC.home + 0.020, atol=1e-9)


def test_a_fake_robot_gives_the_same_motion_however_often_it_is_asked() -> None:
    clocks = [Clock(), Clock()]
    often, once = (FakeRobot(SPEC, realtime=True, clock=clock, lag=0.2) for clock in clocks)
    often.command(ramp(0.0))
    once.command(ramp(0.0))
    for _ in range(300):
        clocks[0].now += 0.001
        often.observe()
    clocks[1].now += 0.3
    a, b = often.observe(), once.observe()
    assert abs(a.stamp - b.stamp) < 0.0015
    np.testing.assert_allclose(a.position, b.position, atol=2e-4)
    np.testing.assert_allclose(a.velocity, b.velocity, atol=2e-3)


def test_a_fake_robot_lags_by_its_time_constant_and_ignores_what_comes_while_stopped() -> None:
    fake = FakeRobot(SPEC, lag=0.020)

    def step_by(angle: float) -> Reference:
        n = SPEC.samples_per_tick
        return Reference(
            stamp=0.0,
            position=np.tile(SPEC.home + angle, (n, 1)),
            velocity=np.zeros((n, SPEC.num_joints)),
        )

    fake.command(step_by(0.1))
    moved = fake.step().position - SPEC.home
    np.testing.assert_allclose(moved, 0.1 * (1 - np.exp(-1.0)), rtol=1e-9)
    fake.stop("FIRST")
    fake.stop("SECOND")
    fake.command(step_by(-0.5))
    moved = fake.step().position - SPEC.home
    np.testing.assert_allclose(moved, 0.1 * (1 - np.exp(-2.0)), rtol=1e-9)
    assert fake.stops == ["FIRST"]


def test_a_fake_robot_in_real_time_cannot_be_stepped() -> None:
    with pytest.raises(ValueError, match="moves by itself"):
        FakeRobot(SPEC, realtime=True).step()
