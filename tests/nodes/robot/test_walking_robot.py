"""The robot node with legs: trouble makes it stand or lie still, says why, and nothing resumes."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from geometry_msgs.msg import TwistStamped  # noqa: E402
from nav_msgs.msg import Odometry  # noqa: E402
from onnxruntime.datasets import get_example  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from robot_meta.collection.decoding import stamp_from  # noqa: E402
from robot_meta.legged_types import VelocityCommand  # noqa: E402
from robot_meta.nodes import qos  # noqa: E402
from robot_meta.nodes.legged_topics import LeggedTopics  # noqa: E402
from robot_meta.resources import resource  # noqa: E402
from robot_meta.robots.description import legged_description  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.sim]

TOPICS = LeggedTopics(legged_description("go2").spec)
AHEAD = np.array([0.3, 0.0, 0.0])


class Rider:
    """Answers every period of a robot in lockstep; time stands still between two calls."""

    def __init__(self, processes, client, **parameters):
        self._client, self._seen, self._stamps = client, 0, []
        self.node = processes.node(
            "robot_node", robot="go2", lockstep=True, arm_on_start=True, **parameters
        )
        self._command = client.node.create_publisher(TwistStamped, "command", qos.state())
        self._sent = client.hear(TwistStamped, "commanded", qos.state())
        self._places = client.hear(Odometry, "odom", qos.state())
        self._states = client.hear(String, "state", qos.latched())
        client.spin_until(lambda: self._sent, what="the first period")

    @property
    def state(self):
        return self._states[-1].data

    @property
    def place(self):
        return self._places[-1].pose.pose.position

    def walk(self, periods, velocity=AHEAD, answer=None):
        """Answer so many periods; the velocity sent for the last one."""
        for _ in range(periods):
            stamp = stamp_from(self._sent[-1].header.stamp)
            msg = TOPICS.command_msg(VelocityCommand(stamp=stamp, velocity=velocity))
            if answer is not None:
                msg = answer(stamp, msg)
            self._command.publish(msg)
            self._client.spin_until(
                lambda stamp=stamp: stamp_from(self._sent[-1].header.stamp) > stamp,
                60.0,
                "the next period",
            )
        return TOPICS.command_from(_plain(self._sent[-1])).velocity

    def set(self, incident):
        from rcl_interfaces.srv import SetParameters
        from rclpy.parameter import Parameter

        parameter = Parameter("twin.incident", value=incident).to_parameter_msg()
        request = SetParameters.Request(parameters=[parameter])
        (result,) = self._client.call(SetParameters, "robot/set_parameters", request).results
        assert result.successful, result.reason

    def call(self, service):
        return self._client.call(Trigger, service)

    def wait_for_state(self, text):
        self._client.spin_until(lambda: self.state.startswith(text), what=f"state {text}")


def _plain(msg):
    msg.header.frame_id = ""
    return msg


@pytest.fixture
def rider(processes, client):
    rider = Rider(processes, client)
    rider.walk(10)
    assert rider.state == "RUNNING"
    return rider


def assert_stands_and_nothing_resumes(rider, state):
    rider.wait_for_state(state)
    still = rider.walk(8)
    assert not still.any() and rider.state == state


def test_silence_for_three_periods_makes_it_stand(rider):
    rider.walk(4, answer=lambda stamp, msg: TOPICS.no_command_msg(stamp))
    assert_stands_and_nothing_resumes(rider, "HOLD COMMAND_SILENCE")
    assert rider.call("arm").success
    assert rider.walk(5).any()


@pytest.mark.parametrize(
    ("incident", "periods", "state"),
    [
        ("pose_frozen", 7, "HOLD POSE_FROZEN"),
        ("pose_jump", 2, "HOLD POSE_JUMP"),
        ("imu_nan", 2, "HOLD BAD_OBSERVATION"),
    ],
)
def test_a_source_that_lies_makes_it_stand(rider, incident, periods, state):
    rider.set(incident)
    rider.walk(periods)
    assert_stands_and_nothing_resumes(rider, state)


def test_an_inertial_unit_without_numbers_lets_nobody_arm_until_it_tells_some(rider):
    rider.set("imu_nan")
    rider.walk(8)
    assert not rider.call("arm").success
    rider.set("")
    rider.walk(2)
    assert rider.call("arm").success


def test_a_fall_damps_it_for_good(rider):
    rider.set("fall")
    rider.walk(25)
    assert rider.state == "INACTIVE FALLEN"
    refused = rider.call("arm")
    assert not refused.success and "recover" in refused.message


@pytest.mark.parametrize(
    ("spoil", "state"),
    [
        (lambda msg: setattr(msg.header, "frame_id", "map"), "HOLD WRONG_LENGTH"),
        (lambda msg: setattr(msg.twist.angular, "x", 0.3), "HOLD WRONG_LENGTH"),
        (lambda msg: setattr(msg.twist.linear, "x", float("nan")), "HOLD NOT_FINITE"),
    ],
)
def test_a_command_for_another_robot_makes_it_stand(rider, spoil, state):
    def answer(stamp, msg):
        spoil(msg)
        return msg

    rider.walk(4, answer=answer)
    assert_stands_and_nothing_resumes(rider, state)


def test_a_body_may_change_while_it_walks_but_not_the_ground_under_it(rider, processes, client):
    set_it = "import sys; from robot_meta.nodes.twin_client import main; sys.exit(main())"
    ends = {}
    for name, value in (("payload_mass", "4"), ("step_height", "0.05")):
        command = processes.python("-c", set_it, "set", name, value, name=name)
        client.spin_until(lambda c=command: c.poll() is not None, what="the twin command")
        ends[name] = command.returncode, command.log.read_text()
    assert ends["payload_mass"][0] == 0
    assert ends["step_height"][0] != 0 and "stays 0.0 m" in ends["step_height"][1]


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("/nowhere/walk.onnx", "does not exist"),
        (resource("config/legged.yaml"), "not a policy that can be read"),
        (get_example("sigmoid.onnx"), "want a policy of go2"),
    ],
)
def test_a_walking_policy_that_is_missing_or_of_another_robot_is_one_line(processes, policy, told):
    node = processes.node("robot_node", robot="go2", twin__policy=policy)
    assert node.wait(timeout=120) > 9
    (line,) = node.log.read_text().splitlines()
    assert str(policy) in line and told in line


def test_dynamics_of_an_arm_do_not_drive_legs(processes):
    weights = resource("models/fr3_last_layer.safetensors")
    node = processes.node("controller_node", robot="go2", model=weights)
    assert node.wait(timeout=120) > 9
    (line,) = node.log.read_text().splitlines()
    assert "fr3" in line and "go2" in line
