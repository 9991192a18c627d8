"""What the robot node tells of itself on `state` and /diagnostics."""

from __future__ import annotations

import dataclasses
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from std_msgs.msg import String

from robot_meta.errors import NotConnected
from robot_meta.nodes import messages, qos
from robot_meta.nodes.clock import RobotClock
from robot_meta.nodes.diagnostics import ERROR, OK, Monitor, row_name
from robot_meta.nodes.driven import Driven
from robot_meta.nodes.guard_rows import change_row, guard_row, log_row
from robot_meta.nodes.robot_loop import RobotLoop
from robot_meta.nodes.supervisor import Supervisor
from robot_meta.safety.life import Transition


class RobotReport:
    """Publishes `state` when it changes, every change of it, and the figures when asked.

    Args:
        node: The robot node.
        driven: What it drives.
        supervisor: What decides on state.
        clock: From the robot's clock to the node's.
        loop: The control thread.
        monitors: Of loops and callbacks.
    """

    def __init__(
        self,
        node: Node,
        driven: Driven,
        supervisor: Supervisor,
        clock: RobotClock,
        loop: RobotLoop,
        monitors: tuple[Monitor, ...],
    ) -> None:
        self._node, self._driven, self._supervisor = node, driven, supervisor
        self._clock, self._loop, self._monitors = clock, loop, monitors
        self._text, self._told = "", 0
        self._state = node.create_publisher(String, "state", qos.latched())
        self._diagnostics = node.create_publisher(DiagnosticArray, "/diagnostics", qos.state())

    def publish_state(self) -> None:
        """Tell of state and reason, and of every change, if there was one since the last call."""
        with self._loop.lock:
            text = self._supervisor.text()
            if text != self._text:
                self._text = text
                self._state.publish(String(data=text))
                self._node.get_logger().info(text)
            for step in self._driven.guard.life.log:
                if step.number > self._told:
                    self._told = step.number
                    self._publish_change(self._clock.outward(step))

    def publish_figures(self) -> None:
        """Rates and ages, what the guard did, how body and driver stand."""
        now = time.perf_counter()
        rows = [monitor.status(now) for monitor in self._monitors]
        rows += self._life_rows()
        if self._driven.body is not None:
            rows.append(self._body_row())
        rows += self._driver_rows()
        stamp = self._node.get_clock().now().nanoseconds * 1e-9
        self._diagnostics.publish(messages.diagnostics_msg(stamp, rows))

    def _publish_change(self, step: Transition) -> None:
        row = change_row(self._row("change"), step)
        self._diagnostics.publish(messages.diagnostics_msg(step.stamp, [row]))

    def _life_rows(self) -> list[DiagnosticStatus]:
        with self._loop.lock:
            guard = self._driven.guard
            log = [self._clock.outward(step) for step in guard.life.log]
            text, stalls = self._supervisor.text(), self._loop.stalls
            row = guard_row(self._row("guard"), guard, text, stalls)
        return [row, log_row(self._row("log"), log)]

    def _driver_rows(self) -> list[DiagnosticStatus]:
        """What the driver of a real robot knows of its connection."""
        figures = getattr(self._driven.driver, "figures", None)
        if figures is None:
            return []
        try:
            return [messages.status_msg(self._row("driver"), OK, "connected", figures())]
        except NotConnected as error:
            return [messages.status_msg(self._row("driver"), ERROR, str(error), {})]

    def _body_row(self) -> DiagnosticStatus:
        assert self._driven.body is not None
        with self._loop.lock:
            body = self._driven.body()
        values = {
            name: " ".join(map(str, value)) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(body).items()
        }
        text = ", ".join(body.differences()) or "nominal"
        return messages.status_msg(self._row("body"), OK, text, values)

    def _row(self, what: str) -> str:
        return row_name(self._node.get_namespace(), "robot", what)
