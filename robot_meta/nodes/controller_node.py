"""One command per control period from the newest state; the thinking is in `controller.py`."""

from __future__ import annotations

import dataclasses
import gc
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from diagnostic_msgs.msg import DiagnosticArray, KeyValue
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Path
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from robot_meta.build import (
    AdapterConfig,
    BuildConfig,
    Dynamics,
    build_controller,
    build_dynamics,
)
from robot_meta.collection.decoding import (
    commanded_from,
    observation_from,
    stamp_from,
    target_from,
)
from robot_meta.collection.periods import PeriodJoiner
from robot_meta.collection.serialized_path import target_from_serialized
from robot_meta.errors import RobotMetaError, StaleObservation
from robot_meta.nodes import messages, qos
from robot_meta.nodes.diagnostics import ERROR, OK, WARN, Monitor, row_name
from robot_meta.nodes.guard_limits import GuardLimits
from robot_meta.nodes.params import LiveConfig, declare_config, refuse_unknown
from robot_meta.nodes.peer_clock import PeerClock
from robot_meta.nodes.run import run
from robot_meta.safety.config import GuardConfig
from robot_meta.safety.reasons import EXPLANATIONS, Reason
from robot_meta.types import Command, Commanded, Observation, TargetPath

PERIOD_TOPICS = {
    "joint_states": JointState,
    "external_joint_torques": JointState,
    "commanded": JointTrajectory,
}  # what the robot sends at the start of each period


@dataclass(frozen=True, kw_only=True)
class ControllerNodeConfig:
    """How the controller is run.

    Attributes:
        lockstep: Whether the robot waits for every answer; then only iterations end a plan.
        adapt: False takes the static model, whatever the adapter is.
        max_age: Oldest state that is answered in real time, [s].
        margin: Of each period, kept for sending the command, [s].
        limits_of: Robot node that tells what its guard enforces; empty to take the defaults of the
            parameters `guard.*` for granted.
        build: What the controller is made of.
    """

    lockstep: bool = False
    adapt: bool = True
    max_age: float = 0.1
    margin: float = 0.004
    limits_of: str = "robot"
    build: BuildConfig = field(default_factory=BuildConfig)

    def __post_init__(self) -> None:
        if not (self.max_age > 0.0 and self.margin >= 0.0):
            raise ValueError(
                f"want max_age > 0 and margin >= 0, got {self.max_age} and {self.margin}"
            )


def declare(node: Node) -> ControllerNodeConfig:
    """The node's parameters; those of robot, planner and reward have no prefix."""
    own = declare_config(node, ControllerNodeConfig(), skip=("build",))
    build = declare_config(node, BuildConfig(), skip=("controller", "guard", "adapter"))
    adapter = declare_config(node, build.adapter, "adapter.", live=True)
    controller = declare_config(node, build.controller)
    build = dataclasses.replace(build, adapter=adapter, controller=controller)
    return dataclasses.replace(own, build=build)


