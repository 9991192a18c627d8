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


def test_a_late_thread_leaves_periods_out_and_never_measures_one_state_twice():
    """Two different commands would answer one stamp: a second commander, by the look of it."""
    description = arm_description("fr3")
    stamps = []

    def publish(tick):
        stamps.append(tick.observation.stamp)
        if len(stamps) % 5 == 0:
            time.sleep(3.5 * description.spec.control_dt)

    config = GuardConfig(max_gap=5.0)
    with FakeRobot(description.spec, realtime=True) as robot:
        guarded = GuardedRobot(robot, Guard(description.spec, description.chain, config))
        loop = RobotLoop(guarded, Mailbox(), publish, Monitor("tick", None), lockstep=False)
        loop.start()
        while len(stamps) < 30:
            time.sleep(0.01)
        loop.close()
    assert loop.failure is None
    assert (np.diff(stamps) > 0.0).all()
