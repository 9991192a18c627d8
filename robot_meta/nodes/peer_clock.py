"""The clock of another machine, seen from here: how far it is ahead, and how sure that is.

A question sent at t₀ is answered with the other clock's time s and comes back at t₁, both on the
clock here. The other clock was at s at some moment in between, so that it is ahead by

    s − (t₀ + t₁)/2,  off by (t₁ − t₀)/2 at most.

The quickest of the newest answers counts. Source: Cristian 1989; the filter of NTP (RFC 5905).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from std_srvs.srv import Trigger

from robot_meta.collection.decoding import NANOSECONDS

SERVICE = "machine_time"  # answers with nanoseconds, as text
PERIOD = 1.0  # between two questions, [s]
DRIFT = 0.005  # of two clocks while answers are kept, [s]
STEADY = Clock(clock_type=ClockType.STEADY_TIME)


@dataclass(frozen=True)
class Offset:
    """How far another clock is ahead, and how far off that may be, [s]."""

    ahead: float
    error: float


class OffsetFilter:
    """Keeps the newest answers and believes the quickest.

    Args:
        size: How many answers count.
    """

    def __init__(self, size: int = 8) -> None:
        self._offsets: deque[Offset] = deque(maxlen=size)

    def add(self, asked: int, theirs: int, answered: int) -> None:
        """Take in an answer; all times in nanoseconds.

        One that cannot be true together with the best of the others is of a clock that was set.
        """
        twice = 2 * theirs - asked - answered
        newest = Offset(0.5 * twice / NANOSECONDS, 0.5 * (answered - asked) / NANOSECONDS)
        best = self.offset
        if best is not None and abs(newest.ahead - best.ahead) > newest.error + best.error + DRIFT:
            self._offsets.clear()
        self._offsets.append(newest)

    @property
    def offset(self) -> Offset | None:
        """The best guess; None before the first answer."""
        return min(self._offsets, key=lambda offset: offset.error, default=None)


def serve_clock(node: Node) -> None:
    """Answer other machines' questions for the time of `node`'s clock."""

    def answer(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success, response.message = True, str(node.get_clock().now().nanoseconds)
        return response

    node.create_service(Trigger, SERVICE, answer)


class PeerClock:
    """Asks for the time of another node's clock, again and again.

    Args:
        node: Who asks; its executor handles the answers.
        warn: Says that the clocks differ.
        tolerated: Difference that is not worth a word, [s].
    """

    def __init__(self, node: Node, warn: Callable[[str], None], tolerated: float = 0.05) -> None:
        self._clock, self._warn, self._tolerated = node.get_clock(), warn, tolerated
        self._filter, self._warned = OffsetFilter(), False
        self._asked: int | None = None
        self._client = node.create_client(Trigger, SERVICE)
        node.create_timer(PERIOD, self._ask, clock=STEADY)

    @property
    def offset(self) -> Offset | None:
        """How far their clock is ahead of ours."""
        return self._filter.offset

    def now(self) -> float:
        """Their time now, [s]; ours as long as nothing is known of theirs."""
        ahead = 0.0 if self.offset is None else self.offset.ahead
        return self._clock.now().nanoseconds / NANOSECONDS + ahead

    def _ask(self) -> None:
        if not self._client.service_is_ready():
            return
        asked = self._clock.now().nanoseconds
        self._asked = asked
        self._client.call_async(Trigger.Request()).add_done_callback(
            lambda future: self._on_answer(asked, future.result())
        )

    def _on_answer(self, asked: int, answer: Trigger.Response | None) -> None:
        answered = self._clock.now().nanoseconds
        if asked != self._asked or answer is None or not answer.success:
            return  # an answer to an older question
        self._filter.add(asked, int(answer.message), answered)
        now = self._filter.offset
        assert now is not None
        if abs(now.ahead) > self._tolerated and not self._warned:
            self._warned = True
            self._warn(
                f"the robot's clock is {now.ahead:+.3f} s ahead of this machine's; ages are "
                "corrected for that, but recordings of both do not match: run chrony or ntpd"
            )
