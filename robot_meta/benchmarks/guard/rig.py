"""A robot node over the twin, a commander and a stop device: real processes, seen from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rclpy
from rcl_interfaces.srv import SetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.task import Future
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, String, UInt64
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from robot_meta.benchmarks.domains import own_domain
from robot_meta.benchmarks.guard.commander import SPEC
from robot_meta.benchmarks.launched import parameter_file
from robot_meta.collection.decoding import commanded_from
from robot_meta.errors import LaunchError
from robot_meta.launching.runner import guarding
from robot_meta.nodes import messages, qos
from robot_meta.robots.closing import Closing
from robot_meta.types import Commanded

PATIENCE = 30.0  # for whatever has to happen, [s]
BEAT, CLOCK_STEP = 0.02, 0.004  # of the stop device and of simulated time, [s]
_ROBOT = "import sys; from robot_meta.nodes.robot_node import main; sys.exit(main())"


@dataclass(frozen=True, eq=False)
class Heard:
    """One period as it was heard of; `arrival` on the nodes' clock without its jumps, [s]."""

    commanded: Commanded
    arrival: float


class Rig(Closing):
    """Everything that one kind of robot node needs around it; leaving the block ends it all.

    Args:
        folder: For logs and parameters.
        parameters: Of the robot node, besides `backend`.
        simulated_clock: Whether the nodes' clock is one that can be made to jump.

    Attributes:
        beating: Whether the stop device beats.
        jump: What was added to the simulated clock, [s].
        heard: The last periods.
        state: Text of the robot's state.
    """

    def __init__(
        self,
        folder: Path,
        parameters: Mapping[str, Any],
        *,
        simulated_clock: bool = False,
    ) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.beating, self.jump = True, 0.0
        self.heard: deque[Heard] = deque(maxlen=500)
        self.state, self.speed = "", 0.0
        self._simulated, self._origin = simulated_clock, time.monotonic()
        self._closing = threading.Event()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ends = ExitStack()
        self._domain = self._ends.enter_context(own_domain())
        self._guardian = self._ends.enter_context(guarding(folder / "guardian"))
        self._context = Context()
        os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        rclpy.init(context=self._context, domain_id=self._domain)
        self._node = Node("witness", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._listen()
        self._pulse = threading.Thread(target=self._keep_time, daemon=True)
        self._pulse.start()
        own = {"backend": "twin", "use_sim_time": simulated_clock, **parameters}
        path = folder / "robot.yaml"
        path.write_text(parameter_file({"robot": own}))
        try:
            arguments = ("-c", _ROBOT, "--ros-args", "--params-file", str(path))
            self.robot = self._start("robot", *arguments)
            self.commander = self._start_commander()
            self.wait(lambda: bool(self.state) and bool(self.heard), "the robot node")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End every process and let go of ROS; safe to call twice."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._pulse.join()
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.send_signal(signal.SIGINT)
        for process in self._processes:
            try:
                process.wait(timeout=20.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._executor.shutdown(timeout_sec=1.0)
        self._node.destroy_node()
        rclpy.try_shutdown(context=self._context)
        self._ends.close()

    def now(self) -> float:
        """The nodes' clock without its jumps, [s]."""
        return 1000.0 + time.monotonic() - self._origin if self._simulated else time.time()

    def spin(self, seconds: float) -> None:
        """Listen for that long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=left)

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Listen until `condition()`; whether it came true within that time."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            self._executor.spin_once(timeout_sec=0.01)
        return True

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Listen until `condition()`.

        Raises:
            LaunchError: It does not come true, or the robot node has ended.
        """
        if not self.until(lambda: condition() or self.robot.poll() is not None, PATIENCE):
            raise LaunchError(f"waited {PATIENCE:.0f} s for {what}, see {self._folder}")
        if self.robot.poll() is not None:
            raise LaunchError(f"the robot node ended, see {self._folder / 'robot.log'}")

    def call(self, service: str) -> bool:
        """Whether the robot granted a request."""
        client = self._triggers[service]
        self.wait(client.service_is_ready, f"service {service}")
        answer = client.call_async(Trigger.Request())
        self.wait(answer.done, f"the answer of {service}")
        return bool(answer.result().success)

    def befall(self, incident: str) -> Future:
        """Let something befall the twin; the answer is still to come."""
        self.wait(self._setter.service_is_ready, "the parameters")
        parameter = Parameter("twin.incident", value=incident).to_parameter_msg()
        return self._setter.call_async(SetParameters.Request(parameters=[parameter]))

    def press(self, pressed: bool) -> None:
        """The button of the stop device."""
        self._button.publish(Bool(data=pressed))

    def run(self, seconds: float) -> None:
        """Let the robot follow the commander for that long without a break, from any state."""
        while True:
            self.wait(self.bring_back, "motion")
            changes = len(self._states)
            self.spin(seconds)
            if self.state == "RUNNING" and len(self._states) == changes:
                return

    def bring_back(self) -> bool:
        """Ask for what the robot still lacks to follow commands; whether it does so now."""
        if self.commander.poll() is not None:
            self.commander = self._start_commander()
        if self.state == "RUNNING":
            return bool(self.heard[-1].commanded.velocity.any())
        if self._node.count_publishers("command"):
            if self.state.startswith(("INACTIVE", "ESTOP")):
                self.call("recover")
            self.call("arm")
        return False

    def _listen(self) -> None:
        node, every = self._node, qos.state()
        self._states: list[str] = []
        node.create_subscription(String, "state", self._on_state, qos.latched())
        node.create_subscription(JointTrajectory, "commanded", self._on_commanded, every)
        node.create_subscription(JointState, "joint_states", self._on_joints, every)
        self._button = node.create_publisher(Bool, "estop", qos.latched())
        self._heart = node.create_publisher(UInt64, "estop_heartbeat", 1)
        self._clock = node.create_publisher(Clock, "/clock", 10) if self._simulated else None
        self._setter = node.create_client(SetParameters, "robot/set_parameters")
        self._triggers = {
            name: node.create_client(Trigger, name)
            for name in ("arm", "hold", "recover", "retreat", "home")
        }

    def _on_state(self, msg: String) -> None:
        self.state = msg.data
        self._states.append(msg.data)

    def _on_commanded(self, msg: JointTrajectory) -> None:
        self.heard.append(Heard(commanded_from(msg, SPEC.joint_names), self.now()))

    def _on_joints(self, msg: JointState) -> None:
        self.speed = max(map(abs, msg.velocity))

    def _keep_time(self) -> None:
        """Heartbeat and simulated clock, from a thread of their own."""
        beats, next_beat = 0, 0.0
        while not self._closing.wait(CLOCK_STEP if self._simulated else BEAT):
            if self._clock is not None:
                self._clock.publish(Clock(clock=messages.time_msg(self.now() + self.jump)))
            if self.beating and time.monotonic() >= next_beat:
                beats, next_beat = beats + 1, time.monotonic() + 0.9 * BEAT
                self._heart.publish(UInt64(data=beats))

    def _start_commander(self) -> subprocess.Popen[bytes]:
        return self._start("commander", "-m", "robot_meta.benchmarks.guard.commander")

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "ROS_DOMAIN_ID": str(self._domain), "OMP_NUM_THREADS": "1"}
        with (self._folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        self._guardian.write(f"+ {process.pid} 5 5\n")
        self._guardian.flush()
        self._processes.append(process)
        return process
