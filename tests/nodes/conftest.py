"""Real processes and a small client to talk to them, each test in a ROS domain of its own."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

try:
    import rclpy
    from rclpy.context import Context
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.node import Node
except ModuleNotFoundError:  # the tests of this folder skip themselves
    rclpy = None

from robot_meta.benchmarks.domains import own_domain

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120.0  # a busy machine lets a process wait for long


class Processes:
    """Starts node processes and makes sure that none outlives the test."""

    def __init__(self, domain: int, folder: Path):
        self.domain, self.folder = domain, folder
        self._running: list[subprocess.Popen] = []

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "ROS_DOMAIN_ID": str(self.domain),
            "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
            "ROS_LOG_DIR": str(self.folder / "log"),
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "OMP_NUM_THREADS": "1",
        }

    def python(self, *arguments, name="process"):
        """Start `python ARGUMENTS`; its output goes to the test's folder."""
        log = (self.folder / f"{name}.log").open("w")
        process = subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            env=self.environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
        )
        process.log = self.folder / f"{name}.log"
        self._running.append(process)
        return process

    def node(self, module, *, namespace="/", ros_args=(), name=None, **parameters):
        """Start a node of this package with parameters."""
        arguments = ["-r", f"__ns:={namespace}", *ros_args]
        for key, value in parameters.items():
            text = str(value).lower() if isinstance(value, bool) else str(value) or "''"
            arguments += ["-p", f"{key.replace('__', '.')}:={text}"]
        code = f"import sys; from robot_meta.nodes.{module} import main; sys.exit(main())"
        return self.python("-c", code, "--ros-args", *arguments, name=name or module)

    def end(self):
        for process in self._running:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self._running:
            try:
                process.wait(timeout=40.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Keys:
    """`robot-meta teleop keys` in a terminal of its own."""

    def __init__(self, environment, folder):
        self._ours, theirs = pty.openpty()
        self.errors = folder / "keys.log"
        os.set_blocking(self._ours, False)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "robot_meta.cli.main", "teleop", "keys"],
            stdin=theirs, stdout=theirs, stderr=self.errors.open("w"), env=environment, cwd=ROOT,
        )  # fmt: skip
        os.close(theirs)
        self._shown, self._pressed_at = "", 0.0

    def press(self, key, every=0.03):
        """Press a key, or leave it pressed: a terminal repeats it about every 30 ms."""
        if time.monotonic() - self._pressed_at > every:
            self._pressed_at = time.monotonic()
            os.write(self._ours, key)

    def __repr__(self):
        return f"what the terminal shows: {self._shown[-2000:]!r}"

    def shows(self, text):
        """Whether the terminal has shown that since the last question that was answered."""
        with contextlib.suppress(BlockingIOError):
            self._shown += os.read(self._ours, 65536).decode(errors="replace")
        if text not in self._shown:
            return False
        self._shown = self._shown.split(text, 1)[1]
        return True

    def close(self):
        """The terminal is closed, as when a line breaks; safe to call twice."""
        ours, self._ours = self._ours, -1
        if ours >= 0:
            os.close(ours)


