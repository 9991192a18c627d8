"""A person drives the robot node through the teleop node: real processes, real topics."""

import os
import struct

import numpy as np
import pytest

pytest.importorskip("rclpy")

from geometry_msgs.msg import PoseStamped  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402
from std_msgs.msg import Bool, Float64, String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from robot_meta.collection.decoding import commanded_from  # noqa: E402
from robot_meta.errors import BadConfig  # noqa: E402
from robot_meta.nodes import qos  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.realtime, pytest.mark.sim]
ARM = arm_description("fr3")


def handle_messages(robot):
    """Handle messages for a moment; one at a time would leave more and more of them waiting."""
    robot.spin(0.01)


class Source:
    """Publishes where a hand is, and whether it holds on, 100 times a second."""

    def __init__(self, client, robot, name="hand", topics="teleop"):
        self._robot, node = robot, client.add_node(name)
        self._pose = node.create_publisher(PoseStamped, f"{topics}_pose", 10)
        self._clutch = node.create_publisher(Bool, f"{topics}_clutch", 10)
        self.height = 1.0

    def connect(self):
        publishers = (self._pose, self._clutch)
        self._robot.spin_until(
            lambda: all(p.get_subscription_count() for p in publishers), "the teleop node"
        )

    def say(self, closed=True):
        msg = PoseStamped()
        msg.pose.position.z, msg.pose.orientation.w = self.height, 1.0
        self._pose.publish(msg)
        self._clutch.publish(Bool(data=closed))

    def lift_until(self, condition, what, speed=0.1):
        """Lift the hand until something holds."""

        def act():
            self.height += 0.01 * speed
            self.say()
            handle_messages(self._robot)
            return condition()

        self._robot.spin_until(act, what)


@pytest.fixture
def robot(start_robot, client, processes):
    """A fake robot in real time and the teleop node that answers it, armed."""
    robot = start_robot(backend="fake")
    robot.wait_for_state("HOLD")
    robot.said = client.hear(String, "teleop_state", qos.latched())
    robot.teleop = processes.node(
        "teleop_node", device="pose", motion__share=1.0, max_silence=2.0, max_gap=0.5
    )  # a busy machine must not look like a hand that lets go
    robot.spin_until(lambda: len(robot.commands) > 20, "commands")
    robot.arm()
    return robot


class Cap:
    """A SpaceMouse that a FIFO stands for: the node reads its reports as from the kernel."""

    def __init__(self, path):
        self._path = path
        os.mkfifo(path)
        self.plug()

    def plug(self):
        self._fd = os.open(self._path, os.O_RDWR)

    def unplug(self):
        os.close(self._fd)

    def push_until(self, robot, condition, what, up=300):
        def act():
            os.write(self._fd, struct.pack("<B6h", 1, 0, 0, -up, 0, 0, 0))
            handle_messages(robot)
            return condition()

        robot.spin_until(act, what)


@pytest.fixture
def driven(start_robot, client, processes, tmp_path):
    """A fake robot with a hand, driven by a SpaceMouse, armed."""
    (tmp_path / "cell.yaml").write_text("gripper: franka_hand\n")
    cap = Cap(tmp_path / "hidraw0")
    robot = start_robot(backend="fake", cell=tmp_path / "cell.yaml")
    robot.wait_for_state("HOLD")
    robot.said = client.hear(String, "teleop_state", qos.latched())
    robot.teleop = processes.node(
        "teleop_node", device="spacemouse", device_path=tmp_path / "hidraw0"
    )
    robot.spin_until(lambda: len(robot.commands) > 20, "commands")
    robot.arm()
    return robot, cap


def test_a_device_that_is_unplugged_brings_the_arm_to_rest_and_may_come_back(driven):
    robot, cap = driven
    start = tool(robot)
    cap.push_until(robot, lambda: tool(robot)[2] - start[2] > 0.03, "motion")
    cap.unplug()
    robot.spin_until(lambda: rests(robot), "rest")
    robot.spin_until(lambda: robot.said[-1].data.startswith("LOST"), "word of the loss")
    assert "the SpaceMouse was unplugged" in robot.said[-1].data
    assert robot.states[-1].data == "RUNNING"
    place = tool(robot)
    cap.plug()
    robot.spin_until(lambda: robot.said[-1].data.startswith("OPEN"), "the device")
    cap.push_until(robot, lambda: tool(robot)[2] - place[2] > 0.02, "motion again")


def test_keys_of_a_terminal_count_besides_any_device_and_open_and_close_the_hand(driven, client):
    robot, _ = driven
    width = client.hear(JointState, "gripper_state")
    keys = client.node.create_publisher(String, "teleop_keys", 10)
    robot.spin_until(lambda: width and keys.get_subscription_count(), "hand and teleop node")
    begin = width[-1].position[0]

    def press_until(key, condition, what):
        keys.publish(String(data=key))
        robot.spin_until(condition, what)

    opened = begin < 0.04
    press_until("g", lambda: abs(width[-1].position[0] - 0.08 * opened) < 1e-6, "the hand")
    press_until("+", lambda: robot.said[-1].data.endswith("100%"), "a higher speed")
    press_until("space", lambda: robot.states[-1].data.startswith("HOLD"), "a hold")
    press_until("1", lambda: robot.states[-1].data == "RUNNING", "arming")


