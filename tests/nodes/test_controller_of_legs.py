"""The controller node with a test as its walking robot."""

import numpy as np
import pytest
import torch

pytest.importorskip("rclpy")

from geometry_msgs.msg import TwistStamped  # noqa: E402
from nav_msgs.msg import Path as PathMsg  # noqa: E402

from robot_meta.build import AdapterConfig, BuildConfig, build_controller  # noqa: E402
from robot_meta.collection.legged_decoder import NO_COMMAND  # noqa: E402
from robot_meta.controller import ControllerConfig  # noqa: E402
from robot_meta.dynamics.rollout import RolloutConfig  # noqa: E402
from robot_meta.legged_types import LeggedObservation, VelocityCommanded  # noqa: E402
from robot_meta.nodes import qos  # noqa: E402
from robot_meta.nodes.legged_topics import LeggedTopics  # noqa: E402
from robot_meta.planning.mppi import MPPIConfig  # noqa: E402
from robot_meta.planning.planner import SamplingConfig  # noqa: E402
from robot_meta.planning.pose_paths import line  # noqa: E402
from robot_meta.robots.description import legged_description  # noqa: E402

pytestmark = pytest.mark.ros

SPEC = legged_description("go2").spec
TOPICS = LeggedTopics(SPEC)
SAMPLING = SamplingConfig(num_samples=16, horizon=6, iterations=1, knots=3, noise_std=0.3)
SMALL = {
    f"planner__sampling__{name}": getattr(SAMPLING, name)
    for name in ("num_samples", "horizon", "iterations", "knots", "noise_std")
}


def period(k):
    """A robot that stands, one period after the other."""
    rng = np.random.default_rng(k)
    observation = LeggedObservation(
        stamp=k / 10,
        pose=0.01 * rng.normal(size=3),
        velocity=0.01 * rng.normal(size=3),
        attitude=0.01 * rng.normal(size=2),
        rates=0.01 * rng.normal(size=2),
        feet=rng.random(4),
        joint_position=SPEC.stand + 0.01 * rng.normal(size=12),
        joint_velocity=0.1 * rng.normal(size=12),
        joint_torque=rng.normal(size=12),
    )
    still = np.zeros((2, 3))
    return observation, VelocityCommanded(stamp=k / 10, velocity=still, altered=False, reason="")


class Legs:
    """The robot's side of the topics."""

    def __init__(self, client):
        self._client = client
        self._answers = client.hear(TwistStamped, "command", qos.state())
        self._sends = {
            topic: client.node.create_publisher(kind, topic, qos.state())
            for topic, kind in TOPICS.sent.items()
        }
        self._target = client.node.create_publisher(PathMsg, "target", qos.latched())

    def begin(self):
        listened = [*self._sends.values(), self._target]
        self._client.spin_until(
            lambda: all(p.get_subscription_count() for p in listened), what="the controller"
        )
        self._target.publish(TOPICS.target_msg(line(speed=0.3, duration=20.0)))

    def ask(self, k, spoil=lambda msgs: None):
        """The answer to period `k`."""
        msgs, count = TOPICS.period_msgs(*period(k)), len(self._answers)
        spoil(msgs)
        for topic, msg in msgs.items():
            self._sends[topic].publish(msg)
        self._client.spin_until(lambda: len(self._answers) > count, what="an answer")
        return self._answers[-1]


@pytest.fixture
def legs(client):
    return Legs(client)


def start(processes, **parameters):
    return processes.node(
        "controller_node", robot="go2", lockstep=True, rollout__precision="fp32", **SMALL,
        **parameters,
    )  # fmt: skip


def in_any_order(msgs):
    joints = msgs["joint_states"]
    order = np.random.default_rng(5).permutation(len(joints.name))
    joints.name = [joints.name[i] for i in order]
    joints.position = [joints.position[i] for i in order]
    joints.velocity = [joints.velocity[i] for i in order]
    joints.effort = [joints.effort[i] for i in order]


def test_whatever_the_joint_order_it_answers_what_it_answers_in_process(processes, legs):
    start(processes)
    torch.set_num_threads(1)
    rollout = RolloutConfig(precision="fp32")
    config = ControllerConfig(planner=MPPIConfig(sampling=SAMPLING), rollout=rollout)
    here = build_controller(
        BuildConfig(robot="go2", controller=config, adapter=AdapterConfig(kind="last_layer"))
    )
    here.set_target(TOPICS.target_from(TOPICS.target_msg(line(speed=0.3, duration=20.0))))
    legs.begin()
    for k in range(12):
        want = here.act(*period(k))
        got = TOPICS.command_from(legs.ask(k, in_any_order))
        assert got.stamp == want.stamp
        np.testing.assert_array_equal(got.velocity, want.velocity)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda msgs: msgs["joint_states"].name.__setitem__(0, "FR_toe"), "FR_hip_joint"),
        (lambda msgs: setattr(msgs["attitude"].vector, "x", float("nan")), "not finite"),
        (lambda msgs: setattr(msgs["odom"].pose.pose.position, "x", float("inf")), "not finite"),
        (lambda msgs: setattr(msgs["foot_contacts"], "position", [1.0]), "contact"),
    ],
)
def test_what_cannot_be_read_is_answered_with_no_command_and_a_line(processes, legs, spoil, told):
    node = start(processes)
    legs.begin()
    legs.ask(0)
    assert legs.ask(1, spoil).header.frame_id == NO_COMMAND
    assert legs.ask(2).header.frame_id != NO_COMMAND
    assert told in node.log.read_text()
