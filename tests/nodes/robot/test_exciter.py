"""The exciter in the controller's place: it waits to be armed, and never resumes."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from robot_meta.errors import MotionInterrupted  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402

pytestmark = pytest.mark.ros
SPEC = arm_description("fr3").spec


@pytest.fixture
def excited(start_robot, processes):
    """A fake robot in real time and an exciter that answers it, not armed yet."""
    robot = start_robot(backend="fake")
    robot.wait_for_state("HOLD")
    exciter = processes.node(
        "exciter_node", excitation__slow_time=0.0, excitation__growth_time=0.0
    )
    robot.spin_until(lambda: len(robot.commands) > 20, "commands")
    return robot, exciter


def test_it_stands_still_until_the_robot_is_armed(excited):
    robot, _ = excited
    assert all(np.array_equal(c.position[1], SPEC.home) for c in robot.sent())
    robot.arm()
    robot.spin_until(
        lambda: np.abs(robot.sent()[-1].position[1] - SPEC.home).max() > 0.01, "motion"
    )


@pytest.mark.parametrize(("service", "state"), [("hold", "HOLD"), ("estop", "ESTOP")])
def test_any_hold_or_stop_ends_it_for_good(excited, service, state):
    robot, exciter = excited
    robot.arm()
    robot.spin_until(
        lambda: np.abs(robot.sent()[-1].position[1] - SPEC.home).max() > 0.01, "motion"
    )
    robot.call(service)
    robot.wait_for_state(state)
    robot.spin_until(lambda: exciter.poll() is not None, "the exciter's end")
    assert exciter.returncode == MotionInterrupted.exit_code
    assert state in exciter.log.read_text()
    assert not robot.sent()[-1].velocity.any()
    if service == "hold":
        count, place = len(robot.commanded), robot.sent()[-1].position[1]
        robot.arm()
        robot.spin_until(lambda: len(robot.commanded) > count + 20, "periods")
        np.testing.assert_array_equal(robot.sent()[-1].position[1], place)
