"""The desk through the robot node: a block is grasped and lifted, and the topics say so."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from geometry_msgs.msg import PoseArray  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402
from trajectory_msgs.msg import JointTrajectory  # noqa: E402

from robot_meta.collection.cartesian import CartesianAction  # noqa: E402
from robot_meta.collection.decoding import commanded_from, stamp_from  # noqa: E402
from robot_meta.collection.desk_state import (  # noqa: E402
    SCENE_JOINTS,
    desk_states,
    scene_from,
    state_names,
)
from robot_meta.collection.play.summary import all_states, stored_episodes  # noqa: E402
from robot_meta.nodes import messages, qos  # noqa: E402
from robot_meta.replay.snapshot import Snapshot  # noqa: E402
from robot_meta.resources import resource  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402
from robot_meta.twin.desk.layout import DeskLayout, draw_layout  # noqa: E402
from robot_meta.twin.desk.predicates import SKILLS, VERSION  # noqa: E402
from robot_meta.twin.desk.state import SCENE  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.sim]
ARM = arm_description("fr3")
BLOCK = DeskLayout().blocks["red_block"][:2]
LIFT = list(SKILLS).index("lift_red_block")


class Hand:
    """A commander in the test that moves the tool straight to `goal`, (3,), [m]."""

    def __init__(self, client, robot):
        self._action, self._client, self._robot = CartesianAction(ARM), client, robot
        self.tool = self.goal = ARM.chain.tool_position_in_base(ARM.spec.home)
        self._command = client.node.create_publisher(JointTrajectory, "command", 10)
        client.node.create_subscription(JointTrajectory, "commanded", self._answer, qos.newest())

    def _answer(self, msg):
        commanded = commanded_from(msg, ARM.spec.joint_names)
        self.tool = ARM.chain.tool_position_in_base(commanded.position[1])
        step = 0.24 * ARM.spec.control_dt
        action = np.clip(0.3 * (self.goal - self.tool) / step, -1.0, 1.0)
        command = self._action.command_for(commanded, action)
        self._command.publish(
            messages.command_msg(command, ARM.spec.joint_names, ARM.spec.control_dt)
        )

    def until(self, condition, what):
        """Until it holds; armed anew where a busy machine made the robot hold."""

        def holds():
            if self._robot.states and not self._robot.states[-1].data.startswith("RUNNING"):
                self._robot.call("arm")
                return False
            return condition()

        self._client.spin_until(holds, 120.0, what)

    def go(self, height):
        """To a height above the red block."""
        self.goal = np.array([*BLOCK, height])
        self.until(lambda: np.linalg.norm(self.goal - self.tool) < 0.002, f"height {height}")


class Desk:
    """A robot node with a desk, the hand's topics and what is told of the scene."""

    def __init__(self, start_robot, client, **parameters):
        self._client = client
        self.joints = client.hear(JointState, "scene/joint_states", qos.state())
        self.objects = client.hear(PoseArray, "scene/object_poses", qos.state())
        self.progress = client.hear(JointState, "scene/progress", qos.state())
        self.gripper = client.hear(JointState, "gripper_state")
        self._command = client.node.create_publisher(JointState, "gripper_command", 1)
        self.robot = start_robot(
            backend="twin", scene="desk", cell=resource("config/desk_cell.yaml"), **parameters
        )
        client.spin_until(lambda: self.joints and self.objects and self.gripper, what="the scene")
        client.spin_until(self._command.get_subscription_count, what="the hand")

    def ask(self, done, what, **fields):
        """Ask the hand for something, and wait for a state in which it is done."""
        self._command.publish(JointState(**fields))
        self._client.spin_until(
            lambda: not self.gripper[-1].header.frame_id and done(self.gripper[-1]), 120.0, what
        )

    def now(self):
        return dict(zip(SCENE, scene_from(self.joints[-1], self.objects[-1]), strict=True))


def lift(desk, client):
    """Take hold of the red block and lift it, until that counts."""
    hand = Hand(client, desk.robot)
    hand.until(lambda: desk.robot.states, "a robot that runs")
    desk.ask(lambda s: s.position[0] > 0.078, "open fingers", position=[0.08], velocity=[0.1])
    hand.go(0.12)
    hand.go(0.03)
    assert desk.progress[-1].position[LIFT] < 0.1
    desk.ask(lambda s: s.effort[0] == 1.0, "a grasp", position=[0.04], effort=[20.0])
    hand.go(0.14)
    client.spin_until(lambda: desk.progress[-1].effort[LIFT] == 1.0, what="the success")


