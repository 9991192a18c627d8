"""A person walks a robot with keys, through the real teleop and robot nodes."""

import pytest

pytest.importorskip("rclpy")

from geometry_msgs.msg import TwistStamped  # noqa: E402
from nav_msgs.msg import Odometry  # noqa: E402
from std_msgs.msg import String  # noqa: E402

from robot_meta.nodes import qos  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.realtime, pytest.mark.sim]


def test_keys_walk_it_while_they_are_pressed_and_no_longer(processes, client):
    keys = client.node.create_publisher(String, "teleop_keys", 10)
    places = client.hear(Odometry, "odom", qos.state())
    sent = client.hear(TwistStamped, "commanded", qos.state())
    states = client.hear(String, "state", qos.latched())
    processes.node(
        "robot_node", robot="go2", lockstep=True, arm_on_start=True, wait_for="[teleop]"
    )
    processes.node("teleop_node", robot="go2", device="keyboard", motion__share=1.0)
    client.spin_until(lambda: keys.get_subscription_count() and len(sent) > 5, what="both nodes")
    assert states[-1].data == "RUNNING"

    def walked():
        keys.publish(String(data="w"))
        return places[-1].pose.pose.position.x > 0.5

    client.spin_until(walked, 120.0, "half a metre")
    count = len(sent)
    client.spin_until(lambda: len(sent) > count + 60, 120.0, "periods without a key")
    still = sent[-1].twist
    assert (still.linear.x, still.linear.y, still.angular.z) == (0.0, 0.0, 0.0)
    assert states[-1].data == "RUNNING"
    keys.publish(String(data="space"))
    client.spin_until(lambda: states[-1].data == "HOLD OPERATOR", what="the hold")
