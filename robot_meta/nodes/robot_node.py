"""The robot behind its guard: what it measures goes out, commands come in, trouble stops it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rosgraph_msgs.msg import Clock as ClockMsg
from std_msgs.msg import Bool, UInt64
from std_srvs.srv import Trigger

from robot_meta.collection.decoding import stamp_from
from robot_meta.errors import MissingJoint
from robot_meta.nodes import messages, qos
from robot_meta.nodes.clock import RobotClock
from robot_meta.nodes.diagnostics import Monitor, row_name
from robot_meta.nodes.driven import Live
from robot_meta.nodes.legged_backends import open_legs
from robot_meta.nodes.mailbox import Mailbox
from robot_meta.nodes.open_arm import open_arm
from robot_meta.nodes.params import LiveConfig, given
from robot_meta.nodes.peer_clock import serve_clock
from robot_meta.nodes.publishers import publishers_of
from robot_meta.nodes.robot_config import RobotNodeConfig
from robot_meta.nodes.robot_loop import RobotLoop
from robot_meta.nodes.robot_report import RobotReport
from robot_meta.nodes.run import run
from robot_meta.nodes.stop_devices import StopDevices
from robot_meta.nodes.supervisor import Supervisor
from robot_meta.preflight.machine import disk
from robot_meta.preflight.robot import obstacle
from robot_meta.preflight.ros import command_network
from robot_meta.robots.description import kind_of
from robot_meta.robots.guarded import Tick
from robot_meta.safety.reasons import Reason
from robot_meta.safety.state import State

OPEN = {"arm": open_arm, "legs": open_legs}
"""What opens a robot, by its kind."""

STEADY = Clock(clock_type=ClockType.STEADY_TIME)  # simulated time may stand still


class RobotNode(Node):
    """Owns driver and guard: a control thread ticks them, the executor's thread does the rest.

    Topics and services are listed in `topics.py`.
    """

    def __init__(self) -> None:
        super().__init__("robot")
        self._driven = OPEN[kind_of(given(self, "robot", RobotNodeConfig.robot))](self)
        self._config, self._robot = self._driven.config, self._driven.robot
        self._topics, own = self._driven.topics, self._config
        self._mailbox: Mailbox[Any] = Mailbox()
        timeout = own.heartbeat_timeout if own.heartbeat_required else None
        self._stop_devices = StopDevices(timeout)
        self._supervisor = Supervisor(self._robot, self._mailbox, self._stop_devices)
        self._clock_map = RobotClock(self.get_clock(), lockstep=own.lockstep)
        self._arm_pending, self._stamp = own.arm_on_start, 0.0
        period = None if own.lockstep else self._robot.spec.control_dt
        self._ticks, self._commands = (
            Monitor(row_name(self.get_namespace(), "robot", what), period)
            for what in ("tick", "command")
        )
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
        self._report = RobotReport(
            self,
            self._driven,
            self._supervisor,
            self._clock_map,
            self._loop,
            (self._ticks, self._commands),
        )
        self.create_timer(1.0, self._report.publish_figures, clock=STEADY)
        self._sent = {
            topic: self.create_publisher(kind, topic, qos.state())
            for topic, kind in self._topics.sent.items()
        }
        if own.lockstep:
            self._clock_out = self.create_publisher(ClockMsg, "/clock", qos.state())
        self._make_inputs()
        for live in self._driven.live:
            self._make_live(live)
        make = self._driven.beside
        self._beside = make(self, self._refuse_unless_armed) if make is not None else None
        self._report.publish_state()
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

    # What goes out.

    def _publish_tick(self, tick: Tick[Any, Any, Any]) -> None:
        """Send out what was measured and what was sent, all with the stamp of the measurement."""
        observation = self._clock_map.outward(tick.observation)
        commanded = self._clock_map.outward(tick.commanded)
        self._stamp = tick.observation.stamp
        self._mailbox.expect(self._stamp, observation.stamp)
        if self._config.lockstep:
            self._clock_out.publish(ClockMsg(clock=messages.time_msg(observation.stamp)))
        if tick.braked is not None:  # an arm's; the rest of the period before
            braked = self._clock_map.outward(tick.braked)
            lasts = tick.commanded.stamp - tick.braked.stamp
            names = self._robot.spec.joint_names
            self._sent["commanded"].publish(messages.commanded_msg(braked, names, lasts))
        for topic, msg in self._topics.period_msgs(observation, commanded).items():
            self._sent[topic].publish(msg)
        if self._beside is not None:
            self._beside.publish(observation.stamp)
        self._report.publish_state()

    # What comes in.

    def _make_inputs(self) -> None:
        self.create_subscription(
            self._topics.command, "command", self._on_command, qos.command_input()
        )
        for topic in self._config.stop_topics:
            heard = partial(self._on_estop, topic)
            self.create_subscription(Bool, topic, heard, qos.latched())
        self.create_subscription(UInt64, "estop_heartbeat", self._on_heartbeat, qos.newest())
        acts: dict[str, Callable[[], str]] = {
            "arm": lambda: self._not_ready() or self._supervisor.arm(time.perf_counter()),
            "hold": self._supervisor.hold,
            "estop": self._supervisor.stop,
            "recover": lambda: self._supervisor.recover(time.perf_counter()),
            "acknowledge": self._supervisor.acknowledge,
        }
        for name, request in self._driven.maneuvers.items():
            acts[name] = lambda request=request: (  # type: ignore[misc]
                self._not_ready() or self._supervisor.maneuver(time.perf_counter(), request)
            )
        for name, act in acts.items():
            self.create_service(Trigger, name, self._answer(act))
        serve_clock(self)
        self.create_timer(0.05, self._count_commanders, clock=STEADY)

    def _not_ready(self) -> str:
        """Why a real robot must not be moved yet, or ""."""
        own = self._config
        if own.simulated:
            return ""
        network = command_network(allow_open=own.allow_open_network)
        if own.estop_proof and not self._stop_devices.proven:
            return (
                "nobody has seen the software stop work since this node was started: call `estop` "
                "or press the stop device, then `recover` and `arm`"
            )
        return obstacle([network, disk()]) or self._driven.unfit()

    def _on_command(self, msg: Any) -> None:
        stamp = stamp_from(msg.header.stamp)
        unknown = self._clock_map.inward(stamp)
        command = None
        try:
            command = self._topics.command_from(msg)
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

    def _on_estop(self, topic: str, msg: Bool) -> None:
        sources = () if msg.data else publishers_of(self, topic)
        with self._loop.lock:
            if msg.data:
                self._supervisor.stop()
            refusal = self._stop_devices.say(topic, bool(msg.data), sources)
        if refusal:
            self.get_logger().warning(refusal)
        self._report.publish_state()

    def _on_heartbeat(self, msg: UInt64) -> None:
        self._stop_devices.beat(int(msg.data), time.perf_counter())

    def _answer(self, act: Callable[[], str]) -> Callable[..., Trigger.Response]:
        def answer(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            with self._loop.lock:
                refusal = act()
                response.success = not refusal
                response.message = refusal or self._supervisor.text()
            self._report.publish_state()
            return response

        return answer

    def _count_commanders(self) -> None:
        found = publishers_of(self, "command")
        with self._loop.lock:
            self._supervisor.commanders = found
            rivals = self._supervisor.rivals()
        if rivals:
            self.get_logger().warning(rivals, throttle_duration_sec=5.0)

    # Around each tick.

    def _before_tick(self) -> None:
        """Look for trouble; called by the control thread with the lock."""
        now = time.perf_counter()
        jumped = self._clock_map.jumped(self._robot.time)
        self._supervisor.look(now, clock_jumped=jumped)
        if self._arm_pending and (self._config.lockstep or self._mailbox.received):
            self._arm_pending = False
            refusal = self._supervisor.arm(now)
            if refusal:
                self.get_logger().warning(f"not armed at start: {refusal}")

    def _everybody_listens(self) -> bool:
        alone = {"task": self._topics.begin, "teleop": "commanded"}  # all that these listen to
        return all(
            {name for name in self._config.wait_for if alone.get(name, topic) == topic}
            <= {info.node_name for info in self.get_subscriptions_info_by_topic(topic)}
            for topic in self._topics.period
        )

    # What may be set later.

    def _make_live(self, live: Live) -> None:
        def apply(before: Any, now: Any) -> None:
            with self._loop.lock:
                live.apply(before, now)

        refuse = self._refuse_while_armed if live.limits else lambda: ""
        LiveConfig(self, live.config, live.prefix, apply, refuse, live.validate)

    def _refuse_while_armed(self) -> str:
        with self._loop.lock:
            if self._robot.state in (State.RUNNING, State.RECOVERY):
                return "limits are read-only while the robot is armed or moves: call `hold` first"
            return "" if self._driven.guard.at_rest else "the robot is still braking: try again"

    def _refuse_unless_armed(self) -> str:
        with self._loop.lock:
            running = self._robot.state is State.RUNNING
        return "" if running else "the robot is not armed: call `arm` first"


def main() -> int:
    """Run the node."""
    return run("robot", RobotNode)