def newest(robot, periods=1):
    """What the guard sent last; decoding all of it takes longer than a period."""
    return [commanded_from(msg, ARM.spec.joint_names) for msg in robot.commanded[-periods:]]


def tool(robot):
    return ARM.chain.tool_position_in_base(newest(robot)[0].position[1])


def rests(robot, periods=10):
    """Whether the newest periods were at rest."""
    return not any(sent.velocity.any() for sent in newest(robot, periods))


def test_the_tool_follows_a_hand_and_rests_when_the_hand_falls_silent(robot, client):
    start = tool(robot)
    source = Source(client, robot)
    source.connect()
    source.lift_until(lambda: tool(robot)[2] - start[2] > 0.05, "motion")
    np.testing.assert_allclose(tool(robot)[:2], start[:2], atol=5e-3)
    robot.spin_until(lambda: robot.said[-1].data.startswith("OPEN"), "the clutch")
    robot.spin_until(lambda: rests(robot), "rest after silence")
    assert robot.states[-1].data == "RUNNING", "no hold was needed for that"
    running = [sent.reason for sent in robot.sent() if sent.velocity.any()]
    assert "JUMP" not in running


def test_after_a_hold_the_hand_has_to_let_go_once(robot, client):
    source = Source(client, robot)
    source.connect()
    start = tool(robot)
    source.lift_until(lambda: tool(robot)[2] - start[2] > 0.03, "motion")
    robot.call("hold")
    source.lift_until(lambda: robot.said[-1].data.startswith("WAITING"), "the clutch")
    robot.spin_until(lambda: rests(robot), "rest")
    place = tool(robot)
    arm = client.node.create_client(Trigger, "arm")
    robot.spin_until(arm.service_is_ready, "the service arm")
    answer = arm.call_async(Trigger.Request())
    source.lift_until(lambda: answer.done() and robot.states[-1].data == "RUNNING", "arming")
    count = len(robot.commanded)
    source.lift_until(lambda: len(robot.commanded) > count + 25, "periods")
    assert robot.said[-1].data.startswith("WAITING")
    np.testing.assert_array_equal(tool(robot), place)
    robot.spin_until(lambda: robot.said[-1].data.startswith("OPEN"), "the open clutch")
    source.lift_until(lambda: tool(robot)[2] - place[2] > 0.02, "motion after a new hold")


def test_a_hand_in_space_opens_and_closes_the_fingers_once_it_changes(
    start_robot, client, processes, tmp_path
):
    (tmp_path / "cell.yaml").write_text("gripper: franka_hand\n")
    robot = start_robot(backend="fake", cell=tmp_path / "cell.yaml")
    robot.wait_for_state("HOLD")
    processes.node("teleop_node", device="pose")
    width = client.hear(JointState, "gripper_state")
    asked = client.hear(JointState, "gripper_command")
    wanted = client.node.create_publisher(Float64, "teleop_gripper", 10)
    robot.spin_until(lambda: width and wanted.get_subscription_count(), "hand and teleop node")
    robot.spin_until(lambda: len(robot.commands) > 20, "commands")
    robot.arm()
    wanted.publish(Float64(data=0.07))  # how the person's hand is to begin with
    robot.spin(1.0)
    assert not asked
    wanted.publish(Float64(data=0.02))
    robot.spin_until(lambda: abs(width[-1].position[0] - 0.02) < 1e-6, "the fingers")


def test_two_sources_at_once_move_nothing(robot, client):
    one, two = Source(client, robot, "one"), Source(client, robot, "two")
    one.connect(), two.connect()
    place, count = tool(robot), len(robot.commanded)
    one.lift_until(lambda: len(robot.commanded) > count + 25, "periods")
    np.testing.assert_array_equal(tool(robot), place)
    said = robot.teleop.log.read_text()
    assert "want one node that publishes teleop_clutch, got /one, /two" in said


def test_the_page_drives_beside_another_source_and_none_takes_the_robot_from_the_other(
    robot, client
):
    hand, page = Source(client, robot), Source(client, robot, "web", "page")
    hand.connect(), page.connect()
    start = tool(robot)
    hand.lift_until(lambda: tool(robot)[2] - start[2] > 0.02, "motion")

    def both(condition, what):
        def act():
            hand.say()
            return condition()

        page.lift_until(act, what)

    both(lambda: rests(robot), "rest, whatever the page says")
    place, count = tool(robot), len(robot.commanded)
    both(lambda: len(robot.commanded) > count + 25, "periods")
    np.testing.assert_array_equal(tool(robot), place)
    hand.say(closed=False)
    count = len(robot.commanded)
    page.lift_until(lambda: len(robot.commanded) > count + 25, "periods")
    np.testing.assert_array_equal(tool(robot), place)
    count = len(robot.commanded)
    robot.spin_until(
        lambda: page.say(closed=False) or len(robot.commanded) > count + 10, "a hand that lets go"
    )
    page.lift_until(lambda: tool(robot)[2] - place[2] > 0.02, "motion after a new hold")


def test_a_device_that_nobody_knows_is_one_clear_line(processes):
    node = processes.node("teleop_node", device="joystick")
    assert node.wait(60.0) == BadConfig.exit_code
    (line,) = [x for x in node.log.read_text().splitlines() if "error" in x]
    assert "no device 'joystick'; choose one of" in line
