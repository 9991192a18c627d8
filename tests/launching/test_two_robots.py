"""Two robots in two namespaces of one ROS domain, real processes: neither hears the other."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

import rclpy  # noqa: E402
import torch  # noqa: E402
from rclpy.context import Context  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.node import Node  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSProfile  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from robot_meta.dynamics.files import ModelCard, save_model  # noqa: E402
from robot_meta.dynamics.model import NeuralDynamics  # noqa: E402
from robot_meta.dynamics.network import init_mlp  # noqa: E402
from robot_meta.dynamics.normalizer import Normalizer  # noqa: E402
from robot_meta.dynamics.state_space import JointReferenceSpace  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402

pytestmark = pytest.mark.ros

ROOT = Path(__file__).parents[2]
PATIENCE_S = 90.0
SIDES = ("left", "right")
COMMON_TOPICS = {"/rosout", "/parameter_events", "/diagnostics", "/clock"}
NODES = ("robot", "controller", "task")


@pytest.fixture
def parameters(tmp_path):
    """A parameter file with weights that nobody trained: enough to move, not to follow."""
    spec = arm_description("fr3").spec
    space = JointReferenceSpace(num_joints=spec.num_joints, control_dt=spec.control_dt)
    size = space.feature_size
    model = NeuralDynamics(
        space=space,
        params=init_mlp((size, 8, space.delta_size), torch.Generator().manual_seed(0)),
        inputs=Normalizer(torch.zeros(size), torch.ones(size)),
        deltas=Normalizer(torch.zeros(space.delta_size), 1e-3 * torch.ones(space.delta_size)),
    )
    card = ModelCard(
        robot="fr3",
        control_dt=spec.control_dt,
        stiffness=tuple(map(float, spec.stiffness)),
        damping=tuple(map(float, spec.damping)),
        tool_mass=spec.tool_load.mass,
        position_range=(tuple(spec.limits.lower), tuple(spec.limits.upper)),
        method="none",
        training={},
    )
    weights = tmp_path / "weights.safetensors"
    save_model(weights, model, card)
    path = tmp_path / "parameters.yaml"
    path.write_text(
        f"/**/controller:\n  ros__parameters:\n    model: {weights}\n"
        "    adapter: {kind: none}\n"
        "    planner: {sampling: {num_samples: 16, horizon: 4}}\n"
    )
    return path


@pytest.fixture
def launched(tmp_path, write, domain, parameters):
    """arm.launch.xml twice, with fake robots; ended as a person would, and checked."""
    arms = "".join(
        f"""<group><include file="{ROOT}/launch/arm.launch.xml">
              <arg name="backend" value="fake"/> <arg name="arm_on_start" value="false"/>
              <arg name="namespace" value="{side}"/>
              <arg name="params_file" value="{parameters}"/>
            </include></group>"""
        for side in SIDES
    )
    environment = {
        **os.environ,
        "ROS_DOMAIN_ID": str(domain),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_LOG_DIR": str(tmp_path / "log"),
        "OMP_NUM_THREADS": "1",
    }
    output = (tmp_path / "output").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "robot_meta.launching", "--runner", "own", str(write(arms))],
        env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT,
    )  # fmt: skip
    yield process
    process.send_signal(signal.SIGINT)
    status = process.wait(PATIENCE_S)
    output.seek(0)
    text = output.read()
    print(text)
    assert status == 0
    started = [int(pid) for pid in re.findall(r"started, process (\d+)", text)]
    assert len(started) == len(SIDES) * len(NODES)
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


class Client:
    """Listens to both robots."""

    def __init__(self, launched, domain):
        self.launched = launched
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain)
        self.node = Node("observer", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.states, self.positions = {}, {}
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        for side in SIDES:
            self.node.create_subscription(
                String, f"/{side}/state", lambda msg, s=side: self.states.update({s: msg.data}),
                latched,
            )  # fmt: skip
            self.node.create_subscription(
                JointState, f"/{side}/joint_states",
                lambda msg, s=side: self.positions.update({s: np.array(msg.position)}), 1,
            )  # fmt: skip

    def wait_until(self, condition, what):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert self.launched.poll() is None, f"the launch ended before {what}"
            assert time.monotonic() < end, f"waited {PATIENCE_S} s until {what}; {self.states}"
            self.executor.spin_once(timeout_sec=0.1)

    def call(self, name):
        service = self.node.create_client(Trigger, name)
        self.wait_until(service.service_is_ready, f"{name} is there")
        answer = service.call_async(Trigger.Request())
        self.wait_until(answer.done, f"{name} answers")
        return answer.result()

    def close(self):
        self.executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def client(launched, domain, monkeypatch):
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    made = Client(launched, domain)
    yield made
    made.close()


def test_two_robots_in_two_namespaces_do_not_hear_each_other(client):
    """Arming and stopping one leaves the other where it is, and no topic leaves its namespace."""
    client.wait_until(lambda: len(client.states) == len(client.positions) == 2, "both publish")
    present = lambda: {(ns, name) for name, ns in client.node.get_node_names_and_namespaces()}  # noqa: E731
    wanted = {(f"/{side}", name) for side in SIDES for name in NODES}
    client.wait_until(lambda: wanted <= present(), "all nodes are there")
    assert all(state.startswith("HOLD") for state in client.states.values())
    start = {side: client.positions[side] for side in SIDES}

    def left_moves():
        """Whether it does; a machine too busy to answer in time holds it, so arm it again then."""
        if client.states["left"].startswith("HOLD"):
            client.call("/left/arm")
        return np.abs(client.positions["left"] - start["left"]).max() > 0.005

    client.wait_until(left_moves, "left moves")
    assert client.states["right"].startswith("HOLD")
    np.testing.assert_allclose(client.positions["right"], start["right"], atol=1e-3)

    assert client.call("/right/estop").success
    client.wait_until(lambda: client.states["right"].startswith("ESTOP"), "right is stopped")
    assert not client.states["left"].startswith("ESTOP")

    for namespace, name in wanted:
        published = client.node.get_publisher_names_and_types_by_node(name, namespace)
        heard = client.node.get_subscriber_names_and_types_by_node(name, namespace)
        topics = {topic for topic, _ in [*published, *heard]}
        outside = {t for t in topics if not t.startswith(f"{namespace}/")} - COMMON_TOPICS
        assert not outside, f"{namespace}/{name} uses {outside}"
