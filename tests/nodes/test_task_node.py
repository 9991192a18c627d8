import dataclasses
import signal
import socket
import time
import urllib.request

import numpy as np
import pytest

pytest.importorskip("rclpy")

from nav_msgs.msg import Odometry, Path  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402
from std_msgs.msg import String  # noqa: E402

from robot_meta.collection.decoding import target_from  # noqa: E402
from robot_meta.nodes import messages, qos  # noqa: E402
from robot_meta.nodes.arm_task import ArmTaskConfig, target_path  # noqa: E402
from robot_meta.nodes.legged_topics import LeggedTopics  # noqa: E402
from robot_meta.robots.description import arm_description, legged_description  # noqa: E402

HOME = np.array([0.4, 0.0, 0.5])
FR3 = arm_description("fr3")
LEGS = LeggedTopics(legged_description("go2").spec)


def state_at(stamp):
    msg = JointState(name=list(FR3.spec.joint_names), position=FR3.spec.home.tolist())
    msg.header.stamp = messages.time_msg(stamp)
    return msg


@pytest.mark.parametrize(
    ("config", "last"),
    [
        (ArmTaskConfig(path="hold"), HOME),
        (ArmTaskConfig(path="pose", goal=(0.5, 0.1, 0.4)), [0.5, 0.1, 0.4]),
        (ArmTaskConfig(path="figure_eight", center_offset=(0.0, 0.1, 0.0)), HOME + [0, 0.1, 0]),
    ],
)
def test_every_path_begins_at_its_start_and_ends_where_it_should(config, last):
    path = target_path(config, HOME, start=10.0 + config.start)
    assert path.stamp[0] == 10.0 + config.start
    np.testing.assert_allclose(path.position[-1], last, atol=1e-9)


@pytest.mark.ros
def test_the_target_counts_from_when_the_robot_was_armed_and_reaches_latecomers(processes, client):
    publisher = client.node.create_publisher(JointState, "joint_states", qos.state())
    state = client.node.create_publisher(String, "state", qos.latched())
    state.publish(String(data="HOLD START"))
    processes.node("task_node", start=0.5, duration=8.0)
    client.spin_until(publisher.get_subscription_count, what="the task node")
    heard = client.hear(Path, "target", qos.latched())

    for _ in range(20):
        publisher.publish(state_at(1.0))
        client.spin_until(lambda: True)
        time.sleep(0.01)
    assert heard == []
    state.publish(String(data="RUNNING"))

    def published():
        publisher.publish(state_at(1.0))
        return heard

    client.spin_until(published, what="the target")
    publisher.publish(state_at(3.5))
    late = client.hear(Path, "target", qos.latched())
    client.spin_until(lambda: late, what="the target once more")
    target = target_from(late[0])
    home = FR3.chain.tool_position_in_base(FR3.spec.home)
    assert target.stamp[0] == 1.5 and len(heard) == 1
    np.testing.assert_array_equal(target.position[0], home)


@pytest.mark.ros
def test_a_walking_robot_gets_its_path_from_where_it_stands(processes, client):
    publisher = client.node.create_publisher(Odometry, "odom", qos.state())
    processes.node(
        "task_node", robot="go2", path="pose", goal="[2.0, 0.0, 0.0]", start=0.5,
        wait_until_running=False,
    )  # fmt: skip
    client.spin_until(publisher.get_subscription_count, what="the task node")
    heard = client.hear(Path, "target", qos.latched())
    seen, commanded, _ = LEGS.at_rest()
    stands = dataclasses.replace(seen, stamp=3.0, pose=np.array([1.0, 2.0, 0.5 * np.pi]))
    odometry = LEGS.period_msgs(stands, commanded)["odom"]

    def published():
        publisher.publish(odometry)
        return heard

    client.spin_until(published, what="the target")
    target = LEGS.target_from(heard[0])
    assert target.stamp[0] == 3.5
    np.testing.assert_allclose(target.pose[0], [1.0, 2.0, 0.5 * np.pi])
    np.testing.assert_allclose(target.pose[-1], [1.0, 4.0, 0.5 * np.pi], atol=1e-12)


@pytest.mark.ros
def test_a_path_that_does_not_exist_is_one_line_with_those_that_do(processes):
    node = processes.node("task_node", path="circle")
    assert node.wait(timeout=120) == 20
    (line,) = node.log.read_text().splitlines()
    assert "'circle'" in line and "figure_eight" in line


@pytest.mark.ros
@pytest.mark.sim
@pytest.mark.parametrize("robot", ["fr3", "go2"])
def test_the_view_serves_this_machine_alone_and_ends_with_ctrl_c(processes, client, robot):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    publisher = client.node.create_publisher(JointState, "joint_states", qos.state())
    view = processes.node("view_node", port=port, robot=robot)
    client.spin_until(publisher.get_subscription_count, what="the view")
    publisher.publish(state_at(0.0))

    def listens():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    client.spin_until(listens, what="the page")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=60) as page:
        assert page.status == 200
    with socket.socket() as outside:
        own = socket.gethostbyname(socket.gethostname())
        if not own.startswith("127."):
            assert outside.connect_ex((own, port)) != 0
    view.send_signal(signal.SIGINT)
    assert view.wait(timeout=120) == 0
