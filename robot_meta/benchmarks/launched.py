"""A run through the launch file: real nodes, real messages, everything recorded, then ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

import rclpy
import yaml
from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Path as Path_
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.parameter_client import AsyncParameterClient
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from robot_meta.benchmarks.domains import own_domain
from robot_meta.collection.decoding import stamp_from
from robot_meta.collection.run_reader import RunReader
from robot_meta.errors import LaunchError
from robot_meta.nodes import qos
from robot_meta.resources import resource
from robot_meta.robots import priority

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from Python 3.11 on

NODES = ("robot", "controller", "task", "recorder")
Parameters = Mapping[str, Mapping[str, Any]]
"""Values by node and parameter."""


class LaunchedRobot:
    """A launch file as a child process, in its own ROS domain; leaving the block ends it.

    Args:
        folder: Where parameters, log and recording go; must not hold a recording yet.
        parameters: Parameters by node.
        arguments: Launch arguments.
        silent: Longest wait for the next message before the launch counts as failed, [s].

    Attributes:
        FILE: The launch file.
        COMMAND: Message type of its commands.
        states: Every state of the robot so far, such as "HOLD START"; the newest is the last.
        domain: Its ROS domain, once it runs.
    """

    FILE: ClassVar[str]
    COMMAND: ClassVar[type]

    def __init__(
        self,
        folder: Path,
        parameters: Parameters,
        arguments: Mapping[str, str],
        *,
        silent: float = 60.0,
    ) -> None:
        self._folder, self._arguments, self._silent = folder, dict(arguments), silent
        self._record = folder / "run"
        self._ends = ExitStack()
        folder.mkdir(parents=True, exist_ok=True)
        self._parameters = folder / "parameters.yaml"
        self._parameters.write_text(parameter_file(parameters))
        self._stamp: float | None = None
        self._target_begin: float | None = None
        self._commands = 0
        self.states: list[str] = []

    def __enter__(self) -> Self:
        """Start the launch and begin to listen."""
        self.domain = domain = self._ends.enter_context(own_domain())
        command = [sys.executable, "-m", "robot_meta.launching", str(resource(self.FILE))]
        command += [f"{key}:={value}" for key, value in self._arguments.items()]
        command += [f"params_file:={self._parameters}", f"record:={self._record}"]
        environment = {
            **os.environ,
            "ROS_DOMAIN_ID": str(domain),
            "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
            "OMP_NUM_THREADS": "1",
        }
        self._log = (self._folder / "launch.log").open("w")
        self._process = subprocess.Popen(
            command, stdout=self._log, stderr=subprocess.STDOUT, env=environment
        )
        os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain)
        self._node = Node("watcher", context=self._context)
        self._node.create_subscription(JointState, "joint_states", self._hear, qos.external())
        self._node.create_subscription(Path_, "target", self._hear_target, qos.latched())
        self._node.create_subscription(
            self.COMMAND, "command", self._hear_command, qos.command_input()
        )
        self._node.create_subscription(String, "state", self._hear_state, qos.latched())
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the launch and stop listening."""
        self.end()
        self._executor.shutdown(timeout_sec=1.0)
        self._node.destroy_node()
        rclpy.try_shutdown(context=self._context)
        self._log.close()
        self._ends.close()

    def wait_until(self, stamp: float, progress: Callable[[float], None] = lambda s: None) -> None:
        """Wait until the robot has measured at `stamp` or later, [s] of the nodes' clock.

        Args:
            stamp: When.
            progress: Called with each new stamp.

        Raises:
            LaunchError: The launch ended before, or fell silent.
        """
        self._wait(lambda: self._stamp is not None and self._stamp >= stamp, progress)

    def wait_for_target(self, progress: Callable[[float], None] = lambda s: None) -> float:
        """Wait until there is a target; the stamp of its first point, [s].

        Args:
            progress: Called with each new stamp.

        Raises:
            LaunchError: The launch ended before, or fell silent.
        """
        self._wait(lambda: self._target_begin is not None, progress)
        assert self._target_begin is not None
        return self._target_begin

    def wait_for_commands(self, count: int) -> None:
        """Wait until the controller has answered so often.

        Raises:
            LaunchError: The launch ended before, or fell silent.
        """
        self._wait(lambda: self._commands >= count, lambda stamp: None)

    def call(self, service: str) -> str:
        """Call a `Trigger` service, such as "arm"; why it refuses, or "".

        Raises:
            LaunchError: Nobody answers.
        """
        client = self._node.create_client(Trigger, service)
        answer = client.call_async(Trigger.Request()) if client.wait_for_service(20.0) else None
        if answer is not None:
            self._executor.spin_until_future_complete(answer, timeout_sec=20.0)
        self._node.destroy_client(client)
        if answer is None or answer.result() is None:
            raise LaunchError(f"service '{service}' does not answer")
        return "" if answer.result().success else str(answer.result().message)

    def run_first(self, node: str) -> bool:
        """Let the process of a node run before ordinary ones; whether this user may ask for that.

        Raises:
            LaunchError: There is no such node.
        """
        end, started = time.monotonic() + self._silent, None
        while started is None:
            if self._process.poll() is not None or time.monotonic() > end:
                raise LaunchError(f"no node '{node}' was started: {self._last_lines()}")
            log = (self._folder / "launch.log").read_text(errors="replace")
            started = re.search(rf"^\[launch\] {node} started, process (\d+)$", log, re.MULTILINE)
            time.sleep(0.05)
        return priority.run_first(int(started.group(1)), priority.SECOND)

    def set_parameters(self, node: str, values: Mapping[str, Any]) -> None:
        """Change parameters of a running node.

        Raises:
            LaunchError: The node does not answer, or refuses.
        """
        client = AsyncParameterClient(self._node, node)
        if not client.wait_for_services(timeout_sec=5.0):
            raise LaunchError(f"node '{node}' offers no parameters")
        answer = client.set_parameters(
            [Parameter(name, value=_plain(value)) for name, value in values.items()]
        )
        self._executor.spin_until_future_complete(answer, timeout_sec=5.0)
        results = answer.result()
        refused = [r.reason for r in results.results if not r.successful] if results else ["late"]
        if refused:
            raise LaunchError(f"node '{node}' refuses {dict(values)}: {'; '.join(refused)}")

    def _wait(self, done: Callable[[], bool], progress: Callable[[float], None]) -> None:
        heard, last = time.monotonic(), self._stamp
        while not done():
            self._executor.spin_once(timeout_sec=0.1)
            if self._stamp is not None and self._stamp != last:
                last, heard = self._stamp, time.monotonic()
                progress(last)
            code = self._process.poll()
            if code is not None:
                raise LaunchError(f"the launch ended with code {code}: {self._last_lines()}")
            if time.monotonic() - heard > self._silent:
                raise LaunchError(f"no joint state for {self._silent:.0f} s: {self._last_lines()}")

    def end(self) -> None:
        """Ask the launch to end, as Ctrl-C does; safe to call twice."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=20.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def recording(self) -> RunReader:
        """What was recorded; call `end` first."""
        return RunReader(self._record)

    def _hear(self, msg: JointState) -> None:
        self._stamp = stamp_from(msg.header.stamp)

    def _hear_target(self, msg: Path_) -> None:
        self._target_begin = stamp_from(msg.poses[0].header.stamp)

    def _hear_command(self, msg: object) -> None:
        self._commands += 1

    def _hear_state(self, msg: String) -> None:
        self.states.append(msg.data)

    def _last_lines(self) -> str:
        lines = (self._folder / "launch.log").read_text(errors="replace").splitlines()
        return " | ".join(lines[-5:]) or "it said nothing"


class LaunchedArm(LaunchedRobot):
    """An arm."""

    FILE = "launch/arm.launch.xml"
    COMMAND = JointTrajectory


class LaunchedLegs(LaunchedRobot):
    """A walking robot."""

    FILE = "launch/legged.launch.xml"
    COMMAND = TwistStamped


def parameter_file(parameters: Parameters) -> str:
    """A ROS parameter file, one section per node in whatever namespace it is."""
    content = {
        f"/**/{node}": {"ros__parameters": {k: _plain(v) for k, v in values.items()}}
        for node, values in parameters.items()
    }
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False)


class _Dumper(yaml.SafeDumper):
    """Writes floats without exponents, which not every parser of parameter files reads."""


def _represent_float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    text = format(Decimal(repr(value)), "f")
    return dumper.represent_scalar("tag:yaml.org,2002:float", text if "." in text else text + ".0")


_Dumper.add_representer(float, _represent_float)


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value
