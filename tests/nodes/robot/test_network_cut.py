"""The network to the arm is cut: the age of the robot's own time tells it within a few periods.

The client library itself notices only after about a second.
"""

import os
import signal

import pytest

pytest.importorskip("rclpy")

from robot_meta.safety.config import GuardConfig  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.franka, pytest.mark.slow]
PATIENT = {"franka__watchdog": 20.0, "franka__lost_after": 20.0, "franka__connect_timeout": 60.0}


@pytest.mark.parametrize("cut", [signal.SIGSTOP, signal.SIGKILL], ids=["frozen", "gone"])
def test_the_whole_stack_holds_when_the_robots_time_stands_still(
    start_robot, open_franka_at_home, franka_servers, cut
):
    with open_franka_at_home():
        pass  # it stands near home since
    server = franka_servers.use("franka-sim")
    robot = start_robot(
        backend="franka",
        robot_ip="127.0.0.1",
        estop_proof=False,
        allow_open_network=True,
        **PATIENT,
    )
    robot.run_with("sine")
    begin = len(robot.commanded)
    robot.spin_until(lambda: len(robot.commanded) > begin + 50, "motion")
    assert robot.sent()[-1].velocity.any()
    try:
        os.killpg(server.pid, cut)
        robot.spin_until(lambda: robot.states[-1].data != "RUNNING", "a hold")
        robot.spin_until(lambda: robot.sent()[-1].reason == "STALE_OBSERVATION", "the reason")
    finally:
        franka_servers.stop()
    assert "HOLD STALE_OBSERVATION" in [msg.data for msg in robot.states]
    frozen = robot.sent()[-1].stamp
    reasons = [sent.reason for sent in robot.sent() if sent.stamp == frozen]
    assert reasons.index("STALE_OBSERVATION") <= GuardConfig().max_repeats + 1  # periods
