import dataclasses
import time

import numpy as np
import pytest

pytest.importorskip("rclpy")

from robot_meta.nodes.diagnostics import Monitor  # noqa: E402
from robot_meta.nodes.mailbox import Mailbox  # noqa: E402
from robot_meta.nodes.robot_loop import RobotLoop  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402
from robot_meta.robots.fake import FakeRobot  # noqa: E402
from robot_meta.robots.guarded import GuardedRobot  # noqa: E402
from robot_meta.safety.config import GuardConfig  # noqa: E402
from robot_meta.safety.guard import Guard  # noqa: E402


class SlowRobot(FakeRobot):
    """Its own time goes slower than that of the machine; it remembers what it measured."""

    def __init__(self, spec, rate):
        super().__init__(spec, realtime=True, clock=lambda: rate * time.perf_counter())

    def observe_at(self, stamp):
        newest = self.observe()
        return dataclasses.replace(newest, stamp=min(stamp, newest.stamp))


def run_loop(robot, ticks, publish=lambda stamps: None):
    """Stamps of so many ticks of a loop around `robot`."""
    description = arm_description("fr3")
    stamps = []

    def take_down(tick):
        stamps.append(tick.observation.stamp)
        publish(stamps)

    config = GuardConfig(max_gap=5.0)
    with robot:
        guarded = GuardedRobot(robot, Guard(description.spec, description.chain, config))
        loop = RobotLoop(guarded, Mailbox(), take_down, Monitor("tick", None), lockstep=False)
        loop.start()
        while len(stamps) < ticks:
            time.sleep(0.01)
        loop.close()
    assert loop.failure is None
    return np.array(stamps)


@pytest.mark.parametrize("rate", [0.9, 0.85])
def test_periods_are_counted_in_the_robots_own_time(rate):
    spec = arm_description("fr3").spec
    stamps = run_loop(SlowRobot(spec, rate), 40)
    periods = (stamps - stamps[0]) / spec.control_dt
    met = np.abs(periods - np.round(periods)) < 1e-3  # a stalled machine may miss some
    assert met.mean() > 0.8
    assert (np.diff(stamps) > 0.0).all()


def test_robot_time_that_stands_still_is_not_waited_for():
    spec = arm_description("fr3").spec
    stamps = run_loop(SlowRobot(spec, rate=0.0), 5)
    assert (stamps == stamps[0]).all()


def test_a_late_thread_leaves_periods_out_and_never_measures_one_state_twice():
    """Two different commands would answer one stamp: a second commander, by the look of it."""
    spec = arm_description("fr3").spec

    def stall(stamps):
        if len(stamps) % 5 == 0:
            time.sleep(3.5 * spec.control_dt)

    stamps = run_loop(FakeRobot(spec, realtime=True), 30, stall)
    assert (np.diff(stamps) > 0.0).all()
