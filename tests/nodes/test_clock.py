import numpy as np
import pytest

pytest.importorskip("rclpy")

from robot_meta.nodes.clock import RobotClock  # noqa: E402
from robot_meta.types import Observation  # noqa: E402


class FakeClock:
    """A node's clock that a test sets."""

    nanoseconds = 0

    def now(self):
        return self


def observation(stamp):
    return Observation(
        stamp=stamp,
        **dict.fromkeys(("position", "velocity", "torque", "external_torque"), np.zeros(1)),
    )


def run_ticks(clock, robot, start, ticks, rate=1.0):
    """Ticks of 20 ms during which the node's clock runs `rate` times as fast; jumps seen."""
    jumps = 0
    for k in range(start, start + ticks):
        clock.nanoseconds += round(20e6 * rate)
        jumps += robot.jumped(k / 50)
    return jumps


def test_stamps_are_shifted_onto_the_nodes_clock():
    clock = FakeClock()
    clock.nanoseconds = 1_790_000_000 * 10**9
    robot = RobotClock(clock, lockstep=False)
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
    robot = RobotClock(clock, lockstep=False)
    assert run_ticks(clock, robot, 0, 50) == 0
    clock.nanoseconds += round(jump * 1e9)
    assert run_ticks(clock, robot, 50, 50) == 1
    assert robot.outward(observation(2.0)).stamp == pytest.approx(2.02 + jump, abs=1e-6)


def test_a_drift_is_followed_for_hours_and_is_no_jump():
    clock = FakeClock()
    robot = RobotClock(clock, lockstep=False)
    assert run_ticks(clock, robot, 0, 200_000, rate=1.0001) == 0
    true = clock.nanoseconds * 1e-9
    assert robot.outward(observation(199_999 / 50)).stamp == pytest.approx(true, abs=1e-3)
