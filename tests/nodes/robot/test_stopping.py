"""The software stop: by topic, by service, by a heartbeat that falls silent."""

import pytest

pytest.importorskip("rclpy")

from std_msgs.msg import Bool, UInt64  # noqa: E402

from robot_meta.nodes import qos  # noqa: E402

pytestmark = pytest.mark.ros


def test_a_software_stop_is_latched_and_recovering_is_not_arming(start_robot, client):
    robot = start_robot(backend="fake")
    robot.run_with("sine")
    button = client.node.create_publisher(Bool, "estop", qos.latched())
    button.publish(Bool(data=True))
    robot.wait_for_state("ESTOP ESTOP")
    assert not robot.call("arm").success
    refused = robot.call("recover")
    assert not refused.success and "release" in refused.message

    button.publish(Bool(data=False))
    robot.spin(0.3)
    assert robot.states[-1].data == "ESTOP ESTOP"
    assert robot.call("recover").success
    robot.wait_for_state("HOLD")
    robot.spin(0.3)
    assert robot.states[-1].data.startswith("HOLD")
    robot.arm()


def test_a_device_that_lets_go_lets_go_for_no_other(start_robot, client):
    robot = start_robot(backend="fake")
    robot.run_with("sine")
    device, page = (
        client.add_node(name).create_publisher(Bool, topic, qos.latched())
        for name, topic in (("button", "estop"), ("web", "page_estop"))
    )
    robot.spin_until(lambda: device.get_subscription_count() and page.get_subscription_count())
    device.publish(Bool(data=True))
    robot.wait_for_state("ESTOP ESTOP")
    page.publish(Bool(data=True))
    robot.spin_until(lambda: "(estop, page_estop)" in robot.call("recover").message)
    page.publish(Bool(data=False))
    robot.spin_until(lambda: "(estop): release" in robot.call("recover").message)
    other = client.add_node("another")
    second = other.create_publisher(Bool, "estop", qos.latched())
    robot.spin_until(second.get_subscription_count)
    second.publish(Bool(data=False))
    robot.spin_until(lambda: "of estop, one of /another, /button" in robot.process.log.read_text())
    assert "(estop): release" in robot.call("recover").message
    other.destroy_publisher(second)
    robot.spin_until(lambda: device.publish(Bool(data=False)) or robot.call("recover").success)
    robot.wait_for_state("HOLD")


def test_the_stop_service_stops_and_hold_holds(start_robot):
    robot = start_robot(backend="fake")
    robot.run_with("sine")
    assert robot.call("hold").success
    robot.wait_for_state("HOLD")
    robot.arm()
    assert robot.call("estop").success
    robot.wait_for_state("ESTOP")


def test_a_required_heartbeat_that_stops_is_a_stop(start_robot, client):
    robot = start_robot(backend="fake", heartbeat_required=True, heartbeat_timeout=3.0)
    robot.wait_for_state("ESTOP HEARTBEAT_LOST")
    heart = client.node.create_publisher(UInt64, "estop_heartbeat", 1)
    beats = iter(range(10**6))
    timer = client.node.create_timer(0.03, lambda: heart.publish(UInt64(data=next(beats))))
    robot.spin_until(heart.get_subscription_count)
    robot.spin(0.3)
    assert robot.call("recover").success
    robot.run_with("sine")
    timer.cancel()
    robot.wait_for_state("ESTOP HEARTBEAT_LOST")
    assert "estop_heartbeat" in robot.call("recover").message
