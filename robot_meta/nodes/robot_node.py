"""The robot behind its guard: what it measures goes out, commands come in, trouble stops it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rosgraph_msgs.msg import Clock as ClockMsg
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, String, UInt64
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from robot_meta.collection.decoding import command_from, stamp_from
from robot_meta.errors import MissingJoint, NotConnected
from robot_meta.nodes import backends, messages, qos
from robot_meta.nodes.cell_topics import CellTopics
from robot_meta.nodes.clock import RobotClock
from robot_meta.nodes.diagnostics import ERROR, OK, Monitor, row_name
from robot_meta.nodes.guard_rows import change_row, guard_row, log_row
from robot_meta.nodes.mailbox import Mailbox
from robot_meta.nodes.params import LiveConfig, refuse_unknown
from robot_meta.nodes.peer_clock import serve_clock
from robot_meta.nodes.robot_loop import RobotLoop
from robot_meta.nodes.run import run
from robot_meta.nodes.stop_device import StopDevice
from robot_meta.nodes.supervisor import Supervisor
from robot_meta.preflight.machine import disk
from robot_meta.preflight.robot import obstacle
from robot_meta.preflight.ros import command_network
from robot_meta.robots.guarded import GuardedRobot, Tick
from robot_meta.safety.guard import GuardConfig
from robot_meta.safety.life import Transition
from robot_meta.safety.reasons import Reason
from robot_meta.safety.state import State
from robot_meta.twin.incidents import IncidentConfig
from robot_meta.twin.perturbations import Perturbations

_UNKNOWN = "_NODE_NAME_UNKNOWN_"  # of a process that has just gone, or is only half discovered
STEADY = Clock(clock_type=ClockType.STEADY_TIME)  # simulated time may stand still


class RobotNode(Node):
    """Owns driver and guard: a control thread ticks them, the executor's thread does the rest.

    Topics and services are listed in `topics.py`.
    """

    def __init__(self) -> None:
        super().__init__("robot")
        self._settings = backends.declare(self)
        refuse_unknown(self)
        own = self._settings.node
        description, driver = backends.open_robot(self._settings)
        self._driver: Any = driver  # a twin can do more than a `Robot`
        self._chain, self._spec = description.chain, description.spec
        self._guard = backends.make_guard(description, self._settings)
        self._robot = GuardedRobot(self._driver, self._guard)
        self._mailbox = Mailbox()
        timeout = own.heartbeat_timeout if own.heartbeat_required else None
        self._stop_device = StopDevice(timeout)
        self._supervisor = Supervisor(self._robot, self._mailbox, self._stop_device)
        self._clock_map = RobotClock(self.get_clock(), lockstep=own.lockstep)
        self._arm_pending = own.arm_on_start
        self._state_text, self._told, self._stamp = "", 0, 0.0
        period = None if own.lockstep else self._spec.control_dt
        self._ticks = Monitor(self._row("tick"), period)
        self._commands = Monitor(self._row("command"), period)
        self._loop = RobotLoop(
            self._robot,
            self._mailbox,
            self._publish_tick,
            self._ticks,
            lockstep=own.lockstep,
            before_tick=self._before_tick,
            ready=self._everybody_listens,
            warn=self.get_logger().warning,
        )
        self._make_publishers()
        self._make_inputs()
        self._make_live_parameters()
        self._cell = CellTopics(self, self._settings, driver, self._refuse_unless_armed)
        self._publish_state()
        self.get_logger().info(
            f"{own.robot} as {own.backend}, {'lockstep' if own.lockstep else 'real time'}, "
            f"at {own.speed:.0%} of its speed limits"
        )
        self._loop.start()

    @property
    def failure(self) -> BaseException | None:
        """What ended the control thread."""
        return self._loop.failure

    def close(self) -> None:
        """Stop the robot and let it go."""
        self._loop.close()
        self._robot.close()

    def _row(self, what: str) -> str:
        return row_name(self.get_namespace(), "robot", what)

    # What goes out.

    def _make_publishers(self) -> None:
        state = qos.state()
        self._joint_states = self.create_publisher(JointState, "joint_states", state)
        self._external = self.create_publisher(JointState, "external_joint_torques", state)
        self._commanded = self.create_publisher(JointTrajectory, "commanded", state)
        self._tool_pose = self.create_publisher(PoseStamped, "tool_pose", state)
        self._state = self.create_publisher(String, "state", qos.latched())
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", state)
        if self._settings.node.lockstep:
            self._clock_out = self.create_publisher(ClockMsg, "/clock", state)
        self.create_timer(1.0, self._publish_diagnostics, clock=STEADY)

    def _publish_tick(self, tick: Tick) -> None:
        """Send out what was measured and what was sent, all with the stamp of the measurement."""
        names = self._spec.joint_names
        observation = self._clock_map.outward(tick.observation)
        commanded = self._clock_map.outward(tick.commanded)
        self._stamp = tick.observation.stamp
        self._mailbox.expect(self._stamp, observation.stamp)
        if self._settings.node.lockstep:
            self._clock_out.publish(ClockMsg(clock=messages.time_msg(observation.stamp)))
        self._joint_states.publish(messages.joint_state_msg(observation, names))
        self._external.publish(messages.external_torque_msg(observation, names))
        self._commanded.publish(messages.commanded_msg(commanded, names, self._spec.control_dt))
        self._tool_pose.publish(
            messages.tool_pose_msg(observation.stamp, self._chain, observation.position)
        )
        self._cell.publish(observation.stamp)
        self._publish_state()

    def _publish_state(self) -> None:
        with self._loop.lock:
            text = self._supervisor.text()
            if text != self._state_text:
                self._state_text = text
                self._state.publish(String(data=text))
                self.get_logger().info(text)
            for step in self._guard.life.log:
                if step.number > self._told:
                    self._told = step.number
                    self._publish_change(self._clock_map.outward(step))

    def _publish_change(self, step: Transition) -> None:
        row = change_row(self._row("change"), step)
        self._diagnostics.publish(messages.diagnostics_msg(step.stamp, [row]))

    def _publish_diagnostics(self) -> None:
        now = time.perf_counter()
        rows = [self._ticks.status(now), self._commands.status(now)]
        rows += self._life_rows()
        if self._settings.twin is not None:
            rows.append(self._body_row())
        rows += self._driver_rows()
        stamp = self.get_clock().now().nanoseconds * 1e-9
        self._diagnostics.publish(messages.diagnostics_msg(stamp, rows))

    def _life_rows(self) -> list[DiagnosticStatus]:
        with self._loop.lock:
            log = [self._clock_map.outward(step) for step in self._guard.life.log]
            text, stalls = self._supervisor.text(), self._loop.stalls
            guard = guard_row(self._row("guard"), self._guard, text, stalls)
        return [guard, log_row(self._row("log"), log)]

    def _driver_rows(self) -> list[DiagnosticStatus]:
        """What the driver of a real arm knows of its connection."""
        figures = getattr(self._driver, "figures", None)
        if figures is None:
            return []
        try:
            return [messages.status_msg(self._row("driver"), OK, "connected", figures())]
        except NotConnected as error:
            return [messages.status_msg(self._row("driver"), ERROR, str(error), {})]

    def _body_row(self) -> DiagnosticStatus:
        with self._loop.lock:
            body = self._driver.snapshot().perturbations
        values = {
            name: " ".join(map(str, value)) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(body).items()
        }
        text = ", ".join(body.differences()) or "nominal"
        return messages.status_msg(self._row("body"), OK, text, values)

    # What comes in.

    def _make_inputs(self) -> None:
        self.create_subscription(JointTrajectory, "command", self._on_command, qos.command_input())
        self.create_subscription(Bool, "estop", self._on_estop, qos.latched())
        self.create_subscription(UInt64, "estop_heartbeat", self._on_heartbeat, qos.newest())
        acts: dict[str, Callable[[], str]] = {
            "arm": lambda: self._not_ready() or self._supervisor.arm(time.perf_counter()),
            "hold": self._supervisor.hold,
            "estop": self._supervisor.stop,
            "recover": lambda: self._supervisor.recover(time.perf_counter()),
            "acknowledge": self._supervisor.acknowledge,
            "retreat": lambda: self._not_ready() or self._supervisor.retreat(time.perf_counter()),
            "home": lambda: self._not_ready() or self._supervisor.home(time.perf_counter()),
        }
        for name, act in acts.items():
            self.create_service(Trigger, name, self._answer(act))
        serve_clock(self)
        self.create_timer(0.05, self._count_commanders, clock=STEADY)

    def _not_ready(self) -> str:
        """Why a real robot must not be moved yet, or ""."""
        own = self._settings.node
        if own.simulated:
            return ""
        network = command_network(allow_open=own.allow_open_network)
        if own.estop_proof and not self._stop_device.proven:
            return (
                "nobody has seen the software stop work since this node was started: call `estop` "
                "or press the stop device, then `recover` and `arm`"
            )
        return obstacle([network, disk()])

    def _on_command(self, msg: JointTrajectory) -> None:
        stamp = stamp_from(msg.header.stamp)
        unknown = self._clock_map.inward(stamp)
        command = None
        if msg.points:
            try:
                command = command_from(msg, self._spec.joint_names)
            except MissingJoint as error:
                self._refuse(error, Reason.WRONG_NAMES)
            except ValueError as error:
                self._refuse(error, Reason.WRONG_LENGTH)
        answered = self._mailbox.put(stamp, command, unknown)
        self._commands.tick(time.perf_counter(), age=max(0.0, self._stamp - answered))

    def _refuse(self, error: Exception, reason: Reason) -> None:
        """Hold: whoever sends such a command takes this for another robot."""
        with self._loop.lock:
            self._supervisor.refuse(reason)
        self.get_logger().warning(f"command refused: {error}", throttle_duration_sec=1.0)

    def _on_estop(self, msg: Bool) -> None:
        with self._loop.lock:
            self._stop_device.pressed = bool(msg.data)
            if msg.data:
                self._supervisor.stop()
        self._publish_state()

    def _on_heartbeat(self, msg: UInt64) -> None:
        self._stop_device.beat(int(msg.data), time.perf_counter())

    def _answer(self, act: Callable[[], str]) -> Callable[..., Trigger.Response]:
        def answer(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            with self._loop.lock:
                refusal = act()
                response.success = not refusal
                response.message = refusal or self._supervisor.text()
            self._publish_state()
            return response

        return answer

    def _count_commanders(self) -> None:
        found = self.get_publishers_info_by_topic("command")
        with self._loop.lock:
            self._supervisor.commanders = [
                f"{info.node_namespace.rstrip('/')}/{info.node_name}"
                for info in found
                if info.node_name != _UNKNOWN
            ]
            rivals = self._supervisor.rivals()
        if rivals:
            self.get_logger().warning(rivals, throttle_duration_sec=5.0)

    # Around each tick.

    def _before_tick(self) -> None:
        """Look for trouble; called by the control thread with the lock."""
        now = time.perf_counter()
        jumped = self._clock_map.jumped(self._driver.observe().stamp)
        self._supervisor.look(now, clock_jumped=jumped)
        if self._arm_pending and (self._settings.node.lockstep or self._mailbox.received):
            self._arm_pending = False
            refusal = self._supervisor.arm(now)
            if refusal:
                self.get_logger().warning(f"not armed at start: {refusal}")

    def _everybody_listens(self) -> bool:
        wanted = set(self._settings.node.wait_for)
        return all(
            (wanted if topic == "joint_states" else wanted - {"task"})
            <= {info.node_name for info in self.get_subscriptions_info_by_topic(topic)}
            for topic in ("joint_states", "external_joint_torques", "commanded")
        )

    def _make_live_parameters(self) -> None:
        LiveConfig(self, self._settings.guard, "guard.", self._set_guard, self._refuse_while_armed)
        if self._settings.twin is not None:
            LiveConfig(
                self, self._settings.twin.perturbations, backends.PERTURBATIONS, self._set_body
            )
            LiveConfig(self, IncidentConfig(), "twin.", self._befall)

    def _refuse_while_armed(self) -> str:
        with self._loop.lock:
            if self._robot.state in (State.RUNNING, State.RECOVERY):
                return "limits are read-only while the robot is armed or moves: call `hold` first"
            return "" if self._guard.at_rest else "the reference is still braking: try again"

    def _refuse_unless_armed(self) -> str:
        with self._loop.lock:
            running = self._robot.state is State.RUNNING
        return "" if running else "the robot is not armed: call `arm` first"

    def _set_guard(self, before: GuardConfig, config: GuardConfig) -> None:
        with self._loop.lock:
            self._guard.configure(config)

    def _set_body(self, before: Perturbations, body: Perturbations) -> None:
        """Change what was set; a schedule may have changed the rest meanwhile."""
        with self._loop.lock:
            for name, value in dataclasses.asdict(body).items():
                if value != getattr(before, name):
                    self._driver.change(name, value)

    def _befall(self, before: IncidentConfig, now: IncidentConfig) -> None:
        """The same incident may happen twice."""
        with self._loop.lock:
            self._driver.befall(now.incident)


def main() -> int:
    """Run the node."""
    return run("robot", RobotNode)
