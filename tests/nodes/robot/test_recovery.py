"""Reflexes of the twin, and the ways back from them, seen from outside."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402

from robot_meta.nodes import qos  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.sim]
SPEC = arm_description("fr3").spec


def changes(heard):
    """Stamps and texts of the changes of state that were told one by one."""
    rows = [(msg.header.stamp, row) for msg in heard for row in msg.status]
    return [(s.sec + 1e-9 * s.nanosec, r.message) for s, r in rows if r.name.endswith(": change")]


def test_a_reflex_is_cleared_in_place_and_the_way_back_and_home_are_steps_of_their_own(
    start_robot, client
):
    told = client.hear(DiagnosticArray, "/diagnostics", qos.state())
    robot = start_robot(backend="twin", limits="ignore", recovery__speed=0.4)
    robot.run_with("sine")
    robot.run_steadily()
    assert robot.set("twin.incident", "cartesian_reflex").successful
    robot.wait_for_state("INACTIVE cartesian_reflex")
    assert not robot.call("arm").success and not robot.call("retreat").success
    robot.spin(0.3)
    count = len(robot.commanded)
    assert robot.call("recover").success
    robot.wait_for_state("HOLD RECOVERED")
    robot.spin_until(lambda: len(robot.commanded) > count + 10, "periods")
    assert not any(c.velocity.any() for c in robot.sent()[count + 5 :])

    count = len(robot.commanded)
    assert robot.call("retreat").success
    robot.wait_for_state("HOLD RETREAT")
    sent = robot.sent()[count:]
    back = [c for c in sent if c.reason == "RETREAT"]
    assert np.abs(back[0].position[0] - back[-1].position[1]).max() > 1e-3
    assert any(c.altered for c in back)  # the commander speaks on, and is not heard
    assert robot.call("home").success
    assert not robot.call("arm").success
    robot.wait_for_state("HOLD HOME")
    robot.spin(0.1)
    np.testing.assert_allclose(robot.sent()[-1].position[1], SPEC.home, atol=1e-3)
    robot.arm()

    steps = changes(told)
    texts = [text for _, text in steps]
    for text in (
        "RUNNING -> INACTIVE cartesian_reflex",
        "INACTIVE -> HOLD RECOVERED",
        "HOLD -> RECOVERY RETREAT",
        "RECOVERY -> HOLD HOME",
    ):
        assert text in texts
    assert (np.diff([stamp for stamp, _ in steps]) >= 0.0).all()
    stamp = next(s for s, text in steps if text == "RECOVERY -> HOLD HOME")
    assert any(abs(c.stamp - stamp) < 1e-6 and c.reason == "HOME" for c in robot.sent())


def test_repeated_reflexes_ask_for_a_person_who_acknowledges(start_robot, processes):
    robot = start_robot(backend="twin", recovery__reflex_limit=2)
    robot.wait_for_state("HOLD")
    code = "import sys; from robot_meta.nodes.twin_client import main; sys.exit(main())"
    rehearsal = processes.python("-c", code, "befall", "joint_reflex", name="befall")
    robot.spin_until(lambda: rehearsal.poll() is not None, "the twin command")
    assert rehearsal.returncode == 0, rehearsal.log.read_text()
    robot.wait_for_state("INACTIVE joint_reflex")
    assert robot.call("recover").success
    robot.wait_for_state("HOLD RECOVERED")
    robot.set("twin.incident", "joint_reflex")
    robot.wait_for_state("INACTIVE REPEATED_REFLEXES")
    refused = robot.call("recover")
    assert not refused.success and "acknowledge" in refused.message
    assert robot.call("acknowledge").success
    assert robot.call("recover").success
    robot.wait_for_state("HOLD RECOVERED")


def test_a_user_stop_is_latched_and_nothing_clears_it_while_it_is_pressed(start_robot):
    robot = start_robot(backend="twin")
    robot.run_with("sine")
    assert robot.set("twin.incident", "user_stopped").successful
    robot.wait_for_state("ESTOP user_stopped")
    assert not robot.call("recover").success
    assert robot.set("twin.incident", "").successful
    robot.spin(0.3)
    assert robot.states[-1].data == "ESTOP user_stopped"
    assert robot.call("recover").success
    robot.wait_for_state("HOLD RECOVERED")


def test_a_hold_ends_the_way_home(start_robot):
    robot = start_robot(backend="fake", recovery__speed=0.02)
    robot.run_with("sine")
    robot.spin_until(
        lambda: np.abs(robot.sent()[-1].position[1] - SPEC.home).max() > 0.02, "motion"
    )
    assert robot.call("hold").success
    robot.spin_until(lambda: robot.call("home").success, "rest")
    robot.wait_for_state("RECOVERY HOME")
    assert robot.call("hold").success
    robot.wait_for_state("HOLD OPERATOR")
    robot.spin(0.2)
    assert not robot.sent()[-1].velocity.any()