class ControllerNode(Node):
    """Answers every state of the robot with a command.

    Subscribes: joint_states, external_joint_torques, commanded, target, target_pose.
    Publishes: command (JointTrajectory), adaptation and /diagnostics (DiagnosticArray),
        controller_state (String).
    Serves: resume (Trigger).
    """

    def __init__(self) -> None:
        super().__init__("controller")
        self._config = declare(self)
        refuse_unknown(self)
        torch.set_num_threads(1)  # the plan's threads are its own (planning/parallel.py)
        if not self._config.lockstep:
            rehearse(self._with(self._config.build.adapter))
        self._controller = build_controller(self._with(self._config.build.adapter))
        self._next_dynamics: Dynamics | None = None
        spec = self._controller.embodiment.spec
        self._names, self._period = spec.joint_names, spec.control_dt
        self._joiner = PeriodJoiner(PERIOD_TOPICS)
        self._newest: list[Any] | None = None  # messages of the newest period, not yet answered
        self._answer: tuple[float, JointTrajectory] | None = None
        self._missed_deadlines = 0
        self._row = row_name(self.get_namespace(), "controller", "adaptation")
        self._monitor = Monitor(
            row_name(self.get_namespace(), "controller", "tick"),
            None if self._config.lockstep else self._period,
        )

        self._command = self.create_publisher(
            JointTrajectory,
            "command",
            qos.command(self._period, lockstep=self._config.lockstep),
            event_callbacks=PublisherEventCallbacks(deadline=self._on_deadline_missed),
        )
        self._adaptation = self.create_publisher(DiagnosticArray, "adaptation", qos.state())
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", qos.state())
        self._inputs = {
            topic: self.create_subscription(
                kind, topic, partial(self._on_part, topic), qos.periods()
            )
            for topic, kind in PERIOD_TOPICS.items()
        }
        self.create_subscription(Path, "target", self._on_target, qos.latched(), raw=True)
        self.create_subscription(PoseStamped, "target_pose", self._on_target, qos.newest())
        self.create_timer(
            1.0, self._publish_diagnostics, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self._robot_clock = PeerClock(self, self.get_logger().warning)
        self._limits = GuardLimits(self, self._config.limits_of, self._on_limits)
        self._state = self.create_publisher(String, "controller_state", qos.latched())
        self._state_text = ""
        self._publish_state()
        self.create_service(Trigger, "resume", self._on_resume)
        LiveConfig(
            self,
            self._config.build.adapter,
            "adapter.",
            self._set_adapter,
            validate=self._prepare_adapter,
        )
        gc.freeze()  # what was loaded lives as long as the node: nothing there to collect
        self.get_logger().info(
            f"{spec.name} with adapter '{self._with(self._config.build.adapter).adapter.kind}', "
            f"{'lockstep' if self._config.lockstep else 'real time'}; waiting for a target"
        )

    def _with(self, adapter: AdapterConfig) -> BuildConfig:
        """What the controller is made of with that adapter, or with none if it shall not adapt."""
        if not self._config.adapt:
            adapter = dataclasses.replace(adapter, kind="none")
        return dataclasses.replace(self._config.build, adapter=adapter)

    def _prepare_adapter(self, adapter: AdapterConfig) -> None:
        """Load what a new adapter needs; what fails here refuses the parameter."""
        try:
            self._next_dynamics = build_dynamics(self._with(adapter))
        except RobotMetaError as error:
            raise ValueError(str(error)) from None

    def _set_adapter(self, before: AdapterConfig, adapter: AdapterConfig) -> None:
        assert self._next_dynamics is not None
        self._controller.set_dynamics(*self._next_dynamics)
        self._next_dynamics = None
        self.get_logger().info(f"adapter is now '{self._with(adapter).adapter.kind}'")

    def _on_resume(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self._controller.cannot_adapt
        response.message = "" if response.success else "nothing to resume: the controller tracks"
        self._controller.resume()
        self._publish_state()
        return response

    def _publish_state(self) -> None:
        text = f"HOLD {Reason.CANNOT_ADAPT}" if self._controller.cannot_adapt else "TRACKING"
        if text == self._state_text:
            return
        self._state_text = text
        self._state.publish(String(data=text))
        if self._controller.cannot_adapt:
            about = EXPLANATIONS[Reason.CANNOT_ADAPT]
            self.get_logger().error(f"{text}: {about.meaning} {about.remedy}")

    def _on_target(self, msg: bytes | PoseStamped) -> None:
        """A path comes serialized: making an object of every pose takes longer than a period."""
        try:
            target = target_from_serialized(msg) if isinstance(msg, bytes) else target_from(msg)
            self._controller.set_target(target)
        except ValueError as error:
            self.get_logger().warning(f"target refused: {error}")
            return
        self._answer_newest(time.perf_counter())

    def _on_limits(self, limits: GuardConfig) -> None:
        self._controller.embodiment.set_guard(limits)
        self._answer_newest(time.perf_counter())

    def _on_part(self, topic: str, msg: Any) -> None:
        arrival = time.perf_counter()
        self._take_in(topic, msg)
        for name, subscription in self._inputs.items():  # what came while the last plan was made
            with subscription.handle:
                while taken := subscription.handle.take_message(subscription.msg_type, False):
                    self._take_in(name, taken[0])
        self._answer_newest(arrival)

    def _take_in(self, topic: str, msg: Any) -> None:
        """Put `msg` to its period; a period that a later one overtakes is only learned from."""
        if self._answer is not None and stamp_from(msg.header.stamp) == self._answer[0]:
            if self._config.lockstep and topic == "commanded":
                self._command.publish(self._answer[1])  # the robot waits: the answer was lost
            return
        parts = self._joiner.put(topic, msg)
        if parts is None:
            return
        overtaken, self._newest = self._newest, parts
        if overtaken is not None:
            try:
                self._controller.observe(*self._decoded(overtaken))
            except (RobotMetaError, ValueError) as error:
                self.get_logger().warning(str(error), throttle_duration_sec=1.0)

    def _decoded(self, parts: list[Any]) -> tuple[Observation, Commanded]:
        state, external, commanded = parts
        return (
            observation_from(state, external, self._names),
            commanded_from(commanded, self._names),
        )

    def _answer_newest(self, arrival: float) -> None:
        """Act on the newest period, once all of it is there and nothing of a later one."""
        if self._newest is None or self._joiner.incomplete:
            return
        if self._config.lockstep and not self._can_plan():
            return
        parts, self._newest = self._newest, None
        stamp = stamp_from(parts[0].header.stamp)
        try:
            self._notice_restart(stamp)
            msg = self._command_msg(*self._decoded(parts), arrival)
        except (RobotMetaError, ValueError) as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)
            if not self._config.lockstep:
                return  # silence: the guard holds
            msg = messages.no_command_msg(stamp)
        self._command.publish(msg)
        self._answer = stamp, msg
        self._after(stamp, arrival)

    def _can_plan(self) -> bool:
        return self._controller.target is not None and self._limits.known is not None

    def _notice_restart(self, stamp: float) -> None:
        """Start anew when time went backwards."""
        if self._answer is not None and stamp < self._answer[0]:
            self.get_logger().warning("robot time went backwards: a new episode begins")
            self._controller.reset()

    def _command_msg(
        self, observation: Observation, commanded: Commanded, arrival: float
    ) -> JointTrajectory:
        """What to answer; a period that is too old to act on in real time is only learned from."""
        command: Command
        if self._config.lockstep:
            command = self._controller.act(observation, commanded)
            return messages.command_msg(command, self._names, self._period)
        age = self._age(observation.stamp)
        used = max(time.perf_counter() - arrival, age)  # of the period, on the way and here
        deadline = time.perf_counter() + self._period - self._config.margin - used
        if abs(age) > self._config.max_age:
            self._controller.observe(observation, commanded)
            raise StaleObservation(age, self._config.max_age)
        if not self._can_plan():
            self._controller.observe(observation, commanded)
            command = self._controller.hold(observation, commanded)
        else:
            command = self._controller.act(
                observation, commanded, lambda: time.perf_counter() > deadline
            )
        return messages.command_msg(command, self._names, self._period)

    def _age(self, stamp: float) -> float:
        """How long ago `stamp` was by the robot's clock, [s]."""
        return self._robot_clock.now() - stamp

    def _after(self, stamp: float, arrival: float) -> None:
        """Figures of the tick that was just answered."""
        now = time.perf_counter()
        age = None if self._config.lockstep else self._age(stamp)
        self._monitor.tick(arrival, duration=now - arrival, age=age)
        slack = self._period - (now - arrival)
        figures = {
            **self._controller.diagnostics(),
            "tick_ms": 1e3 * (now - arrival),
            "slack_ms": 1e3 * slack,
            "age_ms": 1e3 * age if age is not None else 0.0,
        }
        level, text = (OK, "adapting") if not figures.get("contact") else (WARN, "contact: frozen")
        if self._controller.cannot_adapt:
            level, text = ERROR, f"{Reason.CANNOT_ADAPT}: holding"
        self._publish_state()
        status = messages.status_msg(self._row, level, text, figures)
        self._adaptation.publish(messages.diagnostics_msg(stamp, [status]))

    def _on_deadline_missed(self, event: Any) -> None:
        self._missed_deadlines = int(event.total_count)

    def _publish_diagnostics(self) -> None:
        status = self._monitor.status(time.perf_counter())
        if not self._config.lockstep:
            status.values.append(
                KeyValue(key="missed_deadlines", value=str(self._missed_deadlines))
            )
            if (offset := self._robot_clock.offset) is not None:
                status.values += [
                    KeyValue(key="robot_clock_ahead_ms", value=f"{1e3 * offset.ahead:.3f}"),
                    KeyValue(key="robot_clock_error_ms", value=f"{1e3 * offset.error:.3f}"),
                ]
        now = self.get_clock().now().nanoseconds * 1e-9
        self._diagnostics.publish(messages.diagnostics_msg(now, [status]))


def rehearse(config: BuildConfig) -> None:
    """Make one plan for nobody: the first of a process takes several times as long as the others.

    The guard does not wait that long for a command.
    """
    controller = build_controller(config)
    spec, home = controller.embodiment.spec, controller.embodiment.spec.home
    still = np.zeros(spec.num_joints)
    controller.set_target(TargetPath(stamp=np.zeros(1), position=np.full((1, 3), 0.5)))
    controller.act(
        Observation(stamp=0.0, position=home, velocity=still, torque=still, external_torque=still),
        Commanded(
            stamp=0.0,
            position=np.stack([home, home]),
            velocity=np.stack([still, still]),
            altered=False,
            reason="",
        ),
    )


def main() -> int:
    """Run the node."""
    return run("controller", ControllerNode)
