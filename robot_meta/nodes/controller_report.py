"""What the controller node tells of itself on `controller_state`, `adaptation`, /diagnostics."""

from __future__ import annotations

import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, KeyValue
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.node import Node
from std_msgs.msg import String

from robot_meta.controller import Controller
from robot_meta.nodes import messages, qos
from robot_meta.nodes.diagnostics import ERROR, OK, WARN, Monitor, row_name
from robot_meta.nodes.peer_clock import PeerClock
from robot_meta.safety.reasons import EXPLANATIONS, Reason


class ControllerReport:
    """Publishes figures of every tick, and rates once a second.

    Args:
        node: The controller node.
        controller: What does the thinking.
        robot_clock: The robot's clock, for ages.
        lockstep: Whether the robot waits for every answer, so that ages mean nothing.

    Attributes:
        events: For the publisher of commands: deadlines that it missed are counted.
    """

    def __init__(
        self,
        node: Node,
        controller: Controller[Any, Any, Any, Any],
        robot_clock: PeerClock,
        *,
        lockstep: bool,
    ) -> None:
        self._node, self._controller, self._robot_clock = node, controller, robot_clock
        self._lockstep, self._period = lockstep, controller.embodiment.control_dt
        self._missed_deadlines, self._text = 0, ""
        self.events = PublisherEventCallbacks(deadline=self._on_deadline_missed)
        namespace = node.get_namespace()
        self._row = row_name(namespace, "controller", "adaptation")
        period = None if lockstep else self._period
        self._monitor = Monitor(row_name(namespace, "controller", "tick"), period)
        self._adaptation = node.create_publisher(DiagnosticArray, "adaptation", qos.state())
        self._diagnostics = node.create_publisher(DiagnosticArray, "/diagnostics", qos.state())
        self._state = node.create_publisher(String, "controller_state", qos.latched())
        node.create_timer(1.0, self._publish_rates, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.publish_state()

    def publish_state(self) -> None:
        """Tell whether it tracks or holds, if that has changed."""
        stuck = self._controller.cannot_adapt
        text = f"HOLD {Reason.CANNOT_ADAPT}" if stuck else "TRACKING"
        if text == self._text:
            return
        self._text = text
        self._state.publish(String(data=text))
        if stuck:
            about = EXPLANATIONS[Reason.CANNOT_ADAPT]
            self._node.get_logger().error(f"{text}: {about.meaning} {about.remedy}")

    def answered(self, stamp: float, arrival: float) -> None:
        """Tell of the tick that was just answered.

        Args:
            stamp: Of its period, [s].
            arrival: When that was complete, [s] of `perf_counter`.
        """
        now = time.perf_counter()
        age = None if self._lockstep else self._robot_clock.now() - stamp
        self._monitor.tick(arrival, duration=now - arrival, age=age)
        figures = {
            **self._controller.diagnostics(),
            "tick_ms": 1e3 * (now - arrival),
            "slack_ms": 1e3 * (self._period - (now - arrival)),
            "age_ms": 1e3 * age if age is not None else 0.0,
        }
        level, text = (OK, "adapting") if not figures.get("contact") else (WARN, "contact: frozen")
        if self._controller.cannot_adapt:
            level, text = ERROR, f"{Reason.CANNOT_ADAPT}: holding"
        self.publish_state()
        status = messages.status_msg(self._row, level, text, figures)
        self._adaptation.publish(messages.diagnostics_msg(stamp, [status]))

    def _on_deadline_missed(self, event: Any) -> None:
        self._missed_deadlines = int(event.total_count)

    def _publish_rates(self) -> None:
        status = self._monitor.status(time.perf_counter())
        if not self._lockstep:
            status.values.append(
                KeyValue(key="missed_deadlines", value=str(self._missed_deadlines))
            )
            if (offset := self._robot_clock.offset) is not None:
                status.values += [
                    KeyValue(key="robot_clock_ahead_ms", value=f"{1e3 * offset.ahead:.3f}"),
                    KeyValue(key="robot_clock_error_ms", value=f"{1e3 * offset.error:.3f}"),
                ]
        now = self._node.get_clock().now().nanoseconds * 1e-9
        self._diagnostics.publish(messages.diagnostics_msg(now, [status]))
