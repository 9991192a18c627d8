"""What the guard of the robot enforces, asked of the robot node: it alone decides on it."""

from __future__ import annotations

from collections.abc import Callable

from rcl_interfaces.srv import GetParameters
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.parameter import parameter_value_to_python
from rclpy.task import Future

from robot_meta.nodes.fields import coerced, facts, replaced
from robot_meta.safety.config import GuardConfig

FIRST, LATER = 0.1, 1.0  # how often it is asked until it has answered and from then on, [s]
WARN_EVERY = 5.0  # [s]


class GuardLimits:
    """Keeps up with the parameters `guard.*` of a robot node, which may change while it holds.

    Args:
        node: The node that asks; its executor handles the answers.
        robot: Name of the robot node, in the namespace of `node` unless it begins with "/"; empty
            to take `GuardConfig()` for granted.
        take: Called with the limits when they are first known and whenever they have changed.

    Attributes:
        known: The limits; None until the robot has answered.
    """

    def __init__(self, node: Node, robot: str, take: Callable[[GuardConfig], None]) -> None:
        self.known: GuardConfig | None = None
        self._node, self._robot, self._take = node, robot, take
        self._facts = facts(GuardConfig())
        self._asked: Future | None = None
        if not robot:
            self._accept(GuardConfig())
            return
        self._client = node.create_client(GetParameters, f"{robot}/get_parameters")
        self._timer = node.create_timer(
            FIRST, self._ask, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    def _ask(self) -> None:
        if self._asked is not None and not self._asked.done():
            if self._client.service_is_ready():
                return
            self._client.remove_pending_request(self._asked)  # the robot is gone; ask the next one
            self._asked = None
        if not self._client.service_is_ready():
            if self.known is None:
                self._node.get_logger().warning(
                    f"no node '{self._robot}' that tells the limits of its guard yet; "
                    "no plan is made without them",
                    throttle_duration_sec=WARN_EVERY,
                    skip_first=True,
                )
            return
        names = [f"guard.{fact.name}" for fact in self._facts]
        self._asked = self._client.call_async(GetParameters.Request(names=names))
        self._asked.add_done_callback(self._hear)

    def _hear(self, answer: Future) -> None:
        values = [parameter_value_to_python(value) for value in answer.result().values]
        try:
            given = zip(self._facts, values, strict=True)
            told = {fact.name: coerced(fact.kind, value) for fact, value in given}
            self._accept(replaced(GuardConfig(), told))
        except ValueError as error:
            self._node.get_logger().warning(
                f"node '{self._robot}' has no usable parameters 'guard.*': {error}",
                throttle_duration_sec=WARN_EVERY,
            )

    def _accept(self, limits: GuardConfig) -> None:
        if self.known is None and self._robot:
            self._timer.timer_period_ns = round(LATER * 1e9)
        if limits != self.known:
            self.known = limits
            self._take(limits)
