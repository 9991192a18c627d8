"""The hand on topics: refused while the robot is not armed, moved and told when it is."""

import pytest

pytest.importorskip("rclpy")

from sensor_msgs.msg import JointState  # noqa: E402

from robot_meta.nodes.gripper_topics import GripperTopics, task_from  # noqa: E402
from robot_meta.robots.gripper import SimulatedGripper  # noqa: E402

pytestmark = pytest.mark.ros


@pytest.fixture
def robot(start_robot, tmp_path):
    cell = tmp_path / "cell.yaml"
    cell.write_text("gripper: franka_hand")
    return start_robot(backend="fake", cell=cell)


def test_it_moves_while_the_robot_is_armed_and_not_before(robot, client):
    states = client.hear(JointState, "gripper_state")
    command = client.node.create_publisher(JointState, "gripper_command", 1)
    client.spin_until(lambda: states, what="a state of the gripper")
    client.spin_until(command.get_subscription_count, what="the robot node")
    before = states[-1].position[0]
    command.publish(JointState(position=[0.02]))
    assert not robot.call("gripper_homing").success
    client.spin_until(
        lambda: "gripper_command refused: the robot is not armed" in robot.process.log.read_text(),
        what="the refusal",
    )
    assert states[-1].position[0] == before
    robot.run_with()
    command.publish(JointState(position=[0.02]))
    client.spin_until(lambda: abs(states[-1].position[0] - 0.02) < 1e-6, what="the width")
    command.publish(JointState(position=[0.02], effort=[20.0]))
    client.spin_until(lambda: states[-1].position[0] == 0.0, what="an empty grasp")
    assert states[-1].effort[0] == 0.0


@pytest.mark.parametrize("service", ["hold", "estop"])
def test_hold_and_stop_end_what_the_fingers_do(robot, client, service):
    states = client.hear(JointState, "gripper_state")
    command = client.node.create_publisher(JointState, "gripper_command", 1)
    robot.run_with()
    client.spin_until(command.get_subscription_count, what="the robot node")
    before = states[-1].position[0]
    command.publish(JointState(position=[0.0], velocity=[0.001]))  # 40 s
    client.spin_until(lambda: states[-1].header.frame_id == "BUSY", what="a hand at work")
    robot.call(service)
    client.spin_until(lambda: states[-1].header.frame_id == "", what="a hand at rest")
    width = states[-1].position[0]
    assert 0.5 * before < width < before
    heard = len(states)
    client.spin_until(lambda: len(states) > heard + 5, what="more states")
    assert states[-1].position[0] == width


@pytest.mark.parametrize(("width", "held"), [(0.0, True), (0.01, False)])
def test_grasping_at_width_0_holds_whatever_is_there(make_node, width, held):
    now = [0.0]
    hand = SimulatedGripper(lambda: now[0], object_width=0.03)
    topics = GripperTopics(make_node(), hand, lambda: "")
    topics._on_command(JointState(position=[width], effort=[20.0]))
    now[0] = 5.0
    assert hand.state().grasped is held


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({}, "one position"),
        ({"position": [0.01, 0.02]}, "one position"),
        ({"position": [0.2]}, "width in"),
        ({"position": [float("nan")]}, "finite"),
        ({"position": [0.02], "velocity": [1.0]}, "speed in"),
        ({"position": [0.02], "effort": [-1.0]}, "force in"),
    ],
)
def test_a_task_that_no_hand_can_do_is_refused(fields, part):
    with pytest.raises(ValueError, match=part):
        task_from(JointState(**fields))


def test_a_move_has_no_force_and_a_usual_speed():
    assert task_from(JointState(position=[0.02])) == (0.02, 0.05, None)
    full = JointState(position=[0.02], velocity=[0.1], effort=[30.0])
    assert task_from(full) == (0.02, 0.1, 30.0)
