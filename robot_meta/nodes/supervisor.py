"""What may arm the robot and what stops it, apart from the motion itself.

The guard judges motion. This judges who commands, whether the stop device is there, whether clocks
can be trusted. No ROS inside; the node tells it what it hears.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from robot_meta.nodes.mailbox import Mailbox
from robot_meta.nodes.stop_devices import StopDevices
from robot_meta.robots.guarded import GuardedDriver
from robot_meta.safety.reasons import Reason
from robot_meta.safety.state import Answer, State

SECOND_COMMANDER = "SECOND_COMMANDER"


class Supervisor:
    """Decides on what people and rules ask for; the caller holds the lock of the robot.

    Args:
        robot: The robot behind its guard.
        mailbox: Where commands come in.
        stop_devices: What is known of the stop devices.

    Attributes:
        commanders: Full names of the nodes that publish commands.
    """

    def __init__(
        self,
        robot: GuardedDriver[Any, Any, Any, Any],
        mailbox: Mailbox[Any],
        stop_devices: StopDevices,
    ) -> None:
        self._robot, self._mailbox, self._stop_devices = robot, mailbox, stop_devices
        self.commanders: Sequence[str] = ()

    def arm(self, now: float) -> str:
        """HOLD to RUNNING; why not, or "".

        Args:
            now: Steady clock, [s].
        """
        return self._stop_devices.trouble(now) or self.rivals() or _refusal(self._robot.arm)

    def recover(self, now: float) -> str:
        """INACTIVE or ESTOP to HOLD; why not, or ""."""
        return self._stop_devices.trouble(now) or _refusal(self._robot.recover)

    def acknowledge(self) -> str:
        """Let `recover` work again after too many reflexes; why not, or ""."""
        return _refusal(self._robot.acknowledge)

    def maneuver(self, now: float, request: Callable[[], Answer]) -> str:
        """HOLD to RECOVERY, on a way that the guard plans, such as `home`; why not, or ""."""
        return self._stop_devices.trouble(now) or _refusal(request)

    def hold(self, reason: str = Reason.OPERATOR) -> str:
        """RUNNING or RECOVERY to HOLD."""
        self._robot.hold(reason)
        return ""

    def refuse(self, reason: str) -> None:
        """RUNNING to HOLD, because of what a commander sends; elsewhere commands do not count."""
        if self._robot.state is State.RUNNING:
            self._robot.hold(reason)

    def stop(self, reason: str = Reason.ESTOP) -> str:
        """Any state to ESTOP."""
        self._stop_devices.proven = True
        self._robot.stop(reason)
        return ""

    def text(self) -> str:
        """State and reason, such as "HOLD COMMAND_SILENCE"."""
        return f"{self._robot.state.name} {self._robot.reason}".strip()

    def look(self, now: float, *, clock_jumped: bool) -> None:
        """Look for trouble before a tick.

        Args:
            now: Steady clock, [s].
            clock_jumped: Whether the clock that stamps come from jumped since the last tick.
        """
        if not self._stop_devices.alive(now):
            self._robot.stop(Reason.HEARTBEAT_LOST)
        if clock_jumped:
            self._robot.hold(Reason.CLOCK_JUMP)
        contradictions = self._mailbox.conflicts()
        if self.rivals() or contradictions:
            self.refuse(SECOND_COMMANDER)

    def rivals(self) -> str:
        """Who commands besides each other, or "" where there is one commander at most."""
        if len(set(self.commanders)) < 2:
            return ""
        return f"several nodes publish commands: {', '.join(sorted(set(self.commanders)))}"


def _refusal(request: Callable[[], Answer]) -> str:
    """Make a request; why it was not granted, or ""."""
    answer = request()
    return "" if answer else answer.message
