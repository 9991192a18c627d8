"""Clocks that jump under the robot node, and a process that was frozen."""

import signal
import threading
import time
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy")

from rosgraph_msgs.msg import Clock  # noqa: E402

pytestmark = pytest.mark.ros


@pytest.fixture
def clock(client):
    """A source of /clock at the pace of the wall clock; its `jump` is added, [s]."""
    publisher = client.node.create_publisher(Clock, "/clock", 10)
    origin, closing = time.monotonic(), threading.Event()
    state = SimpleNamespace(jump=0.0)

    def publish():
        while not closing.wait(0.005):
            msg = Clock()
            now = 1000.0 + time.monotonic() - origin + state.jump
            msg.clock.sec, msg.clock.nanosec = int(now), int((now % 1.0) * 1e9)
            publisher.publish(msg)

    thread = threading.Thread(target=publish)
    thread.start()
    yield state
    closing.set()
    thread.join()


@pytest.mark.realtime
def test_a_clock_jump_means_hold_within_100_ms_and_one_period(start_robot, clock):
    robot = start_robot(backend="fake", use_sim_time=True)
    robot.run_with("sine")
    robot.run_steadily()
    count, clock.jump = len(robot.commanded), 5.0
    robot.wait_for_state("HOLD CLOCK_JUMP")
    robot.spin(0.3)
    held = next(i for i, c in enumerate(robot.sent()[count:]) if c.reason == "CLOCK_JUMP")
    assert held <= robot.periods(0.1) + 1
    assert robot.states[-1].data == "HOLD CLOCK_JUMP"


def test_a_process_that_was_frozen_does_not_go_on_where_it_was(start_robot):
    robot = start_robot(backend="fake", guard__max_gap=0.2)
    robot.run_with("sine")
    robot.process.send_signal(signal.SIGSTOP)
    time.sleep(0.5)
    robot.process.send_signal(signal.SIGCONT)
    robot.wait_for_state("HOLD")
