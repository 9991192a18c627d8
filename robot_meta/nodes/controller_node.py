"""One command per control period from the newest state; the thinking is in `controller.py`."""

from __future__ import annotations

import dataclasses
import gc
import time
from dataclasses import dataclass, field
from typing import Any

import torch
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Path
from rclpy.node import Node
from std_srvs.srv import Trigger

from robot_meta.build import (
    AdapterConfig,
    BuildConfig,
    Dynamics,
    build_controller,
    build_dynamics,
)
from robot_meta.collection.decoding import stamp_from
from robot_meta.errors import RobotMetaError, StaleObservation
from robot_meta.nodes import qos
from robot_meta.nodes.controller_report import ControllerReport
from robot_meta.nodes.guard_limits import GuardLimits
from robot_meta.nodes.params import LiveConfig, declare_config, refuse_unknown
from robot_meta.nodes.peer_clock import PeerClock
from robot_meta.nodes.period_inputs import PeriodInputs
from robot_meta.nodes.robot_topics import RobotTopics, topics_of
from robot_meta.nodes.run import run
from robot_meta.safety.config import GuardConfig


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

    Subscribes: what the robot sends of every period (see `RobotTopics`), target, target_pose.
    Publishes: command, adaptation and /diagnostics (DiagnosticArray), controller_state (String).
    Serves: resume (Trigger).
    """

    def __init__(self) -> None:
        super().__init__("controller")
        self._config = declare(self)
        refuse_unknown(self)
        torch.set_num_threads(1)  # the plan's threads are its own (planning/parallel.py)
        config = self._with(self._config.build.adapter)
        self._topics = topics_of(config.robot, config.cell)
        if not self._config.lockstep:
            rehearse(config, self._topics)
        self._controller = build_controller(config)
        self._next_dynamics: Dynamics | None = None
        self._period = self._controller.embodiment.control_dt
        self._answer: Any = None  # the newest
        self._robot_clock = PeerClock(self, self.get_logger().warning)
        self._report = ControllerReport(
            self, self._controller, self._robot_clock, lockstep=self._config.lockstep
        )
        self._command = self.create_publisher(
            self._topics.command,
            "command",
            qos.command(self._period, lockstep=self._config.lockstep),
            event_callbacks=self._report.events,
        )
        self._limits: GuardLimits | None = None
        self._inputs = PeriodInputs(
            self,
            self._topics,
            repeated=self._repeat,
            overtaken=self._learn,
            ready=self._answer_newest,
        )
        self.create_subscription(Path, "target", self._on_target, qos.latched(), raw=True)
        self.create_subscription(PoseStamped, "target_pose", self._on_target, qos.newest())
        if self._topics.asks_limits:
            self._limits = GuardLimits(self, self._config.limits_of, self._on_limits)
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
            f"{config.robot} with adapter '{config.adapter.kind}', "
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
        self._report.publish_state()
        return response

    def _on_target(self, msg: bytes | PoseStamped) -> None:
        """A path comes serialized: making an object of every pose takes longer than a period."""
        try:
            self._controller.set_target(self._topics.target_from(msg))
        except ValueError as error:
            self.get_logger().warning(f"target refused: {error}")
            return
        self._answer_newest(time.perf_counter())

    def _on_limits(self, limits: GuardConfig) -> None:
        embodiment: Any = self._controller.embodiment
        embodiment.set_guard(limits)
        self._answer_newest(time.perf_counter())

    def _repeat(self) -> None:
        """The robot sent again what was answered: in lockstep it waits, the answer was lost."""
        if self._config.lockstep:
            self._command.publish(self._answer)

    def _learn(self, parts: list[Any]) -> None:
        """Take in a period that nobody will answer any more."""
        try:
            self._controller.observe(*self._topics.step_from(parts))
        except (RobotMetaError, ValueError) as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)

    def _answer_newest(self, arrival: float) -> None:
        """Act on the newest period."""
        if self._config.lockstep and not self._can_plan():
            return
        parts = self._inputs.take()
        if parts is None:
            return
        stamp = stamp_from(parts[0].header.stamp)
        try:
            self._notice_restart(stamp)
            msg = self._command_msg(*self._topics.step_from(parts), arrival)
        except (RobotMetaError, ValueError) as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)
            if not self._config.lockstep:
                return  # silence: the guard holds
            msg = self._topics.no_command_msg(stamp)
        self._command.publish(msg)
        self._answer, self._inputs.answered = msg, stamp
        self._report.answered(stamp, arrival)

    def _can_plan(self) -> bool:
        known = self._limits is None or self._limits.known is not None
        return self._controller.target is not None and known

    def _notice_restart(self, stamp: float) -> None:
        """Start anew when time went backwards."""
        if self._inputs.answered is not None and stamp < self._inputs.answered:
            self.get_logger().warning("robot time went backwards: a new episode begins")
            self._controller.reset()

    def _command_msg(self, observation: Any, commanded: Any, arrival: float) -> Any:
        """What to answer; a period that is too old to act on in real time is only learned from."""
        controller = self._controller
        if self._config.lockstep:
            return self._topics.command_msg(controller.act(observation, commanded))
        age = self._robot_clock.now() - observation.stamp
        used = max(time.perf_counter() - arrival, age)  # of the period, on the way and here
        deadline = time.perf_counter() + self._period - self._config.margin - used
        if abs(age) > self._config.max_age:
            controller.observe(observation, commanded)
            raise StaleObservation(age, self._config.max_age)
        if not self._can_plan():
            controller.observe(observation, commanded)
            return self._topics.command_msg(controller.hold(observation, commanded))
        return self._topics.command_msg(
            controller.act(observation, commanded, lambda: time.perf_counter() > deadline)
        )


def rehearse(config: BuildConfig, topics: RobotTopics) -> None:
    """Make one plan for nobody: the first of a process takes several times as long as the others.

    The guard does not wait that long for a command.
    """
    controller = build_controller(config)
    observation, commanded, target = topics.at_rest()
    controller.set_target(target)
    controller.act(observation, commanded)


def main() -> int:
    """Run the node."""
    return run("controller", ControllerNode)