class Client:
    """A node inside the test: hears topics, publishes, calls services, sets parameters."""

    def __init__(self, domain: int):
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain)
        self.node = Node("client", context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._others = []

    def spin_until(self, condition, timeout_s=PATIENCE_S, what="a condition"):
        """Handle messages until `condition()` holds; its value."""
        end = time.monotonic() + timeout_s
        while not (value := condition()):
            if time.monotonic() > end:
                raise AssertionError(f"waited {timeout_s} s for {what}")
            self._executor.spin_once(timeout_sec=0.05)
        return value

    def add_node(self, name):
        """Another node inside the test, handled whenever this one is."""
        node = Node(name, context=self.context)
        self._executor.add_node(node)
        self._others.append(node)
        return node

    def hear(self, kind, topic, qos=50):
        """A list that grows with every message of `topic`."""
        heard = []
        self.node.create_subscription(kind, topic, heard.append, qos)
        return heard

    def call(self, kind, name, request=None, timeout_s=PATIENCE_S):
        """The answer of a service."""
        client = self.node.create_client(kind, name)
        self.spin_until(client.service_is_ready, timeout_s, f"service {name}")
        future = client.call_async(request or kind.Request())
        self.spin_until(future.done, timeout_s, f"the answer of {name}")
        return future.result()

    def close(self):
        self._executor.shutdown()
        for node in (self.node, *self._others):
            node.destroy_node()
        rclpy.shutdown(context=self.context)


class Arm:
    """A robot that stands where it is told; every state is 20 ms after the last."""

    def __init__(self, client):
        from geometry_msgs.msg import PoseStamped
        from sensor_msgs.msg import JointState

        from robot_meta.nodes import messages, qos
        from robot_meta.robots.description import arm_description

        self._client, self.stamp = client, 10.0
        self._arm, self._messages, self._joint_state = arm_description("fr3"), messages, JointState
        self.position = self._arm.spec.home
        self._states = client.node.create_publisher(JointState, "joint_states", qos.state())
        self._poses = client.node.create_publisher(PoseStamped, "tool_pose", qos.state())

    def step(self):
        self.stamp += 0.02
        messages, names = self._messages, list(self._arm.spec.joint_names)
        msg = self._joint_state(name=names, position=self.position.tolist())
        msg.header.stamp = messages.time_msg(self.stamp)
        self._states.publish(msg)
        self._poses.publish(messages.tool_pose_msg(self.stamp, self._arm.chain, self.position))

    def until(self, condition, what, pause_s=0.005):
        """Step until something holds; robot time goes on whatever the machine does."""

        def act():
            self.step()
            time.sleep(pause_s)
            return condition()

        return self._client.spin_until(act, what=what)


@pytest.fixture
def arm(client):
    return Arm(client)


@pytest.fixture
def domain(monkeypatch):
    with own_domain() as number:
        monkeypatch.setenv("ROS_DOMAIN_ID", str(number))
        monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        yield number


@pytest.fixture
def processes(domain, tmp_path):
    running = Processes(domain, tmp_path)
    yield running
    running.end()


@pytest.fixture
def terminal(tmp_path):
    """Opens a terminal in which `robot-meta teleop keys` runs, in an environment."""
    opened = []

    def open_terminal(environment):
        opened.append(Keys(environment, tmp_path))
        return opened[-1]

    yield open_terminal
    for keys in opened:
        if keys.process.poll() is None:
            keys.process.kill()
        keys.process.wait()
        keys.close()


@pytest.fixture
def client(domain):
    client = Client(domain)
    yield client
    client.close()


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """Processes and a client that all tests of a file share: (processes, client)."""
    with own_domain() as number, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROS_DOMAIN_ID", str(number))
        patch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        running, client = Processes(number, tmp_path_factory.mktemp("graph")), Client(number)
        yield running, client
        client.close()
        running.end()


@pytest.fixture
def make_node(domain):
    """Makes a node in this process, with a command line of its own."""
    made = []

    def make(*arguments, name="robot"):
        context = Context()
        rclpy.init(args=["test", "--ros-args", *map(str, arguments)], context=context)
        made.append(context)
        return Node(name, context=context)

    yield make
    for context in made:
        rclpy.shutdown(context=context)


def write_small_model(path, **card):
    """Weights of an FR3 that nobody trained; `card` overrides what they claim to be for."""
    import torch

    from robot_meta.dynamics import subspace
    from robot_meta.dynamics.files import ModelCard, save_model
    from robot_meta.dynamics.model import NeuralDynamics
    from robot_meta.dynamics.network import init_mlp
    from robot_meta.dynamics.normalizer import Normalizer
    from robot_meta.dynamics.state_space import JointReferenceSpace
    from robot_meta.robots.description import arm_description

    spec = arm_description("fr3").spec
    space = JointReferenceSpace(num_joints=7, control_dt=0.02)
    size = space.feature_size
    generator = torch.Generator().manual_seed(0)
    params = init_mlp((size, 16, space.delta_size), generator)
    model = NeuralDynamics(
        space=space,
        params=params,
        inputs=Normalizer(torch.zeros(size), torch.ones(size)),
        deltas=Normalizer(torch.zeros(space.delta_size), 1e-3 * torch.ones(space.delta_size)),
        extras=subspace.initial_extras(params, 4, generator),
    )
    values = {
        "robot": "fr3",
        "control_dt": spec.control_dt,
        "stiffness": tuple(map(float, spec.stiffness)),
        "damping": tuple(map(float, spec.damping)),
        "tool_mass": spec.tool_load.mass,
        "position_range": (tuple(spec.limits.lower), tuple(spec.limits.upper)),
        "method": "subspace",
        "training": {},
    }
    save_model(path, model, ModelCard(**{**values, **card}))
    return path


@pytest.fixture
def small_model():
    return write_small_model


@pytest.fixture
def weights(tmp_path):
    return write_small_model(tmp_path / "small.safetensors")