def test_a_block_is_lifted_in_real_time_and_progress_begins_with_the_episode(start_robot, client):
    desk = Desk(start_robot, client, arm_on_start=True)
    lift(desk, client)
    assert desk.now()["red_block_z"] > 0.10
    assert desk.now()["blue_block_z"] == pytest.approx(0.022, abs=0.002)
    assert desk.now()["width"] == pytest.approx(0.04, abs=0.002)
    recording = client.node.create_publisher(String, "recording", qos.latched())
    recording.publish(String(data="an episode that begins with the block in the air"))
    client.spin_until(lambda: desk.progress[-1].position[LIFT] < 0.1, what="a new beginning")
    stamps = {stamp_from(msg.header.stamp) for msg in desk.robot.joint_states}
    told = desk.progress[len(desk.progress) // 2]  # the newest may be ahead of its joint_states
    assert stamp_from(told.header.stamp) in stamps


def test_an_episode_keeps_the_desk_of_every_period_and_its_truth(
    start_robot, client, processes, tmp_path
):
    path = tmp_path / "store"
    processes.node("episodes_node", store=path, scene="desk")
    desk = Desk(start_robot, client, lockstep=True, arm_on_start=True, wait_for="[episodes]")
    assert client.call(Trigger, "start_episode").success
    lift(desk, client)
    success = stamp_from(desk.progress[-1].header.stamp)

    def kept():
        """Whether the store has got that far; in lockstep it follows behind."""
        snapshot = Snapshot(path)
        return len(snapshot) and snapshot.intact(np.array([len(snapshot) - 1])).stamp[0] > success

    client.spin_until(kept, 120.0, "the lift in the store")
    assert client.call(Trigger, "stop_episode").success

    ((episode, batch),) = stored_episodes(path)
    assert episode.about["state"] == state_names(7)
    assert (episode.about["layout_seed"], episode.about["predicates"]) == (-1, VERSION)
    stored = all_states(batch)
    assert stored.shape[1] == len(state_names(7))
    for skill in SKILLS.values():
        done = skill.success(desk_states(stored), ARM.spec.control_dt)
        assert done[-1] == (skill.name == "lift_red_block"), skill.name
    told = {
        stamp_from(one.header.stamp): scene_from(one, other)
        for one, other in zip(desk.joints, desk.objects, strict=False)
    }
    kept = batch.values["state"][:, -len(SCENE) :]
    for stamp, scene in zip(batch.stamp.tolist(), kept, strict=True):
        np.testing.assert_array_equal(scene, np.float32(told[stamp]))


def test_a_perturbation_set_live_still_changes_the_body(start_robot, client):
    desk = Desk(start_robot, client)
    desk.robot.wait_for_state("HOLD")
    desk.robot.spin(0.5)
    before = np.array(desk.robot.joint_states[-1].position)
    assert desk.robot.set("twin.perturbations.payload_mass", 3.0).successful
    desk.robot.spin_until(
        lambda: np.abs(np.array(desk.robot.joint_states[-1].position) - before).max() > 0.01,
        "an arm that gives way",
    )


def test_a_seed_is_that_desk(start_robot, client):
    desk = Desk(start_robot, client, desk_seed=4)
    layout = draw_layout(4)
    x, y, _ = layout.blocks["red_block"]
    found = desk.now()
    assert (found["red_block_x"], found["red_block_y"]) == pytest.approx(
        (x, layout.side * y), abs=2e-3
    )
    assert list(desk.joints[-1].name) == list(SCENE_JOINTS)


@pytest.mark.parametrize(
    ("parameters", "part"),
    [
        ({"backend": "fake", "scene": "desk"}, "only the twin has a scene 'desk'"),
        (
            {"backend": "twin", "scene": "sofa"},
            "scene must be one of ['table', 'desk'], got 'sofa",
        ),
    ],
)
def test_a_scene_that_is_not_there_is_one_clear_line(processes, parameters, part):
    node = processes.node("robot_node", **parameters)
    assert node.wait(timeout=120) == 20
    (line,) = node.log.read_text().splitlines()
    assert part in line


def test_a_cell_with_another_table_than_the_desk_is_refused(processes, tmp_path):
    cell = tmp_path / "cell.yaml"
    cell.write_text("table: {height: 0.1}")
    node = processes.node("robot_node", backend="twin", scene="desk", cell=cell)
    assert node.wait(timeout=120) == 20
    assert "table.height must be 0, got 0.1" in node.log.read_text()
