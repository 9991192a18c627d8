import numpy as np
import pytest

pytest.importorskip("rclpy")

from robot_meta.nodes.clock import RobotClock  # noqa: E402
from robot_meta.types import Observation  # noqa: E402


class FakeClock:
    """A node's clock that a test sets, and a steady clock beside it."""

    def __init__(self, nanoseconds=0):
        self.nanoseconds, self.steady = nanoseconds, 100.0

    def now(self):
        return self

    def robot_clock(self):
        return RobotClock(self, lockstep=False, steady=lambda: self.steady)


def observation(stamp):
    return Observation(
        stamp=stamp,
        **dict.fromkeys(("position", "velocity", "torque", "external_torque"), np.zeros(1)),
    )


def run_ticks(clock, robot, start, ticks, rate=1.0):
    """Ticks of 20 ms; the robot's clock runs `rate` times as fast as the others; jumps seen."""
    jumps = 0
    for k in range(start, start + ticks):
        clock.nanoseconds += 20_000_000
        clock.steady += 0.02
        jumps += robot.jumped(k / 50 * rate)
    return jumps


def test_stamps_are_shifted_onto_the_nodes_clock():
    clock = FakeClock(1_790_000_000 * 10**9)
    robot = clock.robot_clock()
    robot.jumped(0.0)
    assert robot.outward(observation(1.5)).stamp == 1_790_000_001.5
    assert robot.inward(1_790_000_001.5) == 1.5


def test_in_lockstep_robot_time_is_the_time():
    robot = RobotClock(FakeClock(), lockstep=True)
    assert not robot.jumped(7.0)
    assert robot.outward(observation(1.5)).stamp == 1.5


@pytest.mark.parametrize("jump", [2.0, -2.0, 0.06])
def test_a_jump_is_noticed_once_and_then_counts(jump):
    clock = FakeClock()
    robot = clock.robot_clock()
    assert run_ticks(clock, robot, 0, 50) == 0
    clock.nanoseconds += round(jump * 1e9)
    assert run_ticks(clock, robot, 50, 50) == 1
    assert robot.outward(observation(2.0)).stamp == pytest.approx(2.02 + jump, abs=1e-6)


def test_a_process_that_was_put_aside_for_a_while_is_no_clock_jump():
    clock = FakeClock()
    robot = clock.robot_clock()
    run_ticks(clock, robot, 0, 50)
    clock.nanoseconds += 10**9
    clock.steady += 1.0
    assert not robot.jumped(2.0)


def test_a_process_that_is_put_aside_between_two_clocks_reads_them_again():
    clock = FakeClock()
    robot = clock.robot_clock()
    run_ticks(clock, robot, 0, 50)
    pauses = iter([0.5, 0.0, 0.0, 0.0])

    def now():
        pause = next(pauses)
        clock.steady += pause
        clock.nanoseconds += round(pause * 1e9)
        return clock

    clock.now = now
    assert not robot.jumped(1.5)


def test_a_robot_whose_time_was_lost_keeps_stamps_near_the_nodes_clock():
    clock = FakeClock()
    robot = clock.robot_clock()
    run_ticks(clock, robot, 0, 50)
    clock.nanoseconds += 10**9
    clock.steady += 1.0
    assert not robot.jumped(1.0)  # a second passed, but not for the robot
    now = clock.nanoseconds * 1e-9
    assert robot.outward(observation(1.0)).stamp == pytest.approx(now, abs=1e-6)


def test_a_drift_is_followed_for_hours_and_is_no_jump():
    clock = FakeClock()
    robot = clock.robot_clock()
    assert run_ticks(clock, robot, 0, 200_000, rate=1.0001) == 0
    newest = observation(199_999 / 50 * 1.0001)
    assert robot.outward(newest).stamp == pytest.approx(clock.nanoseconds * 1e-9, abs=1e-3)


def test_what_a_silent_robot_repeats_keeps_its_stamp_until_it_speaks_again():
    clock = FakeClock()
    robot = clock.robot_clock()
    run_ticks(clock, robot, 0, 50)
    before = robot.outward(observation(0.98)).stamp
    for _ in range(20):
        clock.nanoseconds += 20_000_000
        clock.steady += 0.02
        robot.jumped(0.98)
        assert robot.outward(observation(0.98)).stamp == before
    clock.nanoseconds += 20_000_000
    clock.steady += 0.02
    robot.jumped(1.0)
    assert robot.outward(observation(1.0)).stamp == pytest.approx(clock.nanoseconds * 1e-9)


def test_stamps_of_a_robot_whose_clock_is_slow_stay_near_the_nodes_clock_without_a_leap():
    clock = FakeClock()
    robot = clock.robot_clock()
    stamps = []
    for k in range(500):
        run_ticks(clock, robot, k, 1, rate=0.98)
        stamps.append(robot.outward(observation(k / 50 * 0.98)).stamp)
    assert abs(stamps[-1] - clock.nanoseconds * 1e-9) < 0.006
    assert np.diff(stamps).min() > 0.015 and np.diff(stamps).max() < 0.025
