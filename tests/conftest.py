"""Arms to drive in tests, as processes: behind the Franka's protocol and behind topics."""

from __future__ import annotations

import dataclasses
import fcntl
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from robot_meta.benchmarks.domains import own_domain

os.environ.setdefault(
    "MUJOCO_GL", "egl"
)  # read when mujoco is imported: pictures without a screen

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell starts background jobs so,
    signal.signal(signal.SIGINT, signal.default_int_handler)  # and what they start inherits it

ROOT = Path(__file__).resolve().parents[1]
PORT = 1337  # libfranka knows no other
SERVERS = {
    "franka-sim": (
        ".venv-franka-sim/bin/run-franka-sim-server",
        ["--enforce-motion-limits"],
        "make setup-franka-sim",
    ),
    "franky-sim": (
        ".venv-franky-sim/bin/franky-sim",
        ["-s", "mujoco", "--hostname", "127.0.0.1"],
        "make setup-franky-sim",
    ),
}


class FrankaServers:
    """At most one server at a time; asking for the one that runs gives the same one."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._server = folder, None

    def use(self, name: str) -> subprocess.Popen[bytes]:
        """The server `name`, started if need be; skips the test where it is not installed."""
        program, arguments, remedy = SERVERS[name]
        return self.start([str(ROOT / program), *arguments], remedy)

    def start(self, command: list[str], remedy: str = SERVERS["franka-sim"][2]):
        """Run `command` as the server; skips the test where it is not installed."""
        from robot_meta.benchmarks.franka.server import ProtocolServer

        self.require(command[0], remedy)
        running = self._server is not None and self._server.process.poll() is None
        if not running or self._server.command != tuple(command):
            self.stop()
            log = self._folder / f"server{len(list(self._folder.iterdir()))}.log"
            self._server = ProtocolServer(command, log)
        return self._server.process

    def require(self, program: str, remedy: str) -> None:
        if importlib.util.find_spec("franky") is None:
            pytest.skip("franky is not installed: make setup-franka")
        if not Path(program).exists():
            pytest.skip(f"{Path(program).name} is not installed: {remedy}")

    def stop(self) -> None:
        """End it, however it is doing."""
        if self._server is not None:
            self._server.stop()
        self._server = None


@pytest.fixture(scope="session")
def franka_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrankaServers]:
    """The servers; several test runs on one machine take turns, there being one port."""
    with open(
        Path(tempfile.gettempdir(), "robot_meta_franka.lock"), "w", encoding="ascii"
    ) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", PORT))
            except OSError:
                pytest.skip(f"something else listens on port {PORT}")
        servers = FrankaServers(tmp_path_factory.mktemp("franka"))
        try:
            yield servers
        finally:
            servers.stop()


@pytest.fixture(scope="session")
def open_franka(franka_servers: FrankaServers) -> Callable[..., object]:
    """Connects the driver to a server: `open_franka("franka-sim", **config)`."""
    from robot_meta.robots.description import arm_description
    from robot_meta.robots.franka.config import FrankaConfig
    from robot_meta.robots.franka.driver import FrankaRobot

    def connect(server: str = "franka-sim", **config: object) -> FrankaRobot:
        franka_servers.use(server)
        # A busy machine stops processes for long; only the test of the watchdog is about that.
        patient = {"watchdog": 20.0, "lost_after": 20.0, "connect_timeout": 60.0}
        return FrankaRobot(
            arm_description("fr3"), "127.0.0.1", FrankaConfig(**{**patient, **config})
        )

    return connect


@pytest.fixture(scope="session")
def open_franka_at_home(open_franka: Callable[..., object]) -> Callable[..., object]:
    """The same near home, at rest; its `spec.home` is where it really stands."""
    from robot_meta.benchmarks.franka.home import bring_home
    from robot_meta.robots.description import arm_description

    def connect(server: str = "franka-sim", **config: object):
        chain = arm_description("fr3").chain
        if config:  # a law that is not softened is not for the way home
            with open_franka(server) as usual:
                bring_home(usual, chain)
        robot = open_franka(server, **config)
        try:
            bring_home(robot, chain, near=0.02)
        except BaseException:
            robot.close()  # the server takes one client at a time
            raise
        robot.spec = dataclasses.replace(robot.spec, home=robot.observe().position)
        return robot

    return connect


class TopicPeers:
    """At most one robot behind topics, as a process, in a ROS domain of its own."""

    def __init__(self, domain: int, folder: Path) -> None:
        import rclpy
        from rclpy.context import Context

        self._domain = domain
        os.environ.setdefault("ROS_LOG_DIR", str(folder))
        os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain)
        self._running: dict[tuple[str, ...], subprocess.Popen[bytes]] = {}

    def use(self, *peer: str) -> None:
        """Run `tests/robots/SCRIPT ARGUMENTS`, unless it is what runs."""
        if peer not in self._running:
            self.end()
            self._running[peer] = subprocess.Popen(
                [sys.executable, str(ROOT / "tests/robots" / peer[0]), *peer[1:]],
                env={**os.environ, "ROS_DOMAIN_ID": str(self._domain), "OMP_NUM_THREADS": "1"},
            )

    def end(self) -> None:
        """End it."""
        for process in self._running.values():
            process.kill()
            process.wait()
        self._running.clear()


@pytest.fixture(scope="module")
def topic_peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TopicPeers]:
    """Robots behind topics."""
    rclpy = pytest.importorskip("rclpy")
    with own_domain() as domain:
        peers = TopicPeers(domain, tmp_path_factory.mktemp("topic_peers"))
        yield peers
        peers.end()
        rclpy.shutdown(context=peers.context)


@pytest.fixture(scope="module")
def open_topic_arm(topic_peers: TopicPeers) -> Callable[..., object]:
    """Connects the driver to an arm behind topics: `open_topic_arm("target_joint", **config)`."""
    from robot_meta.robots.description import arm_description
    from robot_meta.robots.ros2_control.config import Ros2ControlConfig
    from robot_meta.robots.ros2_control.driver import Ros2ControlRobot

    def connect(
        controller: str, mode: str = "", reliability: str = "reliable", **config: object
    ) -> Ros2ControlRobot:
        topic_peers.use("topic_arm.py", controller, reliability, mode)
        topics = {
            "controller": controller,
            "command_topic": "/arm/command",
            "state_topic": "/arm/joint_states",
            "connect_timeout": 60.0,
        }
        if controller == "target_pose":
            topics["posture_topic"] = "/arm/posture"
        robot = Ros2ControlRobot(
            arm_description("fr3"),
            Ros2ControlConfig(**{**topics, **config}),
            topic_peers.context,
        )
        robot.spec = dataclasses.replace(robot.spec, home=robot.observe().position)
        return robot

    return connect


@pytest.fixture(scope="module")
def open_topic_base(topic_peers: TopicPeers) -> Callable[..., object]:
    """Connects the driver to a robot behind topics: `open_topic_base("Twist", **config)`."""
    from robot_meta.robots.cmd_vel.config import CmdVelConfig
    from robot_meta.robots.cmd_vel.driver import CmdVelRobot
    from robot_meta.robots.description import legged_description

    def connect(kind: str = "Twist", mode: str = "", **config: object) -> CmdVelRobot:
        topic_peers.use("topic_base.py", kind, mode)
        topics = {
            "command_topic": "/base/cmd_vel",
            "odom_topic": "/base/odom",
            "stamped": kind == "TwistStamped",
            "connect_timeout": 60.0,
            "max_odom_age": 5.0,  # a busy machine stops processes for long
        }
        return CmdVelRobot(
            legged_description("go2").spec,
            CmdVelConfig(**{**topics, **config}),
            topic_peers.context,
        )

    return connect


class Go2Server:
    """A twin behind the Go2's own topics, as a process, in a DDS domain of its own."""

    def __init__(self, domain: int) -> None:
        self.domain = domain
        command = [sys.executable, "-m", "robot_meta.cli.main", "twin", "go2-server"]
        self._process = subprocess.Popen(
            [
                *command,
                "--domain",
                str(self.domain),
                "--state-rate",
                "100",
                "--lowcmd-lost",
                "0.5",
            ],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, *words: object) -> dict[str, object]:
        """Let something happen to the robot; how it is."""
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise EOFError("the server of the Go2 ended")

    def report(self) -> dict[str, object]:
        """How the robot is."""
        return self.say("report")

    def calm_down(self) -> None:
        """As it was at first, but for lying where it lies; on its belly."""
        for words in (("remote",), ("battery", 0.8, 29.5), ("feel", "well"), ("heat", 3, 35)):
            self.say(*words)
        if self.report()["tilt"] > 0.3:
            self.say("set_down")
            time.sleep(0.5)

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="session")
def go2_server() -> Iterator[Go2Server]:
    """A Go2 to talk to; skips the test where Unitree's library is not installed."""
    if importlib.util.find_spec("unitree_sdk2py") is None:
        pytest.skip("Unitree's library is not installed: make setup-go2")
    with own_domain() as domain:
        server = Go2Server(domain)
        try:
            yield server
        finally:
            server.end()


@pytest.fixture(scope="session")
def open_go2(go2_server: Go2Server) -> Callable[..., object]:
    """Connects the driver to the server: `open_go2(**config)`; the robot stands then."""
    from robot_meta.robots.description import legged_description
    from robot_meta.robots.go2.config import Go2Config
    from robot_meta.robots.go2.driver import Go2Robot

    def connect(**config: object) -> Go2Robot:
        go2_server.calm_down()
        # A busy machine stops processes for long; only tests of watchdogs are about that.
        patient = {"silence": 1.0, "lost_after": 10.0, "connect_timeout": 60.0}
        usual = {"interface": "lo", "domain": go2_server.domain, "answer_timeout": 10.0}
        robot = Go2Robot(legged_description("go2"), Go2Config(**{**patient, **usual, **config}))
        if robot.stopped and go2_server.report()["service"]:  # not at level "low"
            assert robot.recover()
            up = robot.time + 3.0
            while robot.time < up:
                time.sleep(0.05)
        return robot

    return connect


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """A real browser without a window, which draws on the processor."""
    playwright = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    options = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader"]
    options += ["--enable-unsafe-swiftshader"]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Finds a port of this machine that nobody uses."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find
