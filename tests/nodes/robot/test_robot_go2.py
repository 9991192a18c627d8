"""The robot node of a Go2: topics on one side, the robot's own DDS on the other."""

import signal

import numpy as np
import pytest

pytest.importorskip("rclpy")

from geometry_msgs.msg import TwistStamped  # noqa: E402
from nav_msgs.msg import Odometry  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from robot_meta.legged_types import VelocityCommand  # noqa: E402
from robot_meta.nodes import qos  # noqa: E402
from robot_meta.nodes.legged_topics import LeggedTopics  # noqa: E402
from robot_meta.robots.description import legged_description  # noqa: E402

pytestmark = [pytest.mark.go2, pytest.mark.ros]

# A busy machine that lets a process wait must not look like what the test provokes.
PATIENT = {
    "go2__silence": 1.0,
    "go2__answer_timeout": 10.0,
    "go2__lost_after": 10.0,
    "go2__connect_timeout": 60.0,
    "guard__max_gap": 50,
    "guard__max_silent": 50,
    "guard__max_command_age": 50,
}
OPEN = {"estop_proof": False, "allow_open_network": True}
TOPICS = LeggedTopics(legged_description("go2").spec)


@pytest.fixture
def go2(open_go2):
    """It stands, and nobody drives it."""
    open_go2().close()


def test_it_walks_through_the_node_and_stands_when_the_node_stalls(
    go2, go2_server, processes, client
):
    states = client.hear(String, "state", qos.latched())
    commands = client.node.create_publisher(
        TwistStamped, "command", qos.command(1.0, lockstep=False)
    )
    before = go2_server.report()["position"]

    def answer(msg):
        stamp = msg.header.stamp.sec + 1e-9 * msg.header.stamp.nanosec
        velocity = np.array([0.15, 0.0, 0.0])  # of what a real robot may at first
        commands.publish(TOPICS.command_msg(VelocityCommand(stamp=stamp, velocity=velocity)))

    client.node.create_subscription(Odometry, "odom", answer, qos.state())
    node = processes.node(
        "robot_node",
        robot="go2",
        backend="go2",
        interface="lo",
        go2__domain=go2_server.domain,
        **PATIENT,
        **OPEN,
    )

    def state():
        return states[-1].data if states else ""

    client.spin_until(lambda: state().startswith("HOLD"), 120.0, "HOLD")
    go2_server.say("service")  # somebody releases it after the node connected
    refused = client.call(Trigger, "arm")
    go2_server.say("service", "normal")
    assert not refused.success and "no motion service runs" in refused.message
    client.spin_until(lambda: client.call(Trigger, "arm").success, what="arming")
    client.spin_until(lambda: any(go2_server.report()["velocity"]), what="walking")
    client.spin_until(
        lambda: np.hypot(*(np.subtract(go2_server.report()["position"], before)[:2])) > 0.1,
        60.0,
        "a way",
    )
    node.send_signal(signal.SIGSTOP)
    client.spin_until(lambda: not any(go2_server.report()["velocity"]), what="standing")
    node.send_signal(signal.SIGCONT)
    client.spin_until(lambda: state().startswith("INACTIVE"), what="the node to see it")
    assert "WATCHDOG" in state()
    assert not any(go2_server.report()["velocity"])
